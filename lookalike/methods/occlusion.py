"""Occlusion at several scales: how much the score drops when a square window of the image is
hidden.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.registry import method
from lookalike.methods.baselines import Baseline, baseline_of

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel

# Rows and columns of an image.
Window = tuple[slice, slice]


@method(
    signed=True,
    passes="1 forward, and 1 for each window: 274 by default",
    reference="Zeiler and Fergus 2014, doi:10.1007/978-3-319-10590-1_53",
)
def occlusion(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
    *,
    windows: Sequence[float] = (0.125, 0.25),
    baseline: Baseline = "zero",
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return, for every pixel, the mean drop of the score over all windows that hide it.

    Windows of every size move by half their side, and end at the image's edge.

    Parameters
    ----------
    model : VisionModel
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor, shape (n,)
        Class whose logit is the score.
    seeds : list of int
        Not used.
    windows : sequence of float
        Sides of the square windows, as shares of the image's shorter side.
    baseline : {"zero", "mean", "blur"}
        What a window shows, in normalised space.

    Returns
    -------
    maps : ndarray, shape (n, H, W), float32
        Signed.
    diagnostics : dict
        Empty.

    Raises
    ------
    InputError
        If the share of a window is not in (0, 1].
    """
    inputs = model.normalise(images)
    absent = baseline_of(inputs, baseline)
    height, width = images.shape[2:]
    squares = [window for share in windows for window in square_windows(height, width, share)]
    hidden = np.zeros((height, width))
    for window in squares:
        hidden[window] += 1
    maps = np.zeros((len(images), height, width))
    for saliency, image, missing, target in zip(
        maps, inputs, absent, targets.tolist(), strict=True
    ):
        drops = score_drops(model, image, missing, target, squares)
        for window, drop in zip(squares, drops, strict=True):
            saliency[window] += drop
    return (maps / hidden).astype(np.float32), {}


def square_windows(height: int, width: int, share: float) -> list[Window]:
    """Return the square windows, pairs of slices, whose side is a share of the image's shorter
    side.
    """
    if not 0 < share <= 1:
        raise InputError(
            f"occlusion: windows must be shares of the image's side, in (0, 1], not {share}"
        )
    side = max(1, round(share * min(height, width)))
    rows, columns = (
        sorted({*range(0, extent - side, max(1, side // 2)), extent - side})
        for extent in (height, width)
    )
    return [
        (slice(row, row + side), slice(column, column + side)) for row in rows for column in columns
    ]


def score_drops(
    model: "VisionModel",
    image: "torch.Tensor",
    missing: "torch.Tensor",
    target: int,
    windows: Sequence[Window],
) -> np.ndarray:
    """Return how much the score of an image (3, H, W) drops for each window that shows `missing`
    instead, ndarray (windows,).
    """
    import torch

    drops, batch = [], model.batch(image.shape[2])
    with torch.no_grad():
        score = model.net(image[None])[0, target]
        for start in range(0, len(windows), batch):
            some = windows[start : start + batch]
            masked = image.repeat(len(some), 1, 1, 1)
            for one, window in zip(masked, some, strict=True):
                one[(slice(None), *window)] = missing[(slice(None), *window)]
            drops.append(score - model.net(masked)[:, target])
    return torch.cat(drops).double().cpu().numpy()
