"""GradientSHAP, also known as expected gradients: gradients at random points between a baseline and
the image.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.registry import method
from lookalike.methods.baselines import Baseline, baseline_of
from lookalike.methods.input_gradients import gradient_of_score, noise_of

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel


@method(
    signed=True,
    passes="`samples` + 2 forward, `samples` backward",
    again={},
    reference="Lundberg and Lee 2017, arXiv:1705.07874; Erion et al. 2021, arXiv:1906.10670",
)
def gradient_shap(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
    *,
    samples: int = 32,
    noise: float = 0.1,
    baseline: Baseline = "zero",
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return expected gradients: the mean of (x + e - b) g, with g the gradient of the score at
    b + a (x + e - b), e noise and a uniform in [0, 1], summed over the colour channels.

    The same as integrated gradients, averaged over noisy copies of the image. Expected gradients of
    Erion et al. have other images as baselines; here each image is explained by itself, so that its
    map does not depend on which images are sampled with it. The points are stratified: one in each
    of `samples` equal parts of the path.

    Parameters
    ----------
    model : VisionModel
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor, shape (n,)
        Class whose logit is the score.
    seeds : list of int
        Of the points and the noise, one for every image.
    samples : int
        Points of an image.
    noise : float
        Standard deviation of the Gaussian noise, as a share of the range of the normalised image.
    baseline : {"zero", "mean", "blur"}
        In normalised space.

    Returns
    -------
    maps : ndarray, shape (n, H, W), float32
        Signed, neither clipped nor scaled.
    diagnostics : dict of ndarray, shape (n,)
        `completeness_gap`: |sum of the map - (score - score of the baseline)| over |score - score
        of the baseline|; the noise is part of it.

    Raises
    ------
    InputError
        For fewer than one sample.
    """
    import torch

    inputs = model.normalise(images)
    start = baseline_of(inputs, baseline)
    # Of another stream than the noise.
    draws = np.stack([np.random.default_rng([seed, 1]).random(max(samples, 1)) for seed in seeds])
    shares = torch.tensor(
        (np.arange(draws.shape[1]) + draws) / draws.shape[1], dtype=inputs.dtype
    ).to(inputs.device)
    total = inputs.new_zeros(inputs.shape)
    for index, added in enumerate(noise_of(inputs, seeds, samples, noise, "gradient_shap")):
        path = inputs + added - start
        total += path * gradient_of_score(
            model, start + shares[:, index].view(-1, 1, 1, 1) * path, targets
        )
    maps = (total / samples).sum(dim=1)
    with torch.no_grad():
        gain = (model.net(inputs) - model.net(start)).gather(1, targets[:, None])[:, 0]
    gap = (maps.sum(dim=(1, 2)) - gain).abs() / gain.abs().clamp_min(1e-12)
    return maps.float().cpu().numpy(), {"completeness_gap": gap.cpu().numpy()}
