"""What main effects are by the laws of the metrics: recovered where there is nothing else."""

import numpy as np
import pytest

from lookalike.compare import laws
from lookalike.core import registry
from lookalike.core.condensed import condensed, square


def pairs_of(numbers, together):
    return condensed(together.outer(numbers, numbers))


@pytest.mark.parametrize("law", ["product", "squares", "angles"])
def test_nothing_is_left_where_the_law_holds(law):
    rng = np.random.default_rng(0)
    far, shared = rng.uniform(0.4, 0.5, 7), rng.uniform(0.3, 0.6, 7)
    chance, near = pairs_of(far, np.add), pairs_of(shared, np.multiply)
    inverse = {
        "product": lambda found: found,
        "squares": np.sqrt,
        "angles": lambda found: np.arccos(1 - found) / np.pi,
    }[law]
    chance, dissimilarities = inverse(chance)[None], inverse(chance - near)[None]
    np.testing.assert_allclose(laws.residuals(dissimilarities, chance, law), 0, atol=1e-7)
    np.testing.assert_allclose(
        laws.fitted(dissimilarities, chance, law), dissimilarities, atol=1e-7
    )


def test_two_models_that_are_nearer_than_others_are_left():
    chance = np.ones((1, 15))
    dissimilarities = 1 - pairs_of(np.linspace(0.4, 0.9, 6), np.multiply)[None]
    dissimilarities[0, 4] -= 0.1
    left = laws.residuals(dissimilarities, chance, "product")
    assert left.argmin() == 4 and left[0, 4] < -0.04


@pytest.mark.parametrize("models", [4, 9])
def test_products_have_the_sums_of_each_model(models):
    rng = np.random.default_rng(models)
    several = rng.uniform(0.1, 0.9, (3, models * (models - 1) // 2))
    for found, one in zip(laws.products(several), several, strict=True):
        np.testing.assert_allclose(
            square(found, models).sum(axis=1), square(one, models).sum(axis=1), rtol=1e-6
        )


def test_both_of_two_groups_that_share_nothing_are_left():
    groups = np.arange(6) // 3
    shared = condensed(np.where(groups[:, None] == groups, 0.7, 0.0))
    left = laws.residuals(1 - shared[None], np.ones((1, 15)), "product")[0]
    assert (left[shared > 0] < -0.3).all() and (left[shared == 0] > 0.2).all()


def test_models_that_share_less_than_nothing_share_nothing():
    found = laws.products(np.full((1, 6), -0.1))
    np.testing.assert_array_equal(found, 0)
    mixed = laws.products(np.array([[0.5, 0.5, -0.2, 0.5, -0.2, -0.2]]))
    assert square(mixed[0], 4)[3].max() == 0 and np.isfinite(mixed).all()


def test_sums_and_main_effects_are_those_of_least_squares():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(2, 10))
    rows, columns = np.triu_indices(5, 1)
    design = np.ones((10, 6))
    design[:, 1:] = (np.arange(5) == rows[:, None]) | (np.arange(5) == columns[:, None])
    expected = design @ np.linalg.lstsq(design, values.T, rcond=None)[0]
    np.testing.assert_allclose(laws.sums(values), expected.T, atol=1e-12)
    effects = laws.main_effects(values)
    np.testing.assert_allclose(effects.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(
        effects[:, rows] + effects[:, columns] + values.mean(axis=1, keepdims=True), expected.T
    )


@pytest.mark.parametrize("name", registry.names("metric"))
def test_cards_name_a_law_or_none(name):
    assert registry.get("metric", name).law in (*laws.LAWS, "")
