"""Integrated gradients: the gradient of the score along the path from a baseline to the image."""

from collections.abc import Callable, Sequence
from math import pi, tan
from typing import TYPE_CHECKING, Literal

import numpy as np

from lookalike.core.registry import method
from lookalike.methods.baselines import Baseline, baseline_of
from lookalike.methods.input_gradients import gradient_of_score

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel


# Of `steps: auto`: intervals at first, and at most. There is a step between two intervals.
FIRST, MOST = 16, 512


@method(
    signed=True,
    passes="`steps` + 2 forward, `steps` backward",
    # Another rule in place of "auto": the same one might stop where it did.
    again={"steps": (0.5, 64)},
    reference="Sundararajan et al. 2017, proceedings.mlr.press/v70/sundararajan17a",
)
def integrated_gradients(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
    *,
    steps: int | Literal["auto"] = "auto",
    tolerance: float = 0.02,
    baseline: Baseline = "zero",
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return integrated gradients summed over the colour channels.

    With `steps: auto`, each image has as many steps as its completeness gap takes: 15, 31, 63, ...,
    at most 511. A number is the same for all, by captum.

    Parameters
    ----------
    model : VisionModel
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor, shape (n,)
        Class whose logit is the score.
    seeds : list of int
        Not used.
    steps : int or "auto"
        Points of the Gauss-Legendre rule; or more and more of a nested rule, until the gap is at
        most `tolerance`.
    tolerance : float
        Of "auto".
    baseline : {"zero", "mean", "blur"}
        In normalised space.

    Returns
    -------
    maps : ndarray, shape (n, H, W), float32
        Signed, neither clipped nor scaled.
    diagnostics : dict of ndarray, shape (n,)
        `completeness_gap`: |sum of the map - gain| over the larger of |gain| and spread, where gain
        is the score of the image less that of the baseline, and spread the standard deviation of
        the image's scores over the classes. `steps`: how many gradients were taken.
    """
    import torch

    inputs = model.normalise(images)
    start = baseline_of(inputs, baseline)
    with torch.no_grad():
        scores, at_start = model.net(inputs), model.net(start)
    gain = (scores - at_start).gather(1, targets[:, None])[:, 0]
    # Where the gain vanishes, the spread says what much is.
    scale = torch.maximum(gain.abs(), scores.std(dim=1, correction=0)).clamp_min(1e-12)

    def gap_of(maps: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        return (maps.sum(dim=(1, 2)) - gain[places]).abs() / scale[places]

    places = torch.arange(len(images), device=images.device)
    if steps == "auto":
        maps, taken = integrate(model, start, inputs - start, targets, gap_of, tolerance)
    else:
        from captum.attr import IntegratedGradients

        at_once = max(model.batch(images.shape[2]), len(images))
        maps = IntegratedGradients(model.net).attribute(
            inputs, start, targets, n_steps=steps, internal_batch_size=at_once
        )
        maps, taken = maps.sum(dim=1), torch.full((len(images),), steps)
    return maps.float().cpu().numpy(), {
        "completeness_gap": gap_of(maps, places).cpu().numpy(),
        "steps": taken.cpu().numpy(),
    }


def integrate(
    model: "VisionModel",
    start: "torch.Tensor",
    path: "torch.Tensor",
    targets: "torch.Tensor",
    gap_of: Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"],
    tolerance: float,
) -> "tuple[torch.Tensor, torch.Tensor]":
    """Integrate the gradient along straight paths by a nested rule, until gaps are small.

    Points are those of Clenshaw and Curtis, equally spaced in the angle whose cosine is the place
    on the path, so that they are dense at its ends, where scores change most. Twice as many
    intervals keep all points, and weights in proportion: the trapezoid rule in the angle. So one
    sum an image is all that is stored.

    Parameters
    ----------
    model : VisionModel
    start, path : Tensor, shape (n, 3, H, W)
        First point and direction.
    targets : Tensor, shape (n,)
    gap_of : callable
        From maps (k, H, W) and the places of their images (k,) to gaps (k,).
    tolerance : float

    Returns
    -------
    maps : Tensor, shape (n, H, W)
    taken : Tensor, shape (n,)
        Gradients of each image.
    """
    import torch

    sums = torch.zeros_like(path[:, 0])
    maps, taken = sums.clone(), torch.zeros(len(path), dtype=torch.long)
    places = torch.arange(len(path), device=path.device)
    intervals, angles = FIRST, torch.arange(1, FIRST) * (pi / FIRST)
    while len(places):
        owners = places.repeat_interleave(len(angles))
        turned = angles.to(path).repeat(len(places))
        batch = model.batch(path.shape[2])
        for own, angle in zip(owners.split(batch), turned.split(batch), strict=True):
            share = ((1 - angle.cos()) / 2).view(-1, 1, 1, 1)
            gradient = gradient_of_score(model, start[own] + share * path[own], targets[own])
            along = (gradient * path[own]).sum(dim=1) * angle.sin().view(-1, 1, 1)
            sums.index_add_(0, own, along)
        # The sum of the sines.
        maps[places] = sums[places] * tan(pi / (2 * intervals))
        taken[places.cpu()] = intervals - 1
        if intervals == MOST:
            break
        places = places[gap_of(maps[places], places) > tolerance]
        angles = (torch.arange(intervals) + 0.5) * (pi / intervals)
        intervals *= 2
    return maps, taken
