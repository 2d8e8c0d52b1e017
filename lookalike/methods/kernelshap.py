"""KernelSHAP over superpixels: Shapley values by a weighted regression on masked images."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.registry import method
from lookalike.methods.baselines import Baseline, baseline_of
from lookalike.methods.coalitions import Coalitions
from lookalike.methods.shapley import Estimate

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel

# Of `samples: auto`: for each superpixel, the first ones, which are the fewest that tell an error.
FIRST_SAMPLES = 4


@method(
    signed=True,
    passes="`samples` + 2 forward",
    again={},
    reference=(
        "Lundberg and Lee 2017, arXiv:1705.07874; leverage-score sampling: Musco and Witter 2024, "
        "arXiv:2410.01917"
    ),
)
def kernelshap(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
    *,
    segments: int = 50,
    samples: int | Literal["auto"] = 350,
    tolerance: float = 0.1,
    baseline: Baseline = "zero",
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the Shapley values of SLIC superpixels, spread over their pixels.

    The segmentation is made from the plain RGB image, and so is the same for all models. Coalitions
    are drawn by their leverage scores, without replacement, in pairs, each with its complement.
    Where `samples` allows all of them, each is used once and the values are exact. The values sum
    to the score's gain over the baseline.

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
    samples : int or "auto"
        Masked images in a run, besides the full and the empty one. "auto" draws on for each image
        until the relative error is at most `tolerance`, or there are 40 for each superpixel.
    tolerance : float
        Of "auto".
    baseline : {"zero", "mean", "blur"}
        In normalised space.

    Returns
    -------
    maps : ndarray, shape (n, H, W), float32
        Signed.
    diagnostics : dict of ndarray, shape (n,)
        `segments`: their true number. `samples`: how many masked images were used.
        `standard_error`: root mean square standard error of the values, too small with fewer than
        about 4 samples a superpixel. `relative_error`: the same over the values' root mean square.

    Raises
    ------
    InputError
        For fewer than two samples, where not even these are all.
    """
    present = model.normalise(images)
    missing = baseline_of(present, baseline)
    labels = [superpixels(image, segments) for image in images.permute(0, 2, 3, 1).cpu().numpy()]
    features = [int(own.max()) + 1 for own in labels]
    if samples != "auto" and samples < 2 and max(features) > 1:
        raise InputError(f"kernelshap: samples must be at least 2, not {samples}")
    estimates = [
        Estimate(Coalitions(count, np.random.default_rng(seed)))
        for count, seed in zip(features, seeds, strict=True)
    ]
    pairs = [(FIRST_SAMPLES * count if samples == "auto" else samples) // 2 for count in features]
    places = list(range(len(estimates)))
    while places:
        new = [estimates[place].draw(pairs[place]) for place in places]
        scored = score_coalitions(model, present, missing, targets, labels, places, new)
        for place, scores in zip(places, scored, strict=True):
            estimates[place].add(scores)
            pairs[place] = estimates[place].pairs_wanted(tolerance) if samples == "auto" else 0
        places = [place for place in places if pairs[place]]
    maps = [one.values[own] for one, own in zip(estimates, labels, strict=True)]
    return np.stack(maps).astype(np.float32), {
        "segments": np.array(features),
        "samples": np.array([one.samples for one in estimates]),
        "standard_error": np.array([one.standard_error for one in estimates]),
        "relative_error": np.array([one.relative_error for one in estimates]),
    }


def superpixels(image: np.ndarray, segments: int) -> np.ndarray:
    """Return SLIC labels from 0, shape (H, W), of an RGB image (H, W, 3) in [0, 1]."""
    from skimage.segmentation import slic

    return slic(image, n_segments=segments, compactness=10, sigma=1, start_label=0)


def score_coalitions(
    model: "VisionModel",
    present: "torch.Tensor",
    missing: "torch.Tensor",
    targets: "torch.Tensor",
    labels: Sequence[np.ndarray],
    places: Sequence[int],
    coalitions: Sequence[np.ndarray],
) -> list[np.ndarray]:
    """Return the scores of images with only the superpixels of each coalition.

    Parameters
    ----------
    model : VisionModel
    present, missing : Tensor, shape (n, 3, H, W)
        Normalised images, and what stands for absent superpixels.
    targets : Tensor, shape (n,)
        Class whose logit is the score.
    labels : list of ndarray, shape (H, W)
        Superpixels of the images.
    places : list of int
        Of some of the images.
    coalitions : list of ndarray, shape (m, features), bool
        Of each of these.

    Returns
    -------
    list of ndarray, shape (m,), float64
    """
    import torch

    side, batch, device = present.shape[2:], model.batch(present.shape[2]), present.device
    # Batches hold coalitions of several images, so that they are full.
    rows = np.zeros((sum(map(len, coalitions)), max(own.shape[1] for own in coalitions)), bool)
    ends = np.cumsum([len(own) for own in coalitions])
    for own, end in zip(coalitions, ends, strict=True):
        rows[end - len(own) : end, : own.shape[1]] = own
    owners = torch.tensor(np.repeat(places, [len(own) for own in coalitions]), device=device)
    superpixel = torch.tensor(np.stack(labels), device=device).flatten(1)
    scores = []
    with torch.no_grad():
        for part, whose in zip(
            torch.tensor(rows, device=device).split(batch), owners.split(batch), strict=True
        ):
            kept = part.gather(1, superpixel[whose]).view(-1, 1, *side)
            masked = torch.where(kept, present[whose], missing[whose])
            scores.append(model.net(masked).gather(1, targets[whose, None])[:, 0].double().cpu())
    return np.split(torch.cat(scores).numpy(), ends[:-1])
