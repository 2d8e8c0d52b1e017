"""Dissimilarities of models: a matrix with its names, its key and its bootstrap replicates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from lookalike.core import io
from lookalike.core.condensed import condensed, select_pairs
from lookalike.core.types import StrPath


class Key(NamedTuple):
    """What a matrix is about: method, metric, and subset of the images."""

    method: str
    metric: str
    subset: str = "all"


@dataclass(frozen=True, eq=False)
class Dissimilarities:
    """A dissimilarity matrix with all that belongs to it.

    Attributes
    ----------
    values : ndarray, shape (m, m)
        Symmetric, 0 on the diagonal, NaN where a dissimilarity is not known.
    names : tuple of str
        Of the m models.
    key : Key
        Method, metric and subset.
    replicates : ndarray, shape (B, pairs)
        Bootstrap replicates, pairs in the order of `np.triu_indices`; B is 0 for a user-supplied
        matrix.
    halves : ndarray, shape (splits, 2, pairs), or None
        Dissimilarities of random halves of the images; None where they are not known.
    n : ndarray, shape (m, m), or None
        Number of images behind each dissimilarity; None where it is not known.
    units : ndarray, shape (m, m), or None
        Number of units of images behind each dissimilarity, which the replicates draw; None where
        it is not known.
    """

    values: np.ndarray
    names: tuple[str, ...]
    key: Key
    replicates: np.ndarray
    halves: np.ndarray | None = None
    n: np.ndarray | None = None
    units: np.ndarray | None = None

    def __len__(self) -> int:
        """Return the number of models."""
        return len(self.names)

    @property
    def condensed(self) -> np.ndarray:
        """The values above the diagonal, shape (pairs,)."""
        return condensed(self.values)

    @cached_property
    def complete_replicates(self) -> np.ndarray:
        """The replicates in which every dissimilarity is known, shape (b, pairs)."""
        return self.replicates[np.isfinite(self.replicates).all(axis=1)]

    @property
    def images(self) -> int | None:
        """The largest number of images behind a dissimilarity; None where it is not known."""
        if self.n is None:
            return None
        numbers = condensed(self.n)
        known = numbers[np.isfinite(numbers)]
        return int(known.max(initial=0)) if len(known) or not len(numbers) else None

    def units_of(self, one: str, other: str) -> float | None:
        """Return the number of units of images behind a dissimilarity; None if it is not known."""
        if self.units is None:
            return None
        return float(self.units[self.names.index(one), self.names.index(other)])

    @property
    def fewest_units(self) -> int | None:
        """The smallest number of units of images behind a dissimilarity; None if unknown."""
        if self.units is None:
            return None
        numbers = condensed(self.units)
        return int(numbers.min()) if len(numbers) and np.isfinite(numbers).all() else None

    @property
    def is_given(self) -> bool:
        """Whether it is user-supplied: then there are no values of single images to resample."""
        return not len(self.replicates)

    def of(self, names: Iterable[str]) -> Dissimilarities:
        """Return the part of some models, in the order given."""
        chosen = tuple(names)
        if chosen == self.names:
            return self
        indices = [self.names.index(name) for name in chosen]
        square = np.ix_(indices, indices)
        return replace(
            self,
            values=self.values[square],
            names=chosen,
            replicates=select_pairs(self.replicates, indices),
            halves=None if self.halves is None else select_pairs(self.halves, indices),
            n=None if self.n is None else self.n[square],
            units=None if self.units is None else self.units[square],
        )

    def without(self, names: Iterable[str]) -> Dissimilarities:
        """Return the part that remains without some models, which need not be in it."""
        left_out = set(names)
        return self.of(name for name in self.names if name not in left_out)

    def without_unknown(self) -> Dissimilarities:
        """Leave out models until all values are known, each time the one with most unknown ones."""
        kept = list(range(len(self)))
        while (unknown := np.isnan(self.values[np.ix_(kept, kept)]).sum(axis=1)).any():
            left_out = kept.pop(int(unknown.argmax()))
            count = unknown.max()
            print(f"{self.names[left_out]} is left out: {count} of its dissimilarities are unknown")
        return self.of(self.names[index] for index in kept)


def read_dissimilarities(
    matrix: StrPath, bootstrap: StrPath, key: Iterable[str], n: StrPath | None = None
) -> Dissimilarities:
    """Read what `aggregate_matrix` or `import_matrix` wrote.

    Parameters
    ----------
    matrix : path
        `dissimilarity.csv`.
    bootstrap : path
        `bootstrap.npz`: `dissimilarity` (B, pairs), `models`, and where there are images `halves`
        (splits, 2, pairs) and `units` (m, m).
    key : (str, str, str)
        Method, metric and subset.
    n : path, optional
        `n.csv`.
    """
    values, names = io.read_matrix(matrix)
    arrays = io.read_arrays(bootstrap)
    numbers = None if n is None else io.read_matrix(n)[0]
    halves, units = arrays.get("halves"), arrays.get("units")
    return Dissimilarities(
        values, tuple(names), Key(*key), arrays["dissimilarity"], halves, numbers, units
    )


def write_bootstrap(path: StrPath, matrix: Dissimilarities) -> None:
    """Write replicates, halves and numbers of units as .npz, for `read_dissimilarities`."""
    given = {"halves": matrix.halves, "units": matrix.units}
    known = {name: array for name, array in given.items() if array is not None}
    io.write_arrays(path, dissimilarity=matrix.replicates, **known, models=matrix.names)
