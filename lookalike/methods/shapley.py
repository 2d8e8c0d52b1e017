"""Shapley values by a weighted regression over pairs of complementary coalitions."""

import numpy as np

from lookalike.methods.coalitions import Coalitions

# Of `samples: auto`, for each superpixel.
MOST_SAMPLES = 40


class Estimate:
    """Shapley values of the superpixels of one image, from the coalitions that are scored so far.

    Parameters
    ----------
    coalitions : Coalitions

    Attributes
    ----------
    values, errors : ndarray, shape (features,)
        As of `shapley_regression`.
    standard_error, relative_error : float
        As `kernelshap` reports them.
    """

    def __init__(self, coalitions: Coalitions) -> None:
        self._coalitions = coalitions
        self._features = coalitions.halves.shape[1]
        self._gain = np.nan
        self._gains = np.empty(0)

    @property
    def samples(self) -> int:
        """Number of coalitions, besides the full and the empty one."""
        return 2 * len(self._gains)

    def draw(self, pairs: int) -> np.ndarray:
        """Draw until there are so many pairs, or all, and return the coalitions to score."""
        halves = self._coalitions.grow(pairs)
        ends = np.repeat([[False], [True]], self._features, axis=1)
        return np.concatenate([ends[: 0 if len(self._gains) else 2], halves, ~halves])

    def add(self, scores: np.ndarray) -> None:
        """Take the scores of the coalitions that were drawn last."""
        if not len(self._gains):
            self._gain, scores = scores[1] - scores[0], scores[2:]
        smaller, larger = scores.reshape(2, -1)
        self._gains = np.append(self._gains, smaller - larger)
        self.values, self.errors = shapley_regression(self._coalitions, self._gains, self._gain)
        self.standard_error = np.sqrt(np.mean(self.errors**2))
        spread = np.sqrt(np.mean(self.values**2))
        self.relative_error = self.standard_error / spread if spread else 0.0

    def pairs_wanted(self, tolerance: float) -> int:
        """Return how many pairs a relative error takes, as far as these tell; 0 if it is reached,
        or no more may be drawn.
        """
        now, most = len(self._gains), MOST_SAMPLES * self._features // 2
        if self.relative_error <= tolerance or self._coalitions.are_all or now >= most:
            return 0
        # Errors fall with the root of the number; those of few coalitions are not well known.
        more = np.clip(np.nan_to_num(self.relative_error / tolerance, nan=2) ** 2, 1.1, 2)
        return min(int(more * now) + 1, most)


def shapley_regression(
    coalitions: Coalitions, gains: np.ndarray, gain: float
) -> tuple[np.ndarray, np.ndarray]:
    """Solve the weighted regression whose solution is the Shapley values, which sum to the gain.

    Parameters
    ----------
    coalitions : Coalitions
    gains : ndarray, shape (pairs,)
        Score of each pair's smaller coalition, less that of its complement.
    gain : float
        Score of the full coalition, less that of the empty one.

    Returns
    -------
    values, errors : ndarray, shape (features,)
        Standard errors are 0 where all coalitions are used, and NaN where there are too few to know
        them; the values are then those nearest to one another that fit.
    """
    halves = coalitions.halves
    pairs, features = halves.shape
    equal = np.full(features, gain / features)
    if not pairs:
        return equal, np.zeros(features)
    weights, chances = coalitions.weights()
    # Of the two equations of a pair only their difference matters. In a design whose rows sum to 0,
    # the values' differences from an equal share are free of the constraint.
    shares = halves.mean(axis=1)
    design = halves - shares[:, None]
    response = gains / 2 - (shares - 0.5) * gain
    inverse = np.linalg.pinv(design.T @ (weights[:, None] * design), rcond=1e-10, hermitian=True)
    apart = inverse @ (design.T @ (weights * response))
    if coalitions.are_all:
        return equal + apart, np.zeros(features)
    leverage = weights * np.einsum("ij,jk,ik->i", design, inverse, design)
    drawn = chances < 1
    if np.linalg.matrix_rank(design) < features - 1 or (leverage[drawn] > 1 - 1e-6).any():
        return equal + apart, np.full(features, np.nan)
    # Each pair is one observation, whose own influence on the fit (its leverage) makes its residual
    # too small: this is the jackknife (HC3). Pairs that are sure to be drawn add no error.
    residuals = weights * (response - design @ apart)
    residuals[drawn] *= np.sqrt(1 - chances[drawn]) / (1 - leverage[drawn])
    residuals[~drawn] = 0
    influence = (residuals[:, None] * design) @ inverse
    return equal + apart, np.sqrt((influence**2).sum(axis=0))
