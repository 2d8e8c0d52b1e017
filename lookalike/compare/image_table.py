"""The values of all pairs on all images, with their chance values: assembled once, read by all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lookalike.compare.dissimilarities import Key
from lookalike.core import io
from lookalike.core.condensed import pair_numbers, select_pairs
from lookalike.core.errors import InputError
from lookalike.core.types import StrPath
from lookalike.models.predictions import check_classes, predicted_classes


@dataclass(frozen=True, eq=False)
class ImageTable:
    """Per-image dissimilarities of all pairs of models.

    Attributes
    ----------
    values : ndarray, shape (n, pairs)
        Of maps of the same image, pairs in the order of `np.triu_indices`; NaN where an image does
        not count for a pair.
    chance : ndarray, shape (derangements, n, pairs)
        Of the first model's map of image i and the second's of its partner; NaN where the image or
        its partner does not count for the pair, or both are of one unit.
    images : tuple of str
        The n ids.
    names : tuple of str
        Of the models.
    key : Key
        Method, metric and subset.
    units : ndarray of int, shape (n,)
        Which images belong together, and are drawn and permuted together; by default each image is
        a unit of its own.
    partners : ndarray of int, shape (derangements, n)
        Of each image, for chance; by default the images that follow it.
    """

    values: np.ndarray
    chance: np.ndarray
    images: tuple[str, ...]
    names: tuple[str, ...]
    key: Key
    units: np.ndarray = field(default_factory=lambda: np.empty(0, int))
    partners: np.ndarray = field(default_factory=lambda: np.empty((0, 0), int))

    def __post_init__(self) -> None:
        """Fill in units and partners that are not given."""
        images = np.arange(len(self.images))
        if not len(self.units):
            object.__setattr__(self, "units", images)
        if not self.partners.size:
            following = [np.roll(images, -1 - step) for step in range(len(self.chance))]
            partners = np.array(following, int).reshape(-1, len(images))
            object.__setattr__(self, "partners", partners)
        if self.units.shape != images.shape or self.partners.shape != self.chance.shape[:2]:
            raise InputError(
                f"a table of {len(images)} images has units of shape {self.units.shape} and "
                f"partners of shape {self.partners.shape}, for chance of shape {self.chance.shape}"
            )

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.images)

    def of(self, names: Iterable[str]) -> ImageTable:
        """Return the part of some models, in the order given."""
        chosen = tuple(names)
        if chosen == self.names:
            return self
        indices = [self.names.index(name) for name in chosen]
        values, chance = (select_pairs(table, indices) for table in (self.values, self.chance))
        return replace(self, values=values, chance=chance, names=chosen)

    def without(self, names: Iterable[str]) -> ImageTable:
        """Return the part that remains without some models, which need not be in it."""
        left_out = set(names)
        return self.of(name for name in self.names if name not in left_out)


def write_image_table(path: StrPath, table: ImageTable) -> None:
    """Write a table of images as .npz."""
    io.write_arrays(
        path,
        values=table.values,
        chance=table.chance,
        partners=table.partners,
        images=table.images,
        names=table.names,
        key=table.key,
        units=table.units,
    )


def read_image_table(path: StrPath) -> ImageTable:
    """Read a table that `write_image_table` wrote."""
    arrays = io.read_arrays(path)
    images, names, key = (tuple(arrays[name].tolist()) for name in ("images", "names", "key"))
    values, chance, partners, units = (
        arrays[name] for name in ("values", "chance", "partners", "units")
    )
    return ImageTable(values, chance, images, names, Key(*key), units, partners)


def assemble(
    blocks: Mapping[str, Mapping[str, np.ndarray]],
    names: Iterable[str],
    key: Key,
    predictions: Mapping[str, Mapping[str, np.ndarray]] | None = None,
    units: Mapping[str, int] | None = None,
) -> ImageTable:
    """Put the values of all pairs of some models into one table.

    Parameters
    ----------
    blocks : dict
        From a file's path to its arrays `values` (n, a, b), `chance` (derangements, n, a, b),
        `partners` (derangements, n), `images`, `a` and `b` (names). Pairs of other models are
        ignored.
    names : iterable of str
        Of the models; the table has them sorted.
    key : Key
        Method, metric and subset.
    predictions : dict, optional
        From a file's path to a model's predictions, in the order of the sorted names: then only
        those images count on which the two models of a pair predict the same class. Without
        predictions, all images count.
    units : dict, optional
        From an image to its unit, numbered from 0.

    Raises
    ------
    InputError
        If a pair is in no file, or two files hold different images.
    """
    names = tuple(sorted(names))
    first, second = np.triu_indices(len(names), 1)
    parts = {path: wanted_cells(block, names) for path, block in blocks.items()}
    parts = {path: part for path, part in parts.items() if len(part[0])}
    lacking = np.ones(len(first), bool)
    for pairs, _, _ in parts.values():
        lacking[pairs] = False
    if lacking.any():
        one, other = (names[side[lacking][0]] for side in (first, second))
        raise InputError(
            f"{key.method}, {key.metric}: no file of pairs holds {one} and {other}; give the file "
            "that compare_models writes for them"
        )
    if not parts:
        raise InputError(f"{key.method}, {key.metric}: needs at least two models to compare")
    images_path = next(iter(parts))
    images, partners = blocks[images_path]["images"].tolist(), blocks[images_path]["partners"]
    values = np.full((len(images), len(first)), np.nan)
    chance = np.full((*partners.shape, len(first)), np.nan)
    for path, (pairs, rows, columns) in parts.items():
        io.same_images(images, blocks[path]["images"].tolist(), images_path, path)
        values[:, pairs] = blocks[path]["values"][:, rows, columns]
        chance[:, :, pairs] = blocks[path]["chance"][:, :, rows, columns]
    if predictions:
        check_classes(predictions)
        values = agreeing_only(values, predicted_classes(predictions, images))
    counts = np.isfinite(values)
    chance[~(counts & counts[partners])] = np.nan
    numbers = np.array([units[image] for image in images] if units else range(len(images)))
    # A near-copy is no other image, where there are others.
    if (others := numbers[partners] != numbers).any():
        chance[~others] = np.nan
    return ImageTable(values, chance, tuple(images), names, key, numbers, partners)


def without_dead(table: ImageTable, dead: Sequence[str]) -> ImageTable:
    """Return the part of a table without the models all of whose maps are zero.

    Raises
    ------
    InputError
        If no model is left.
    """
    if dead:
        print(f"{', '.join(dead)}: left out, since all maps by {table.key.method} are zero")
    if set(table.names) <= set(dead):
        raise InputError(
            f"{table.key.method}: all maps of all models are zero, so that there is nothing to "
            "compare; leave the method out, or give other maps"
        )
    return table.without(dead)


def wanted_cells(
    block: Mapping[str, np.ndarray], names: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the indices of the pairs of some models that a block holds, and their rows and columns
    in the block, each of shape (k,).
    """
    a, b = block["a"].tolist(), block["b"].tolist()
    index = {name: number for number, name in enumerate(names)}
    pairs = np.full((len(a), len(b)), -1)
    rows, columns = ([i for i, name in enumerate(side) if name in index] for side in (a, b))
    pairs[np.ix_(rows, columns)] = pair_numbers(len(names))[
        np.ix_([index[a[row]] for row in rows], [index[b[column]] for column in columns])
    ]
    if a == b:
        # Within one block, chance values are above the diagonal alone.
        pairs[np.tril_indices(len(a))] = -1
    in_rows, in_columns = np.nonzero(pairs >= 0)
    return pairs[in_rows, in_columns], in_rows, in_columns


def agreeing_only(values: np.ndarray, classes: np.ndarray) -> np.ndarray:
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
