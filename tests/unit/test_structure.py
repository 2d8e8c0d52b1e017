"""The test of structure: silhouettes against scikit-learn, permutations within images, planted
groups found and noise let be.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import cut_tree
from sklearn.metrics import silhouette_score
from test_calibration import MODELS, plant, table_of

from lookalike.compare.image_table import agreeing_only
from lookalike.core.condensed import condensed, square
from lookalike.groups.trees import link
from lookalike.inference.structure import (
    permute,
    silhouettes,
    split_half_reliability,
    statistics,
    structure_test,
)

few_examples = settings(max_examples=50, deadline=None, derandomize=True, database=None)


@few_examples
@given(st.integers(0, 10_000), st.integers(4, 14))
def test_silhouettes_equal_those_of_scikit_learn(seed, models):
    points = np.random.default_rng(seed).normal(size=(models, 3))
    matrix = np.linalg.norm(points[:, None] - points[None], axis=-1)
    most = min(models - 1, 10)
    labels = cut_tree(link(matrix), n_clusters=range(2, most + 1)).T
    expected = [silhouette_score(matrix, one, metric="precomputed") for one in labels]
    np.testing.assert_allclose(silhouettes(matrix, most), expected, atol=1e-12)


def test_models_are_permuted_in_every_image_by_itself():
    rng = np.random.default_rng(0)
    values = rng.random((50, 10))
    values[3, 4] = np.nan
    shuffled = permute(values, 5, rng)
    np.testing.assert_array_equal(np.sort(shuffled, axis=1), np.sort(values, axis=1))
    moved = [tuple(np.argsort(np.argsort(row))) for row in shuffled - values]
    assert len(set(moved)) > 40
    for before, after in zip(values, shuffled, strict=True):
        # Every model keeps its set of dissimilarities, under another name.
        rows = [sorted(np.sort(square(one, 5)).tolist(), key=str) for one in (before, after)]
        assert str(rows[0]) == str(rows[1])


def test_a_model_that_differs_from_all_others_is_structure():
    values = plant(np.random.default_rng(1), 1, 0.3, 0.3, images=32)
    values[:, : MODELS - 1] += 0.2
    found = structure_test(table_of(values), "mean", 99, 0)
    assert found["variance_p"] == 0.01


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (
            np.random.default_rng(0).random((8, 3)),
            "needs at least 4 independent models; found 3",
        ),
        (np.random.default_rng(0).random((1, 6)), "with n = 1 image nothing can be concluded"),
        (np.full((8, 6), 0.5), "all dissimilarities between models are equal"),
        (
            np.where(np.arange(6) == 2, np.nan, np.random.default_rng(0).random((8, 6))),
            "some dissimilarities between models are not known",
        ),
    ],
)
def test_what_cannot_be_tested_is_said(values, reason):
    found = structure_test(table_of(values), "mean", 19, 0)
    assert (
        found["untested"] == reason
        and np.isnan(found["variance_p"])
        and np.isnan(found["silhouette_p"])
    )


@pytest.mark.parametrize("aggregate", ["mean", "mean_std"])
def test_unknown_values_of_single_images_are_carried_along(aggregate):
    values = plant(np.random.default_rng(2), 3, 0.5, 0.2, images=40)
    values[np.random.default_rng(0).random(values.shape) < 0.1] = np.nan
    found = structure_test(table_of(values), aggregate, 99, 0)
    assert found["groups"] == 3 and found["silhouette_p"] == 0.01
    assert structure_test(table_of(values), aggregate, 99, 0) == found


@pytest.mark.parametrize(
    "accuracies", [(0.3,) + (0.95,) * 7, (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.95)]
)
def test_models_that_few_images_count_for_are_no_structure(accuracies):
    rng, found = np.random.default_rng(3), []
    for draw in range(150):
        classes = np.where(rng.random((30, 8)) < accuracies, 0, rng.integers(1, 5, (30, 8)))
        values = agreeing_only(rng.normal(0.5, 0.1, (30, 28)), classes)
        found.append(structure_test(table_of(values), "mean", 19, draw))
    for name in ("variance_p", "silhouette_p"):
        assert np.nanmean([one[name] <= 0.05 for one in found if not one["untested"]]) <= 0.09, name


def test_statistics_of_two_clear_groups():
    matrix = np.where(np.arange(6)[:, None] // 3 == np.arange(6) // 3, 0.1, 0.9)
    np.fill_diagonal(matrix, 0)
    variance, silhouette, groups = statistics(condensed(matrix), 6)
    assert (groups, silhouette) == (2, pytest.approx(0.8 / 0.9)) and variance == pytest.approx(
        condensed(matrix).var()
    )


def test_reliability_foretells_the_correlation_with_other_images():
    rng = np.random.default_rng(4)
    foretold, met = [], []
    for draw in range(30):
        true = rng.normal(size=66)
        first, second = (true + 4 * rng.normal(size=(40, 66)) for _ in range(2))
        foretold.append(split_half_reliability(first, "mean", draw))
        met.append(np.corrcoef(first.mean(axis=0), second.mean(axis=0))[0, 1])
    assert 0.6 < np.mean(met) < 0.8
    assert np.mean(foretold) == pytest.approx(np.mean(met), abs=0.03)


@pytest.mark.parametrize(
    "values",
    [
        np.ones((3, 6)),
        np.ones((8, 2)),
        np.ones((8, 6)),
        np.where(np.arange(6) == 1, np.nan, np.random.default_rng(0).random((8, 6))),
    ],
)
def test_reliability_is_not_known_of_few_images_pairs_or_values(values):
    assert np.isnan(split_half_reliability(values, "mean", 0))
