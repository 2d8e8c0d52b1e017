"""Baselines: what represents the absence of a feature, in the network's normalised space."""

from typing import TYPE_CHECKING, Literal

from lookalike.core.errors import unknown

if TYPE_CHECKING:
    import torch

Baseline = Literal["zero", "mean", "blur"]
BLUR_SHARE = 0.1


def zero(images: "torch.Tensor") -> "torch.Tensor":
    """Return zeros: the mean colour of the data that the network was made for."""
    return images * 0


def mean(images: "torch.Tensor") -> "torch.Tensor":
    """Return each image's own mean colour."""
    return images.mean(dim=(2, 3), keepdim=True).expand_as(images)


def blur(images: "torch.Tensor") -> "torch.Tensor":
    """Return each image blurred, with a Gaussian of a tenth of its side."""
    from torchvision.transforms.functional import gaussian_blur

    sigma = BLUR_SHARE * images.shape[-1]
    width = min(2 * round(2 * sigma) + 1, images.shape[-1] // 2 * 2 - 1)
    return gaussian_blur(images, width, sigma)


BASELINES = {"zero": zero, "mean": mean, "blur": blur}


def baseline_of(images: "torch.Tensor", kind: Baseline) -> "torch.Tensor":
    """Return the baseline, shape (n, 3, H, W), of normalised images."""
    if kind not in BASELINES:
        raise unknown("baseline", kind, BASELINES)
    return BASELINES[kind](images)
