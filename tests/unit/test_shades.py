"""Shades: noise has one, what differs clearly has several, and nothing else changes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.compare.shades import grouped, reach_of_noise, shades
from lookalike.core.condensed import condensed, square


def drawn(means, rng, images=60, noise=0.1, resamples=300):
    """Return a matrix of the means of noisy images, with its bootstrap replicates."""
    table = means + noise * rng.standard_normal((images, len(means)))
    draws = rng.integers(0, images, (resamples, images))
    models = round((1 + np.sqrt(1 + 8 * len(means))) / 2)
    names = tuple(f"m{number}" for number in range(models))
    return Dissimilarities(
        square(table.mean(axis=0), models), names, Key("ig", "cosine"), table[draws].mean(axis=1)
    )


@pytest.mark.parametrize("cells", [3, 10, 45, 190])
def test_noise_alone_has_one_shade_in_most_matrices(cells):
    rng = np.random.default_rng(0)
    one = [np.ptp(condensed(shades(drawn(np.full(cells, 0.1), rng)))) == 0 for _ in range(100)]
    assert sum(one) >= 88


def test_what_differs_clearly_has_shades_of_its_own():
    rng = np.random.default_rng(1)
    means = np.repeat([0.1, 0.3, 0.6], 15)
    matrix = drawn(means, rng)
    found = condensed(shades(matrix))
    for level in (0.1, 0.3, 0.6):
        own = found[means == level]
        assert len(set(own)) == 1 and own[0] == pytest.approx(
            matrix.condensed[means == level].mean()
        )
    assert np.ptp(matrix.condensed[:15]) > 0


def test_user_supplied_values_stay_as_they_are():
    values = square(np.array([0.1, 0.11, np.nan]), 3)
    matrix = Dissimilarities(values, ("a", "b", "c"), Key("given", "x"), np.empty((0, 3)))
    np.testing.assert_array_equal(shades(matrix), values)


def test_an_unknown_cell_stays_unknown_and_the_others_have_shades():
    rng = np.random.default_rng(2)
    matrix = drawn(np.array([0.1, 0.1, 0.9, 0.9, 0.1, 0.9]), rng, images=400)
    matrix.values[0, 1] = matrix.values[1, 0] = np.nan
    matrix.replicates[:, 0] = np.nan
    found = condensed(shades(matrix))
    assert np.isnan(found[0]) and (found[1:].round(1) == [0.1, 0.9, 0.9, 0.1, 0.9]).all()


def test_noise_is_as_far_as_the_largest_of_many_normal_deviations():
    rng = np.random.default_rng(3)
    noise = rng.standard_normal((4000, 100)) * np.linspace(1, 2, 100)
    # The 95% quantile of the largest of 100 absolute deviations is 3.48; beside each deviation
    # stands the error of a second cell.
    same = noise / np.linspace(1, 2, 100)
    assert reach_of_noise(same, np.ones(100)) == pytest.approx(3.48 / np.sqrt(2), abs=0.1)


def test_a_cell_with_little_noise_stays_apart_from_noisy_ones():
    rng = np.random.default_rng(5)
    means = np.array([0.02, *np.full(9, 0.12), *np.full(5, 0.5)])
    noise = np.array([0.002, *np.full(9, 0.1), *np.full(5, 0.3)])
    matrix = drawn(means, rng, noise=noise)
    found = condensed(shades(matrix))
    assert found[0] == matrix.condensed[0] and len(set(found[1:10])) == 1
    assert len(set(found)) == 3


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=2, max_size=60), st.integers(1, 500), st.booleans())
def test_groups_are_runs_of_values_whose_means_are_apart(numbers, distance, reverse):
    values = np.array(sorted(numbers, reverse=reverse), float)
    noise = np.full(len(values), 0.5)
    found = grouped(values, noise, float(distance))
    assert found.mean() == pytest.approx(values.mean())
    order = np.argsort(values, kind="stable")
    assert (np.diff(found[order]) >= -1e-9).all()
    assert (np.diff(np.unique(found.round(9))) > distance - 1e-6).all()
    again = grouped(values + 5, noise, float(distance))
    np.testing.assert_allclose(again, found + 5)


def test_many_cells_are_grouped_by_their_neighbours_first():
    rng = np.random.default_rng(4)
    values = np.concatenate([rng.normal(0.2, 0.01, 30_000), rng.normal(0.8, 0.01, 20_000)])
    found = grouped(values, np.full(50_000, 0.01**2), 4.0)
    assert sorted(set(found.round(3))) == [0.2, 0.8]
