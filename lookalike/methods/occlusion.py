"""Occlusion at several scales: how much the score drops when a square window of the image is
hidden.
"""

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.registry import method
from lookalike.methods.baselines import Baseline, baseline_of


@method(signed=True, reference="Zeiler and Fergus 2014, doi:10.1007/978-3-319-10590-1_53")
def occlusion(model, images, targets, seeds, *, windows=(0.125, 0.25), baseline: Baseline = "zero"):
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
        If a window is not larger than nothing, or larger than the image.
    """
    inputs = model.normalise(images)
    absent = baseline_of(inputs, baseline)
    places = [place for share in windows for place in window_places(*images.shape[2:], share)]
    hidden = np.zeros(images.shape[2:])
    for place in places:
        hidden[place] += 1
    maps = np.zeros((len(images), *hidden.shape))
    for saliency, image, missing, target in zip(
        maps, inputs, absent, targets.tolist(), strict=True
    ):
        for place, drop in zip(
            places, score_drops(model, image, missing, target, places), strict=True
        ):
            saliency[place] += drop
    return (maps / hidden).astype(np.float32), {}


def window_places(height, width, share):
    """Return the places, pairs of slices, of the square windows whose side is a share of the
    image's shorter one.
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


def score_drops(model, image, missing, target, places):
    """Return how much the score of an image (3, H, W) drops for each place that shows `missing`
    instead, ndarray (places,).
    """
    import torch

    drops, batch = [], model.batch(image.shape[2])
    with torch.no_grad():
        score = model.net(image[None])[0, target]
        for start in range(0, len(places), batch):
            some = places[start : start + batch]
            masked = image.repeat(len(some), 1, 1, 1)
            for one, place in zip(masked, some, strict=True):
                one[(slice(None), *place)] = missing[(slice(None), *place)]
            drops.append(score - model.net(masked)[:, target])
    return torch.cat(drops).double().cpu().numpy()
