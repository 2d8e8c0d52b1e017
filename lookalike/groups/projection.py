"""Principal coordinates of a dissimilarity matrix, and how far they move over resamples."""

from collections.abc import Sequence

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.compare.resampling import widening
from lookalike.core.condensed import MANY_MODELS, square
from lookalike.core.types import Row

COLUMNS = ("model", "component", "coordinate", "explained", "deviation", "correlation")
# 95% of a normal distribution in the plane lie within this many standard deviations: the root of
# chi-squared's quantile.
REACH = np.sqrt(-2 * np.log(0.05))


def classical_scaling(values: np.ndarray, components: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Return principal coordinates: points whose Euclidean distances approximate dissimilarities.

    Parameters
    ----------
    values : ndarray, shape (m, m)
        Without unknown dissimilarities.
    components : int

    Returns
    -------
    coordinates : ndarray, shape (m, components)
        The sign of each component is fixed: its largest entry is positive.
    explained : ndarray, shape (components,)
        Share of the sum of the positive eigenvalues.

    References
    ----------
    Gower 1966, doi:10.1093/biomet/53.3-4.325
    """
    centring = np.eye(len(values)) - 1 / len(values)
    eigenvalues, vectors = np.linalg.eigh(-0.5 * centring @ values**2 @ centring)
    order = np.argsort(eigenvalues)[::-1][:components]
    # An eigenvalue that is 0 but for rounding must not become a coordinate.
    positive = np.where(eigenvalues > 1e-12 * np.abs(eigenvalues).max(initial=0), eigenvalues, 0)
    total = positive.sum()
    coordinates = np.zeros((len(values), components))
    explained = np.zeros(components)
    for component, index in enumerate(order):
        vector = vectors[:, index]
        coordinates[:, component] = (
            vector * np.sign(vector[np.abs(vector).argmax()]) * np.sqrt(positive[index])
        )
        explained[component] = positive[index] / total if total > 0 else 0.0
    return coordinates, explained


def resampled_covariances(coordinates: np.ndarray, matrix: Dissimilarities) -> np.ndarray:
    """Return how the models' principal coordinates vary over the bootstrap replicates of a matrix.

    The coordinates of each replicate are rotated and mirrored to lie as near as possible to those
    of the matrix.

    Parameters
    ----------
    coordinates : ndarray, shape (m, 2)
        Of the matrix, by `classical_scaling`.
    matrix : Dissimilarities
        Replicates with an unknown value are left out.

    Returns
    -------
    ndarray, shape (m, 2, 2)
        Covariances about the coordinates, widened for few units of images; NaN where no replicate
        is complete.

    References
    ----------
    Jacoby and Armstrong 2014, doi:10.1111/ajps.12056
    """
    complete = matrix.complete_replicates
    if not len(complete):
        return np.full((len(coordinates), 2, 2), np.nan)
    total = np.zeros((len(coordinates), 2, 2))
    for replicate in complete:
        resampled = scaled_near(square(replicate, len(coordinates)), coordinates)
        shift = turn(resampled, coordinates) - coordinates
        total += shift[:, :, None] * shift[:, None, :]
    units = matrix.fewest_units
    return total / len(complete) * (1 if units is None else widening(units) ** 2)


def scaled_near(values: np.ndarray, coordinates: np.ndarray) -> np.ndarray:
    """Return two principal coordinates of a replicate (m, m), given those of its matrix (m, 2).

    Of many models, the two largest eigenvalues alone are found, from where the matrix has them.
    """
    if len(values) <= MANY_MODELS:
        return classical_scaling(values)[0]
    from scipy.sparse.linalg import eigsh

    squares = values**2
    means = squares.mean(axis=0)
    inner = -0.5 * (squares - means - means[:, None] + means.mean())
    eigenvalues, vectors = eigsh(inner, 2, which="LA", v0=coordinates.sum(axis=1))
    return (vectors * np.sqrt(np.maximum(eigenvalues, 0)))[:, ::-1]


def turn(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Rotate and mirror centred points (m, 2) to lie as near as possible to a target (m, 2)."""
    from scipy.linalg import orthogonal_procrustes

    return points @ orthogonal_procrustes(points, target)[0]


def ellipse_of(covariance: np.ndarray) -> tuple[float, float, float]:
    """Return width, height and angle (degrees) of the ellipse that holds 95% of a normal
    distribution in the plane, given its covariance (2, 2).
    """
    variances, axes = np.linalg.eigh(covariance)
    height, width = 2 * REACH * np.sqrt(np.maximum(variances, 0))
    return float(width), float(height), float(np.degrees(np.arctan2(axes[1, 1], axes[0, 1])))


def describe_projection(
    coordinates: np.ndarray, explained: np.ndarray, covariances: np.ndarray, names: Sequence[str]
) -> list[Row]:
    """Return one row per model and component, with `COLUMNS`.

    `deviation` of the coordinate, and `correlation` of both, are over bootstrap replicates.
    """
    rows = []
    for name, point, covariance in zip(names, coordinates, covariances, strict=True):
        deviations = np.sqrt(covariance.diagonal())
        correlation = covariance[0, 1] / deviations.prod() if deviations.prod() > 0 else np.nan
        for component in range(len(explained)):
            cells = (
                name,
                component + 1,
                point[component],
                explained[component],
                deviations[component],
                correlation,
            )
            rows.append(dict(zip(COLUMNS, cells, strict=True)))
    return rows


def parse_projection(rows: Sequence[Row]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return coordinates (m, 2), explained shares (2,) and covariances (m, 2, 2) from the rows of
    `describe_projection`.
    """
    coordinates, explained, deviations, correlations = (
        np.reshape([float(row[column]) for row in rows], (-1, 2))
        for column in ("coordinate", "explained", "deviation", "correlation")
    )
    covariances = deviations[:, :, None] * deviations[:, None, :]
    # Where a deviation is 0, the correlation is not defined.
    covariances[:, [0, 1], [1, 0]] *= np.nan_to_num(correlations)
    return coordinates, explained[0], covariances
