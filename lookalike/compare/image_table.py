"""The values of all pairs on all images, with their chance values: assembled once, read by all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lookalike.compare.dissimilarities import Key
from lookalike.core import io
from lookalike.core.condensed import pair_numbers, select_pairs
from lookalike.models.predictions import check_classes, predicted_classes


@dataclass(frozen=True, eq=False)
class ImageTable:
    """Per-image dissimilarities of all pairs of models.

    Attributes
    ----------
    values : ndarray, shape (n, pairs)
        Of maps of the same image, pairs in the order of `np.triu_indices`; NaN where an image does
        not count for a pair.
    chance : ndarray, shape (n, pairs)
        Of maps of different images.
    images : tuple of str
        The n ids.
    names : tuple of str
        Of the models, sorted.
    key : Key
        Method, metric and subset.
    """

    values: np.ndarray
    chance: np.ndarray
    images: tuple[str, ...]
    names: tuple[str, ...]
    key: Key

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.images)

    def of(self, names: Iterable[str]) -> ImageTable:
        """Return the part of some models, in the order given."""
        chosen = tuple(names)
        places = [self.names.index(name) for name in chosen]
        values, chance = (select_pairs(table, places) for table in (self.values, self.chance))
        return replace(self, values=values, chance=chance, names=chosen)

    def without(self, names: Iterable[str]) -> ImageTable:
        """Return the part that remains without some models, which need not be in it."""
        left_out = set(names)
        return self.of(name for name in self.names if name not in left_out)


def write_image_table(path: str | Path, table: ImageTable) -> None:
    """Write a table of images as .npz."""
    io.write_arrays(
        path,
        values=table.values,
        chance=table.chance,
        images=table.images,
        names=table.names,
        key=table.key,
    )


def read_image_table(path: str | Path) -> ImageTable:
    """Read a table that `write_image_table` wrote."""
    arrays = io.read_arrays(path)
    images, names, key = (tuple(arrays[name].tolist()) for name in ("images", "names", "key"))
    return ImageTable(arrays["values"], arrays["chance"], images, names, Key(*key))


def assemble(blocks):
    """Put the values of all pairs of blocks into one table.

    Parameters
    ----------
    blocks : dict
        From a file's path to its arrays `values` and `chance` (n, a, b), `images`, `a` and `b`
        (names).

    Returns
    -------
    values, chance : ndarray, shape (n, pairs)
        Pairs in the order of `np.triu_indices` over the sorted names.
    names : list of str
    images : list of str

    Raises
    ------
    InputError
        If two files hold different images.
    """
    first_path, first = next(iter(blocks.items()))
    images = first["images"].tolist()
    names = sorted(
        {name for block in blocks.values() for side in "ab" for name in block[side].tolist()}
    )
    place = {name: index for index, name in enumerate(names)}
    # Above the diagonal alone, since every pair is there once.
    number = np.triu(pair_numbers(len(names)) + 1) - 1
    tables = np.full((2, len(images), len(names) * (len(names) - 1) // 2), np.nan)
    for path, block in blocks.items():
        io.same_images(images, block["images"].tolist(), first_path, path)
        pairs = number[
            np.ix_(
                [place[name] for name in block["a"].tolist()],
                [place[name] for name in block["b"].tolist()],
            )
        ]
        here = pairs >= 0
        tables[:, :, pairs[here]] = block["values"][:, here], block["chance"][:, here]
    return tables[0], tables[1], names, images


def values_of_subset(blocks, predictions):
    """Return the table of all pairs over the images of a subset.

    Parameters
    ----------
    blocks : dict
        As for `assemble`.
    predictions : dict
        From a file's path to a model's predictions, in the order of the sorted names: then only
        those images count on which the two models of a pair predict the same class. Empty: all
        images count.

    Returns
    -------
    As `assemble`; the chance values are always of all images.
    """
    values, chance, names, images = assemble(blocks)
    if predictions:
        check_classes(predictions)
        values = agreeing_only(values, predicted_classes(predictions, images))
    return values, chance, names, images


def agreeing_only(values, classes):
    """Keep the images on which both models of a pair predict the same class.

    Parameters
    ----------
    values : ndarray, shape (n, pairs)
    classes : ndarray, shape (n, models)
        Predicted class of every model.

    Returns
    -------
    ndarray, shape (n, pairs)
        NaN elsewhere.
    """
    first, second = np.triu_indices(classes.shape[1], 1)
    return np.where(classes[:, first] == classes[:, second], values, np.nan)
