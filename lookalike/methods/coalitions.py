"""Coalitions of features, drawn in pairs, by leverage score and without replacement."""

from itertools import combinations
from math import comb

import numpy as np


class Coalitions:
    """Coalitions of features, each drawn together with its complement, whose number can grow.

    All coalitions of a size have the same leverage score, and the sum of these is the same for all
    sizes: so each size gets equally many pairs, as far as it has that many. Within a size, pairs
    are drawn without replacement. More pairs come on top of those that are there, and in the end
    each coalition is there once.

    Parameters
    ----------
    features : int
    rng : numpy.random.Generator

    Attributes
    ----------
    halves : ndarray, shape (pairs, features), bool
        The smaller coalition of each pair; the other one is its complement.

    Notes
    -----
    Musco and Witter 2024, arXiv:2410.01917. There, how many pairs of a size are drawn is random,
    with the same mean; fixed numbers add no variance, and are never more than asked for.
    """

    def __init__(self, features: int, rng: np.random.Generator) -> None:
        self.halves = np.empty((0, features), dtype=bool)
        self._rng = rng
        self._sizes = range(1, features // 2 + 1)
        # Two coalitions of half of the features make one pair.
        self._shares = [0.5 if 2 * size == features else 1.0 for size in self._sizes]
        self._available = [
            comb(features, size) // (1 if share == 1 else 2)
            for size, share in zip(self._sizes, self._shares, strict=True)
        ]
        self._seen: list[set[bytes]] = [set() for _ in self._sizes]

    @property
    def are_all(self) -> bool:
        """Whether every coalition is there."""
        return len(self.halves) == sum(self._available)

    def grow(self, pairs: int) -> np.ndarray:
        """Draw until there are so many pairs, or all; return the smaller ones of the new pairs."""
        counts = even_counts(pairs, self._available)
        new = [
            row
            for place, count in enumerate(counts)
            for row in self._draw(place, count - len(self._seen[place]))
        ]
        found = np.array(new, dtype=bool).reshape(-1, self.halves.shape[1])
        self.halves = np.concatenate([self.halves, found])
        return found

    def _draw(self, place: int, count: int) -> list[np.ndarray]:
        """Return new pairs of one size, drawn among those that are not there yet."""
        features, size = self.halves.shape[1], self._sizes[place]
        seen = self._seen[place]
        new: list[np.ndarray] = []
        listed = 2 * (len(seen) + count) > self._available[place]
        while len(new) < count:
            if listed:
                chosen = np.array(list(combinations(range(features), size)))
                self._rng.shuffle(chosen)
            else:
                chosen = self._rng.random((count - len(new), features)).argsort(axis=1)[:, :size]
            rows = np.zeros((len(chosen), features), dtype=bool)
            np.put_along_axis(rows, chosen, True, axis=1)
            if self._shares[place] < 1:
                rows ^= ~rows[:, :1]
            for row in rows:
                if len(new) < count and row.tobytes() not in seen:
                    seen.add(row.tobytes())
                    new.append(row)
        return new

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the weight of each pair in the regression, and the chance that it was drawn,
        shape (pairs,).

        The weight is that of KernelSHAP over this chance.
        """
        features, sizes = self.halves.shape[1], self.halves.sum(axis=1)
        weights, chances = np.zeros(features), np.zeros(features)
        for size, share, available, seen in zip(
            self._sizes, self._shares, self._available, self._seen, strict=True
        ):
            if seen:
                chances[size] = len(seen) / available
                weights[size] = (features - 1) * share / (size * (features - size) * len(seen))
        return weights[sizes], chances[sizes]


def even_counts(total: int, available: list[int]) -> list[int]:
    """Return how many of a total each class gets: equally many, as far as it has that many; what is
    left over goes to the first ones.
    """
    counts = [0] * len(available)
    left = min(total, sum(available))
    while left:
        open_ones = [place for place, most in enumerate(available) if counts[place] < most]
        each = max(1, left // len(open_ones))
        for place in open_ones:
            given = min(each, available[place] - counts[place], left)
            counts[place] += given
            left -= given
    return counts
