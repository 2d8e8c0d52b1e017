"""KernelSHAP over superpixels: Shapley values by a weighted regression on masked images."""

from collections.abc import Sequence
from itertools import product
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.registry import method
from lookalike.methods.baselines import Baseline, baseline_of

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel


@method(
    signed=True,
    passes="`samples` + 2 forward",
    again={},
    reference=(
        "Lundberg and Lee 2017, arXiv:1705.07874; paired sampling: Covert and Lee 2021, "
        "arXiv:2012.01536"
    ),
)
def kernelshap(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
    *,
    segments: int = 50,
    samples: int = 350,
    baseline: Baseline = "zero",
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the Shapley values of SLIC superpixels, spread over their pixels.

    The segmentation is made from the plain RGB image, and so is the same for all models. Coalitions
    are drawn in pairs, each with its complement. Where `samples` allows all of them, each is used
    once and the values are exact. The values sum to the score's gain over the baseline.

    Parameters
    ----------
    model : VisionModel
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor, shape (n,)
        Class whose logit is the score.
    seeds : list of int
        Of the coalitions, one for every image.
    segments : int
        Superpixels requested from SLIC, which may make fewer.
    samples : int
        Masked images in a run, besides the full and the empty one.
    baseline : {"zero", "mean", "blur"}
        In normalised space.

    Returns
    -------
    maps : ndarray, shape (n, H, W), float32
        Signed.
    diagnostics : dict of ndarray, shape (n,)
        `segments`: their true number. `standard_error`: root mean square standard error of the
        values. `relative_error`: the same over the values' root mean square.
    """
    inputs = model.normalise(images)
    absent = baseline_of(inputs, baseline)
    maps = []
    diagnostics: dict[str, list[float]] = {
        name: [] for name in ("segments", "standard_error", "relative_error")
    }
    for image, present, missing, target, seed in zip(
        images, inputs, absent, targets, seeds, strict=True
    ):
        labels = superpixels(image.permute(1, 2, 0).cpu().numpy(), segments)
        features = int(labels.max()) + 1
        coalitions, weights, paired = draw_coalitions(
            features, samples, np.random.default_rng(seed)
        )
        scores = masked_scores(model, present, missing, int(target), labels, coalitions)
        values, errors = shapley_regression(
            coalitions[2:], weights, scores[2:], scores[0], scores[1], paired
        )
        maps.append(values[labels])
        spread = np.sqrt(np.mean(values**2))
        diagnostics["segments"].append(features)
        diagnostics["standard_error"].append(np.sqrt(np.mean(errors**2)))
        diagnostics["relative_error"].append(
            diagnostics["standard_error"][-1] / spread if spread else 0.0
        )
    return np.stack(maps).astype(np.float32), {
        name: np.array(column) for name, column in diagnostics.items()
    }


def superpixels(image: np.ndarray, segments: int) -> np.ndarray:
    """Return SLIC labels from 0, shape (H, W), of an RGB image (H, W, 3) in [0, 1]."""
    from skimage.segmentation import slic

    return slic(image, n_segments=segments, compactness=10, sigma=1, start_label=0)


def draw_coalitions(
    features: int, samples: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Choose the coalitions of a run: the empty one, the full one, then those of the regression.

    Parameters
    ----------
    features : int
    samples : int
    rng : numpy.random.Generator

    Returns
    -------
    coalitions : ndarray, shape (2 + m, features), bool
    weights : ndarray, shape (m,)
        Of the regression.
    paired : bool
        Whether they are drawn in pairs; False where every coalition is used once.

    Raises
    ------
    InputError
        For fewer than two samples.
    """
    ends = np.array([[False] * features, [True] * features])
    # With 26 features or more, there are always more coalitions than `samples`.
    if features < 26 and 2**features - 2 <= samples:
        inner = np.array(
            [row for row in product([False, True], repeat=features) if 0 < sum(row) < features],
            dtype=bool,
        ).reshape(-1, features)
        sizes = inner.sum(axis=1)
        weights = np.array(
            [
                (features - 1) / (comb(features, size) * size * (features - size))
                for size in sizes.tolist()
            ]
        )
        return np.concatenate([ends, inner]), weights, False
    if samples < 2:
        raise InputError(f"kernelshap: samples must be at least 2, not {samples}")
    sizes = np.arange(1, features)
    chances = 1 / (sizes * (features - sizes))
    drawn = rng.choice(sizes, size=samples // 2, p=chances / chances.sum())
    ranks = rng.permuted(np.tile(np.arange(features), (len(drawn), 1)), axis=1)
    half = ranks < drawn[:, None]
    return np.concatenate([ends, half, ~half]), np.ones(2 * len(half)), True


def masked_scores(
    model: "VisionModel",
    present: "torch.Tensor",
    missing: "torch.Tensor",
    target: int,
    labels: np.ndarray,
    coalitions: np.ndarray,
) -> np.ndarray:
    """Return the score of the image with only the superpixels of each coalition, shape (m,),
    float64.
    """
    import torch

    superpixel = torch.from_numpy(labels).to(present.device)
    kept = torch.from_numpy(coalitions).to(present.device)
    scores = []
    with torch.no_grad():
        for part in kept.split(model.batch(labels.shape[1])):
            masked = torch.where(part[:, superpixel].unsqueeze(1), present, missing)
            scores.append(model.net(masked)[:, target].double().cpu())
    return torch.cat(scores).numpy()


def shapley_regression(
    coalitions: np.ndarray,
    weights: np.ndarray,
    scores: np.ndarray,
    empty: float,
    full: float,
    paired: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Solve the weighted regression whose solution is the Shapley values, under the efficiency
    constraint.

    Parameters
    ----------
    coalitions : ndarray, shape (m, features), bool
    weights, scores : ndarray, shape (m,)
    empty, full : float
        Scores of the empty and the full coalition.
    paired : bool
        Whether the second half of the coalitions are the complements of the first, so that their
        errors are correlated.

    Returns
    -------
    values, errors : ndarray, shape (features,)
        Standard errors are 0 where all coalitions are used, and NaN where there are too few to
        determine every value; the values are then those of least norm.
    """
    gain = full - empty
    features = coalitions.shape[1]
    if features == 1:
        return np.array([gain]), np.zeros(1)
    z = coalitions.astype(float)
    design = z[:, :-1] - z[:, -1:]
    response = scores - empty - z[:, -1] * gain
    gram = design.T @ (weights[:, None] * design)
    inverse = np.linalg.pinv(gram, hermitian=True)
    free = inverse @ (design.T @ (weights * response))
    values = np.append(free, gain - free.sum())
    if not paired:
        return values, np.zeros(features)
    if np.linalg.matrix_rank(design) < features - 1:
        return values, np.full(features, np.nan)
    influence = (weights * (response - design @ free))[:, None] * design
    pairs = len(z) // 2
    influence = influence[:pairs] + influence[pairs:]
    # Each pair is one observation; its own influence on the fit (its leverage) makes its residual
    # too small (HC2).
    leverage = 2 * np.einsum("ij,jk,ik->i", design[:pairs], inverse, design[:pairs])
    influence /= np.sqrt(np.maximum(1 - leverage, 1e-9))[:, None]
    covariance = inverse @ (influence.T @ influence) @ inverse
    variances = np.append(np.diag(covariance), covariance.sum())
    return values, np.sqrt(np.maximum(variances, 0))
