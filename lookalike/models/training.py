"""What training starts from: the rows of the images, and the network with its first weights."""

from collections.abc import Sequence

import torch

from lookalike.core.errors import InputError
from lookalike.core.types import Row, StrPath
from lookalike.models.checkpoints import build_from_checkpoint
from lookalike.models.networks import Recipe, TimmNetwork, build_network
from lookalike.models.weights import read_weights

# What the manifest says about an image's content; training depends on nothing else.
CONTENT = ("image", "label", "split", "sha256")


def training_rows(manifest: Sequence[Row], training: Sequence[Row]) -> list[Row]:
    """Return the rows of a manifest, which hold the paths, in the order of the table that training
    depends on.

    Parameters
    ----------
    manifest : sequence of dict
        With the columns `image`, `path`, `label`, `split` and `sha256`.
    training : sequence of dict
        With the columns of `CONTENT`; no path, so that a moved folder trains nothing again.

    Returns
    -------
    list of dict

    Raises
    ------
    InputError
        If the two do not hold the same images, labels, splits or contents.
    """
    paths = {row["image"]: row for row in manifest}
    expected = {row["image"]: row for row in training}
    for image in [*expected, *paths]:
        one, other = (
            [rows[image][column] for column in CONTENT] if image in rows else None
            for rows in (paths, expected)
        )
        if one != other:
            raise InputError(
                f"image {image!r} is not the same in the manifest as in the table of training "
                "images; run the workflow again from `list_images` on"
            )
    return [paths[row["image"]] for row in training]


def start_network(
    recipe: Recipe, n_classes: int, pretrained: bool, checkpoint: StrPath | None, seed: int
) -> tuple[TimmNetwork, Row]:
    """Build the network that training starts from.

    Parameters
    ----------
    recipe : dict
        `timm` and `options`.
    n_classes : int
        Size of a fresh head; 0 for the backbone alone.
    pretrained : bool
        Whether to start from timm's weights.
    checkpoint : path-like or None
        File of weights to start from.
    seed : int
        Of fresh weights.

    Returns
    -------
    net : torch.nn.Module
    about : dict
        `recipe`, and `weights` if it started from a checkpoint.
    """
    torch.manual_seed(seed)
    if checkpoint:
        return build_from_checkpoint(recipe, read_weights(checkpoint), checkpoint, n_classes)
    return build_network(recipe, n_classes, pretrained), {"recipe": recipe}
