"""Principal coordinates: projections of a dissimilarity matrix onto a plane."""

from collections.abc import Sequence

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.core.condensed import square
from lookalike.core.types import Row

COLUMNS = ("model", "component", "coordinate", "explained", "deviation", "correlation")
# Of a normal distribution in the plane, 95% lie within this many standard deviations: the root of
# chi-squared's quantile.
REACH = np.sqrt(-2 * np.log(0.05))


def classical_scaling(matrix: np.ndarray, components: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Return principal coordinates of models: points whose Euclidean distances approximate the
    dissimilarities.

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
    components : int

    Returns
    -------
    coordinates : ndarray, shape (m, components)
        The sign of each is fixed so that its largest entry is positive.
    explained : ndarray, shape (components,)
        Share of the positive eigenvalues' sum.

    References
    ----------
    Gower 1966, doi:10.1093/biomet/53.3-4.325
    """
    centring = np.eye(len(matrix)) - 1 / len(matrix)
    eigenvalues, vectors = np.linalg.eigh(-0.5 * centring @ matrix**2 @ centring)
    order = np.argsort(eigenvalues)[::-1][:components]
    # What rounding leaves of a zero must not be scaled up to a coordinate.
    positive = np.where(eigenvalues > 1e-12 * np.abs(eigenvalues).max(initial=0), eigenvalues, 0)
    total = positive.sum()
    coordinates = np.zeros((len(matrix), components))
    explained = np.zeros(components)
    for component, index in enumerate(order):
        vector = vectors[:, index]
        coordinates[:, component] = (
            vector * np.sign(vector[np.abs(vector).argmax()]) * np.sqrt(positive[index])
        )
        explained[component] = positive[index] / total if total > 0 else 0.0
    return coordinates, explained


def resampled_covariances(coordinates: np.ndarray, matrix: Dissimilarities) -> np.ndarray:
    """Return how the coordinates of models vary over bootstrap replicates.

    Each replicate is scaled by itself, then turned and mirrored so that it fits the coordinates
    best.

    Parameters
    ----------
    coordinates : ndarray, shape (m, 2)
        Of `classical_scaling`.
    matrix : Dissimilarities
        Replicates with an unknown value are left out.

    Returns
    -------
    ndarray, shape (m, 2, 2)
        Around the coordinates; NaN where no replicate is complete.

    References
    ----------
    Jacoby and Armstrong 2014, doi:10.1111/ajps.12056
    """
    complete = matrix.complete_replicates
    if not len(complete):
        return np.full((len(coordinates), 2, 2), np.nan)
    total = np.zeros((len(coordinates), 2, 2))
    for replicate in complete:
        shift = (
            turn(classical_scaling(square(replicate, len(coordinates)))[0], coordinates)
            - coordinates
        )
        total += shift[:, :, None] * shift[:, None, :]
    return total / len(complete)


def turn(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Turn and mirror centred points (m, 2) so that they fit other points best (orthogonal
    Procrustes).
    """
    from scipy.linalg import orthogonal_procrustes

    return points @ orthogonal_procrustes(points, target)[0]


def ellipse_of(covariance: np.ndarray) -> tuple[float, float, float]:
    """Return width, height and angle (degrees) of the ellipse that holds 95% of a normal
    distribution in the plane.
    """
    variances, axes = np.linalg.eigh(covariance)
    height, width = 2 * REACH * np.sqrt(np.maximum(variances, 0))
    return float(width), float(height), float(np.degrees(np.arctan2(axes[1, 1], axes[0, 1])))


def describe_projection(
    coordinates: np.ndarray,
    explained: np.ndarray,
    covariances: np.ndarray,
    names: Sequence[str],
) -> list[Row]:
    """Return one row per model and component, with `COLUMNS`: `deviation` and `correlation` (of
    both components) over bootstrap replicates.
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
    """Return coordinates (m, 2), explained shares (2,) and covariances (m, 2, 2) of the rows of
    `describe_projection`.
    """
    coordinates, explained, deviations, correlations = (
        np.reshape([float(row[column]) for row in rows], (-1, 2))
        for column in ("coordinate", "explained", "deviation", "correlation")
    )
    covariances = deviations[:, :, None] * deviations[:, None, :]
    # Where one of the deviations is 0, there is no correlation.
    covariances[:, [0, 1], [1, 0]] *= np.nan_to_num(correlations)
    return coordinates, explained[0], covariances
