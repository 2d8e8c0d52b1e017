"""Figure of KernelSHAP's superpixels, and of its error and time against the number of samples."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from lookalike.core.types import Row
from lookalike.plots.style import ACCENT, CHANCE, PALETTE

# Images that are shown.
MOST_IMAGES = 2


def errors_and_times(
    rows: Sequence[Row],
    runs: Sequence[Row],
    line: Mapping[str, float],
    wanted: float,
    images: np.ndarray,
    labels: Sequence[np.ndarray],
    *,
    title: str,
) -> Figure:
    """Draw error and time against the number of samples, next to the images with superpixels.

    Parameters
    ----------
    rows, runs, line
        As of `studies.kernelshap_samples`: `summarise`, `with_distances` and `fit_time`.
    wanted : float
        Relative error that is wanted.
    images : ndarray, shape (n, H, W, 3), uint8
    labels : list of ndarray, shape (H, W)
        Superpixel of each pixel.
    title : str
    """
    shown = min(len(images), MOST_IMAGES)
    figure = Figure(figsize=(10.5, 3.9), layout="constrained")
    figure.suptitle(title, fontsize=10)
    grid = figure.add_gridspec(shown, 3, width_ratios=(0.9 if shown == 1 else 0.5, 1, 1))
    for place in range(shown):
        axes = figure.add_subplot(grid[place, 0])
        axes.imshow(images[place])
        own = labels[place]
        borders = np.arange(own.max()) + 0.5
        axes.contour(own, levels=borders, colors=PALETTE[6], linewidths=0.5)
        axes.set(xticks=[], yticks=[])
        axes.set_title(f"{own.max() + 1} superpixels", fontsize=8)
    axes = figure.add_subplot(grid[:, 1])
    samples = np.array([row["samples"] for row in rows])
    distance, low, high = (
        np.array([row[name] for row in rows])
        for name in ("distance", "distance_low", "distance_high")
    )
    bars = np.nan_to_num([distance - low, high - distance])
    axes.errorbar(
        samples, distance, bars, fmt="s-", ms=4, color=PALETTE[2], label="distance to the longest"
    )
    for name, style, colour, text in (
        ("between_seeds", "o-", ACCENT, "between seeds"),
        ("reported", "^--", PALETTE[3], "reported by runs"),
    ):
        axes.plot(samples, [row[name] for row in rows], style, ms=4, color=colour, label=text)
    axes.axhline(wanted, color=CHANCE, lw=1, ls=":", label=f"wanted: {wanted:.0%}")
    axes.set(xlabel="samples", ylabel="relative error", ylim=(0, None))
    axes.legend(frameon=False, fontsize=8)
    axes = figure.add_subplot(grid[:, 2])
    points = np.array([[run["samples"], run["seconds"]] for run in runs])
    axes.plot(*points.T, "o", ms=3, color=ACCENT, alpha=0.5)
    if np.isfinite(line["slope"]):
        axes.plot(samples, line["start"] + line["slope"] * samples, color="0.4", lw=1)
        axes.set_title(
            f"{line['start']:.2g} s + {1000 * line['slope']:.3g} ms a sample", fontsize=8
        )
    axes.set(xlabel="samples", ylabel="seconds for an image", ylim=(0, None))
    return figure
