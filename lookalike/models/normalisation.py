"""Images in [0, 1], brought to what a network was made for."""

from collections.abc import Callable
from functools import partial

import torch

from lookalike.images.reading import LUMA
from lookalike.models.compiler import import_timm

timm = import_timm()


def normalised(images: torch.Tensor, mean: torch.Tensor, std: torch.Tensor) -> torch.Tensor:
    """Return images (n, 3, H, W) in [0, 1] minus a mean, over a standard deviation, each of shape
    (1, 3, 1, 1); made grey, as Pillow does, where these are of one channel.
    """
    if mean.shape[1] == 1:
        images = (images * images.new_tensor(LUMA).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
    return (images - mean) / std


def normalisation_of(net: torch.nn.Module) -> tuple[list[float], list[float]]:
    """Return mean and std of the data that a timm network was made for, each a list of 3; of 1 for
    a network of grey images, the mean over the colours as in timm's own loader.
    """
    config = timm.data.resolve_model_data_config(net)
    mean, std = list(config["mean"]), list(config["std"])
    return (
        ([sum(mean) / len(mean)], [sum(std) / len(std)]) if channels_of(net) == 1 else (mean, std)
    )


def channels_of(net: torch.nn.Module) -> int:
    """Return the number of channels of the images that a timm network takes."""
    return int(timm.models.get_model_input_config(net)["input_size"][0])


def normaliser_of(
    net: torch.nn.Module, device: torch.device | str
) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return the function that brings images (n, 3, H, W) in [0, 1] to what a network expects."""
    mean, std = (
        torch.tensor(values, device=device).view(1, -1, 1, 1) for values in normalisation_of(net)
    )
    return partial(normalised, mean=mean, std=std)
