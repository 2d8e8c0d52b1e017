"""How many samples does KernelSHAP need? Runs of growing length, several seeds each."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.seeding import seed_of
from lookalike.core.types import Row
from lookalike.inference.significance import LEVEL
from lookalike.methods.kernelshap import kernelshap, superpixels

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel

RUN_COLUMNS = ("image", "segments", "samples", "seed", "seconds", "standard_error", "distance")
COLUMNS = (
    "samples",
    "images",
    "runs",
    "between_seeds",
    "reported",
    "distance",
    "distance_low",
    "distance_high",
    "seconds",
    "untested",
)
TOO_FEW = "too few coalitions to determine the value of every segment"
EXACT = "all coalitions are used, so that values are exact"
# Runs that the time of a first call, which is longer, is not part of.
WARM_UP = 4


def run_all(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    names: Sequence[str],
    *,
    samples: Sequence[int],
    seeds: int,
    seed: int,
    segments: int,
    baseline: str,
) -> Iterator[Row]:
    """Explain each image with each number of samples and each seed.

    Parameters
    ----------
    model : VisionModel
    images : Tensor, shape (n, 3, H, W)
    targets : Tensor, shape (n,)
    names : list of str
        Of the images.
    samples : list of int
    seeds : int
        Runs of each length.
    seed : int
        The config's.
    segments, baseline
        As for `kernelshap`.

    Yields
    ------
    dict
        `image`, true number of `segments`, `samples`, `seed` (its number), `seconds`,
        `standard_error` as the run reports it, and `values`, ndarray (segments,).
    """
    options = {"segments": segments, "baseline": baseline}
    kernelshap(model, images[:1], targets[:1], [0], samples=WARM_UP, **options)
    for place, name in enumerate(names):
        one = slice(place, place + 1)
        labels = superpixels(images[place].permute(1, 2, 0).cpu().numpy(), segments)
        first = np.unique(labels, return_index=True)[1]
        for count in samples:
            for number in range(seeds):
                start = time.perf_counter()
                maps, about = kernelshap(
                    model,
                    images[one],
                    targets[one],
                    [seed_of(seed, "kernelshap_samples", name, count, number)],
                    samples=count,
                    **options,
                )
                yield {
                    "image": name,
                    "segments": int(about["segments"][0]),
                    "samples": count,
                    "seed": number,
                    "seconds": time.perf_counter() - start,
                    "standard_error": float(about["standard_error"][0]),
                    "values": maps[0].ravel()[first].astype(float),
                }


def with_distances(runs: Sequence[Row]) -> list[Row]:
    """Add to each run `distance`: how far its values are from the mean of the longest runs of the
    image, less the run itself, as a share of the root mean square of these. With `size`, that root
    mean square.
    """
    longest = max(run["samples"] for run in runs)
    found = []
    for run in runs:
        others = [
            one["values"]
            for one in runs
            if one["image"] == run["image"] and one["samples"] == longest and one is not run
        ]
        reference = np.mean(others, axis=0) if others else np.full_like(run["values"], np.nan)
        size = float(np.sqrt(np.mean(reference**2)))
        away = float(np.sqrt(np.mean((run["values"] - reference) ** 2)))
        found.append({**run, "size": size, "distance": away / size if size else np.nan})
    return found


def summarise(runs: Sequence[Row]) -> list[Row]:
    """Summarise the runs of each length.

    Parameters
    ----------
    runs : list of dict
        Of `with_distances`.

    Returns
    -------
    list of dict
        With `COLUMNS`, by number of samples, all errors as shares of the values' root mean square:
        `between_seeds`, the standard deviation of a value between seeds; `reported`, the standard
        error that runs report; `distance` to the longest runs with its 95% interval over runs
        (Student's t); `seconds` of a run. `untested`: why the error says nothing, or empty.
    """
    from scipy.special import stdtrit

    rows = []
    for count in sorted({run["samples"] for run in runs}):
        own = [run for run in runs if run["samples"] == count]
        names = list(dict.fromkeys(run["image"] for run in own))
        variances = []
        for name in names:
            group = [run for run in own if run["image"] == name]
            values = np.array([run["values"] for run in group])
            spread = values.var(axis=0, ddof=1).mean() if len(values) > 1 else np.nan
            variances.append(spread / group[0]["size"] ** 2)
        reported = np.mean([(run["standard_error"] / run["size"]) ** 2 for run in own])
        distances = np.array([run["distance"] for run in own])
        half = np.nan
        if len(own) > 1:
            half = float(stdtrit(len(own) - 1, 1 - LEVEL / 2))
            half *= distances.std(ddof=1) / np.sqrt(len(own))
        untested = TOO_FEW if np.isnan(reported) else EXACT if reported == 0 else ""
        rows.append(
            {
                "samples": count,
                "images": len(names),
                "runs": len(own),
                "between_seeds": float(np.sqrt(np.mean(variances))),
                "reported": float(np.sqrt(reported)),
                "distance": float(distances.mean()),
                "distance_low": float(np.maximum(distances.mean() - half, 0)),
                "distance_high": float(distances.mean() + half),
                "seconds": float(np.mean([run["seconds"] for run in own])),
                "untested": untested,
            }
        )
    return rows


def needed_samples(rows: Sequence[Row], wanted: float) -> Row:
    """Return how many samples a wanted relative error takes: errors fall with their square root, as
    long as these are few of all coalitions.

    Parameters
    ----------
    rows : list of dict
        Of `summarise`.
    wanted : float
        Standard deviation of a value between seeds, as a share of the values' root mean square.

    Returns
    -------
    dict
        `needed` with its 95% interval, from the numbers of samples that were run (Student's t on
        the logarithm); NaN where there are none that tell.
    """
    from scipy.special import stdtrit

    used = [row for row in rows if not row["untested"] and row["between_seeds"] > 0]
    found = dict.fromkeys(("needed", "needed_low", "needed_high"), np.nan)
    if not used:
        return found
    each = np.log([row["samples"] * (row["between_seeds"] / wanted) ** 2 for row in used])
    half = np.nan
    if len(used) > 1:
        half = stdtrit(len(used) - 1, 1 - LEVEL / 2) * each.std(ddof=1) / np.sqrt(len(used))
    bounds = {"needed": 0.0, "needed_low": -half, "needed_high": half}
    return {name: float(np.exp(each.mean() + step)) for name, step in bounds.items()}


def fit_time(runs: Sequence[Row]) -> Row:
    """Fit the seconds of runs as a line over their samples.

    Returns
    -------
    dict
        `start` in seconds, `slope` in seconds for each sample with its 95% interval, and `r2`. NaN
        for runs of one length.
    """
    from scipy.stats import linregress, t

    samples, seconds = np.array([[run["samples"], run["seconds"]] for run in runs], float).T
    if np.ptp(samples) == 0 or len(runs) < 3:
        return dict.fromkeys(("start", "slope", "slope_low", "slope_high", "r2"), np.nan)
    line = linregress(samples, seconds)
    half = t.ppf(1 - LEVEL / 2, len(runs) - 2) * line.stderr
    return {
        "start": float(line.intercept),
        "slope": float(line.slope),
        "slope_low": float(line.slope - half),
        "slope_high": float(line.slope + half),
        "r2": float(line.rvalue**2),
    }


def conclude(
    rows: Sequence[Row], line: Mapping[str, float], wanted: float, model: str
) -> list[str]:
    """Say how the error falls with the samples, how many are needed, and what they cost.

    Parameters
    ----------
    rows : list of dict
        Of `summarise`.
    line : dict
        Of `fit_time`.
    wanted : float
        As for `needed_samples`.
    model : str
    """
    tells = [row for row in rows if not row["untested"]]
    images = rows[0]["images"]
    of = f"{images} image{'' if images == 1 else 's'}, {rows[0]['runs']} runs of each length"
    if not tells:
        sentences = [f"{model}: cannot tell how the error falls: {rows[-1]['untested']} ({of})."]
    else:
        few, many = tells[0], tells[-1]
        needed = needed_samples(rows, wanted)
        known = (
            f" (95% interval {needed['needed_low']:.0f} to {needed['needed_high']:.0f})"
            if np.isfinite(needed["needed_low"])
            else ""
        )
        takes = f"takes {needed['needed']:.0f} samples{known}"
        if needed["needed"] > rows[-1]["samples"]:
            takes += ", beyond the numbers that were run"
        if needed["needed"] < few["samples"]:
            takes = f"is reached with the fewest samples that tell, {few['samples']}"
        falls = f", by {many['between_seeds']:.1%} at {many['samples']}" if many != few else ""
        sentences = [
            f"{model}: between seeds a value varies by {few['between_seeds']:.1%} of the values' "
            f"root mean square at {few['samples']} samples{falls} ({of}).",
            f"{model}: a relative error of {wanted:.0%} {takes}.",
            f"{model}: runs of {few['samples']} samples are {few['distance']:.0%} from the longest "
            f"ones (95% interval {few['distance_low']:.0%} to {few['distance_high']:.0%}); the "
            "error that runs report is "
            f"{np.mean([row['reported'] / row['between_seeds'] for row in tells]):.2f} times what "
            "seeds vary by.",
        ]
    if np.isfinite(line["slope"]):
        sentences.append(
            f"{model}: time is {line['start']:.2g} s and {1000 * line['slope']:.3g} ms for each "
            f"sample (95% interval {1000 * line['slope_low']:.3g} to "
            f"{1000 * line['slope_high']:.3g} ms; R2 {line['r2']:.2f})."
        )
    return sentences
