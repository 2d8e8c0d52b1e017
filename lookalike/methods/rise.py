"""RISE: how the score depends on each pixel over many random soft masks."""

from collections.abc import Iterator, Sequence
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
    passes="`samples` forward",
    again={},
    reference="Petsiuk, Das and Saenko 2018, arXiv:1806.07421",
)
def rise(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
    *,
    samples: int = 1000,
    cells: int = 7,
    keep: float = 0.5,
    baseline: Baseline = "zero",
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return sum_i (f_i - mean f) M_i / (N p), f_i the score of the image under mask M_i, one of N.

    Each mask is a grid of cells, kept with probability p, enlarged bilinearly by somewhat more than
    the image and cut out at a random place. The paper's estimate of the score where a pixel is kept
    is without `mean f`, which moves all pixels alike and adds noise; its score is a probability.

    Parameters
    ----------
    model : VisionModel
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor, shape (n,)
        Class whose logit is the score.
    seeds : list of int
        Of the masks, one for every image.
    samples : int
        Masks for an image, N; the paper takes 4000 to 8000.
    cells : int
        Of a mask in a row and in a column.
    keep : float
        In (0, 1): p.
    baseline : {"zero", "mean", "blur"}
        What a mask shows in place of the image, in normalised space.

    Returns
    -------
    maps : ndarray, shape (n, H, W), float32
        Signed.
    diagnostics : dict of ndarray, shape (n,)
        `standard_error`: root mean square standard error of the pixels. `relative_error`: the same
        over the pixels' root mean square.

    Raises
    ------
    InputError
        For fewer than two samples, or a `keep` outside (0, 1).
    """
    import torch

    if samples < 2 or not 0 < keep < 1:
        raise InputError(
            f"rise: samples must be at least 2, and keep between 0 and 1, not {samples} and {keep}"
        )
    inputs = model.normalise(images)
    absent = baseline_of(inputs, baseline)
    batch, maps = model.batch(images.shape[2]), []
    diagnostics: dict[str, list[float]] = {"standard_error": [], "relative_error": []}
    for present, missing, target, seed in zip(inputs, absent, targets.tolist(), seeds, strict=True):
        masks = RandomMasks(present, samples, cells, keep, seed)
        with torch.no_grad():
            scores = torch.cat(
                [
                    model.net(torch.lerp(missing, present, part[:, None]))[:, target]
                    for part in masks.in_parts(batch)
                ]
            ).double()
        gains = (scores - scores.mean()).split(batch)
        total = torch.zeros_like(present[0], dtype=torch.float64)
        squares = torch.zeros_like(total)
        for part, gain in zip(masks.in_parts(batch), gains, strict=True):
            terms = part.double() * gain[:, None, None] / keep
            total += terms.sum(dim=0)
            squares += terms.square().sum(dim=0)
        saliency = (total / samples).cpu().numpy()
        variances = (squares / samples).cpu().numpy() - saliency**2
        error, spread = (
            np.sqrt(np.mean(each)) for each in (variances / (samples - 1), saliency**2)
        )
        maps.append(saliency)
        diagnostics["standard_error"].append(error)
        diagnostics["relative_error"].append(error / spread if spread else 0.0)
    return np.stack(maps).astype(np.float32), {
        name: np.array(column) for name, column in diagnostics.items()
    }


class RandomMasks:
    """Masks of an image, which are made again each time they are asked for.

    Parameters
    ----------
    image : Tensor, shape (c, H, W)
        Gives size and device.
    samples, cells, keep, seed
        As of `rise`.
    """

    def __init__(
        self, image: "torch.Tensor", samples: int, cells: int, keep: float, seed: int
    ) -> None:
        import torch

        rng = np.random.default_rng(seed)
        self.size = image.shape[1:]
        grids = rng.random((samples, 1, cells, cells)) < keep
        self.grids = torch.from_numpy(grids).to(image)
        # Drawn on the CPU, so that the masks do not depend on the device.
        self.sides = [-(-extent // cells) for extent in self.size]
        self.corners = rng.integers(0, self.sides, (samples, 2)).tolist()

    def in_parts(self, batch: int) -> Iterator["torch.Tensor"]:
        """Yield the masks, in [0, 1], in parts (batch, H, W)."""
        import torch

        height, width = self.size
        enlarged = [(self.grids.shape[2] + 1) * side for side in self.sides]
        for start in range(0, len(self.grids), batch):
            whole = torch.nn.functional.interpolate(
                self.grids[start : start + batch], enlarged, mode="bilinear"
            )[:, 0]
            corners = self.corners[start : start + batch]
            yield torch.stack(
                [
                    one[top : top + height, left : left + width]
                    for one, (top, left) in zip(whole, corners, strict=True)
                ]
            )
