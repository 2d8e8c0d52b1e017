"""Projections of dissimilarity matrices, and how far models move when the images are resampled."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.patches import Ellipse
from scipy.spatial import procrustes
from scipy.stats import chi2

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.core.condensed import condensed, square
from lookalike.groups import projection


def random_matrix(models=8, seed=0):
    return square(np.random.default_rng(seed).uniform(0.2, 1, models * (models - 1) // 2), models)


def with_replicates(matrix, replicates):
    names = tuple(f"m{index:02}" for index in range(len(matrix)))
    return Dissimilarities(matrix, names, Key("gradcam", "ssim"), np.asarray(replicates))


def test_classical_scaling_reproduces_distances_in_a_plane():
    points = np.random.default_rng(4).normal(size=(7, 2)) * [3, 1]
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    coordinates, explained = projection.classical_scaling(distances)
    np.testing.assert_allclose(
        np.linalg.norm(coordinates[:, None] - coordinates, axis=2), distances, rtol=0, atol=1e-9
    )
    np.testing.assert_allclose(coordinates.mean(axis=0), 0, rtol=0, atol=1e-9)
    assert explained.sum() == pytest.approx(1, abs=1e-9)
    assert explained[0] > explained[1]


def test_explained_is_the_share_of_the_variance():
    points = np.random.default_rng(5).normal(size=(9, 3))
    _, explained = projection.classical_scaling(np.linalg.norm(points[:, None] - points, axis=2))
    variances = np.linalg.eigvalsh(np.cov(points.T))[::-1]
    np.testing.assert_allclose(explained, variances[:2] / variances.sum(), rtol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_sign_of_every_component_is_fixed(seed):
    coordinates, _ = projection.classical_scaling(random_matrix(seed=seed))
    assert (coordinates[np.abs(coordinates).argmax(axis=0), [0, 1]] > 0).all()


def test_collinear_and_equal_models_have_no_second_component():
    line = np.array([0.0, 1.0, 5.0])
    coordinates, explained = projection.classical_scaling(np.abs(line[:, None] - line))
    np.testing.assert_array_equal(coordinates[:, 1], 0)
    np.testing.assert_allclose(explained, [1, 0], rtol=0, atol=1e-12)
    coordinates, explained = projection.classical_scaling(np.zeros((3, 3)))
    np.testing.assert_array_equal(coordinates, 0)
    np.testing.assert_array_equal(explained, 0)


def test_a_table_of_a_projection_is_read_as_it_was_written():
    covariances = np.array([[[4.0, 1.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, 9.0]]])
    rows = projection.describe_projection(
        np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.7, 0.2]), covariances, ["ant", "bee"]
    )
    assert [tuple(row) for row in rows] == [projection.COLUMNS] * 4
    assert [tuple(row.values())[:5] for row in rows] == [
        ("ant", 1, 1.0, 0.7, 2.0),
        ("ant", 2, 2.0, 0.2, 1.0),
        ("bee", 1, 3.0, 0.7, 0.0),
        ("bee", 2, 4.0, 0.2, 3.0),
    ]
    parsed = projection.parse_projection(
        [{name: str(value) for name, value in row.items()} for row in rows]
    )
    for found, expected in zip(parsed, ([[1, 2], [3, 4]], [0.7, 0.2], covariances), strict=True):
        np.testing.assert_allclose(found, expected)


def test_turning_equals_procrustes_without_scaling():
    points, target = np.random.default_rng(0).normal(size=(2, 7, 2))
    points, target = points - points.mean(axis=0), target - target.mean(axis=0)
    turned = projection.turn(points, target)
    # SciPy scales, too: of unit size before, and by the singular values' sum after.
    expected_target, expected, _ = procrustes(target, points)
    np.testing.assert_allclose(
        turned / np.linalg.norm(turned), expected / np.linalg.norm(expected), atol=1e-12
    )
    np.testing.assert_allclose(expected_target, target / np.linalg.norm(target), atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(turned, axis=1), np.linalg.norm(points, axis=1))


def test_covariances_are_those_of_points_that_move_in_the_plane():
    rng = np.random.default_rng(1)
    points = rng.normal(size=(12, 2)) * 5
    spread = np.array([[0.02, 0.01], [0.01, 0.03]])
    moved = points + (rng.normal(size=(600, 12, 2)) @ np.linalg.cholesky(spread).T)
    replicates = np.array([condensed(np.linalg.norm(one[:, None] - one, axis=2)) for one in moved])
    matrix = np.linalg.norm(points[:, None] - points, axis=2)
    coordinates, _ = projection.classical_scaling(matrix)
    found = projection.resampled_covariances(coordinates, with_replicates(matrix, replicates))
    # The plane of the coordinates is that of the points, turned.
    turning = np.linalg.lstsq(points - points.mean(axis=0), coordinates, rcond=None)[0]
    # Placing and turning take up some of what moves: 3 of 24 degrees of freedom.
    np.testing.assert_allclose(
        found.mean(axis=0), turning.T @ spread @ turning * (1 - 3 / 24), atol=0.002
    )


def test_ellipses_are_wider_for_few_units_of_images():
    matrix = random_matrix(6)
    rng = np.random.default_rng(3)
    replicates = condensed(matrix) + 0.01 * rng.normal(size=(50, 15))
    coordinates, _ = projection.classical_scaling(matrix)
    known = with_replicates(matrix, replicates)
    few = replace(known, units=np.full((6, 6), 8))
    plain, wide = (projection.resampled_covariances(coordinates, one) for one in (known, few))
    # (8 / 7) x (2.365 / 1.960)^2, of Student's t with 7 degrees of freedom.
    np.testing.assert_allclose(wide, plain * 1.663, rtol=1e-3)


def test_equal_replicates_move_nothing_and_none_say_nothing():
    matrix = random_matrix(6)
    coordinates, _ = projection.classical_scaling(matrix)
    np.testing.assert_allclose(
        projection.resampled_covariances(
            coordinates, with_replicates(matrix, np.tile(condensed(matrix), (3, 1)))
        ),
        0,
        atol=1e-20,
    )
    for nothing in (np.full((3, 15), np.nan), np.empty((0, 15))):
        found = projection.resampled_covariances(coordinates, with_replicates(matrix, nothing))
        assert np.isnan(found).all()


def test_ellipses_hold_95_percent_of_a_normal_distribution():
    covariance = np.array([[3.0, 1.2], [1.2, 1.0]])
    width, height, angle = projection.ellipse_of(covariance)
    draws = np.random.default_rng(2).multivariate_normal([0, 0], covariance, size=20_000)
    inside = Ellipse((0, 0), width, height, angle=angle).contains_points(draws)
    assert inside.mean() == pytest.approx(0.95, abs=0.005)
    assert width * height / 4 == pytest.approx(
        chi2.ppf(0.95, 2) * np.sqrt(np.linalg.det(covariance))
    )


def test_two_models_lie_on_a_line():
    matrix = square([0.5], 2)
    coordinates, explained = projection.classical_scaling(matrix)
    assert abs(coordinates[0, 0] - coordinates[1, 0]) == pytest.approx(0.5)
    np.testing.assert_array_equal(explained, [1, 0])
    covariances = projection.resampled_covariances(
        coordinates, with_replicates(matrix, [[0.4], [0.6]])
    )
    np.testing.assert_allclose(covariances[:, 0, 0], 0.05**2)
