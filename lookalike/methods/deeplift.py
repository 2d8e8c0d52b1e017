"""DeepLIFT: what each pixel adds to the score, by the differences that it makes from a baseline."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.registry import method
from lookalike.methods.baselines import Baseline, baseline_of

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel

# That may be missing between the gain and the sum of the map, as a share of its absolute values.
TOLERANCE = 1e-3


@method(
    signed=True,
    passes="2 forward, 2 backward",
    reference="Shrikumar et al. 2017, arXiv:1704.02685",
)
def deeplift(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
    *,
    baseline: Baseline = "zero",
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return DeepLIFT's contributions by the rescale rule, summed over the colour channels.

    The derivative of a rectifier or a sigmoid, module or function, is replaced by the quotient of
    the differences of its output and its input from those of the baseline. A max pooling credits
    the cells that were largest in the image and in the baseline, so that nothing is lost where
    windows overlap.

    Parameters
    ----------
    model : VisionModel
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor, shape (n,)
        Class whose logit is the score.
    seeds : list of int
        Not used.
    baseline : {"zero", "mean", "blur"}
        In normalised space.

    Returns
    -------
    maps : ndarray, shape (n, H, W), float32
        Signed, neither clipped nor scaled.
    diagnostics : dict of ndarray, shape (n,)
        `completeness_gap`: |sum of the map - (score - score of the baseline)| over |score - score
        of the baseline|.

    Raises
    ------
    InputError
        If the contributions do not sum to the gain, because the network multiplies activations
        (attention, gates, layer norms).
    """
    import torch

    from lookalike.models.rescaling import RescaleRule

    inputs = model.normalise(images)
    start = baseline_of(inputs, baseline)
    both = torch.cat([inputs, start]).detach().requires_grad_()
    with torch.enable_grad():
        with RescaleRule():
            scores = model.net(both)[torch.arange(len(both)), targets.repeat(2)]
        gradient = torch.autograd.grad(scores[: len(images)].sum(), both)[0][: len(images)]
    contributions = ((inputs - start) * gradient).double()
    own, reference = scores.detach().double().chunk(2)
    gap = (contributions.sum(dim=(1, 2, 3)) - (own - reference)).abs()
    if not (gap <= TOLERANCE * contributions.abs().sum(dim=(1, 2, 3))).all():
        raise InputError(
            f"deeplift: the contributions of {type(model.net).__name__} do not sum to the gain in "
            "score; its rules do not cover networks that multiply activations (attention, gates, "
            "layer norms)"
        )
    gap /= (own - reference).abs().clamp_min(1e-12)
    return contributions.sum(dim=1).float().cpu().numpy(), {"completeness_gap": gap.cpu().numpy()}
