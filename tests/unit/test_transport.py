"""The transport solver: the optimal cost, against POT's solver and by what must hold of any
transport.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from ot import emd2
from scipy.ndimage import gaussian_filter
from scipy.spatial.distance import cdist

from lookalike.metrics.compiled.network_simplex import coarser, transport_cost

RNG = np.random.default_rng(0)
many_examples = settings(max_examples=150, deadline=None, derandomize=True, database=None)


def peer(p, q):
    """Return POT's cost, of all the mass."""
    cells = np.argwhere(np.ones(p.shape))
    return emd2(p.ravel(), q.ravel(), cdist(cells, cells), numItermax=10_000_000)


def discs(shape, seed):
    """Return two discs of the same size: many equal masses."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(shape)
    return np.stack(
        [
            np.hypot(rows - rng.integers(6, shape[0] - 6), columns - rng.integers(6, shape[1] - 6))
            < 6
            for _ in range(2)
        ]
    ).astype(float)


KINDS = {
    "noise": lambda shape, seed: np.random.default_rng(seed).random((2, *shape)),
    "smooth": lambda shape, seed: np.abs(
        gaussian_filter(np.random.default_rng(seed).normal(size=(2, *shape)), (0, 3, 3))
    ),
    "discs": discs,
    "few values": lambda shape, seed: (
        np.random.default_rng(seed).integers(0, 3, (2, *shape)).astype(float)
    ),
    "mirrored peaks": lambda shape, seed: np.stack(
        [peaks := np.random.default_rng(seed).random(shape) ** 20, peaks[::-1, ::-1]]
    ),
    "against uniform": lambda shape, seed: np.stack(
        [np.random.default_rng(seed).random(shape) ** 8, np.ones(shape)]
    ),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shape", [(28, 28), (13, 22), (29, 17)], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_cost_equals_pots(kind, shape, seed):
    p, q = (mass / mass.sum() for mass in KINDS[kind](shape, seed))
    assert transport_cost(p - q) == pytest.approx(peer(p, q), abs=1e-12)


@many_examples
@given(
    masses=st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(
        lambda shape: arrays(np.int64, (2, *shape), elements=st.integers(0, 4))
    ),
)
def test_cost_equals_pots_on_any_small_grid_with_many_ties(masses):
    p, q = masses.astype(float)
    if p.any() and q.any():
        p, q = p / p.sum(), q / q.sum()
        assert transport_cost(p - q) == pytest.approx(peer(p, q), abs=1e-12)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (64, 3), (30, 30)], ids=str)
def test_a_single_heap_travels_its_distance(shape):
    for _ in range(5):
        origin, target = (tuple(int(RNG.integers(extent)) for extent in shape) for _ in range(2))
        surplus = np.zeros(shape)
        surplus[origin] += 0.25
        surplus[target] -= 0.25
        assert transport_cost(surplus) == pytest.approx(
            0.25 * np.hypot(origin[0] - target[0], origin[1] - target[1]), abs=1e-15
        )


def test_along_a_line_the_cost_is_that_of_the_sorted_masses():
    p, q = RNG.random((2, 1, 40))
    p, q = p / p.sum(), q / q.sum()
    assert transport_cost(p - q) == pytest.approx(np.abs(np.cumsum(p - q)).sum(), abs=1e-13)


def test_nothing_to_carry_costs_nothing():
    assert transport_cost(np.zeros((28, 28))) == 0
    p = RNG.random((28, 28))
    # What rounding leaves over is carried, or not, at no cost worth speaking of.
    assert transport_cost(p / p.sum() - (3 * p) / (3 * p).sum()) < 1e-14


@pytest.mark.parametrize("kind", KINDS)
def test_cost_does_not_change_with_direction_or_orientation_and_grows_with_the_mass(kind):
    p, q = (mass / mass.sum() for mass in KINDS[kind]((24, 24), 5))
    cost = transport_cost(p - q)
    for same in (q - p, (p - q).T.copy(), (p - q)[::-1].copy(), (p - q)[:, ::-1].copy()):
        assert transport_cost(same) == pytest.approx(cost, abs=1e-13)
    assert transport_cost(1e6 * (p - q)) == pytest.approx(1e6 * cost, rel=1e-12)
    assert transport_cost(1e-6 * (p - q)) == pytest.approx(1e-6 * cost, rel=1e-12)


def test_large_grids_end():
    p, q = (mass / mass.sum() for mass in KINDS["smooth"]((56, 56), 6))
    assert transport_cost(p - q) == pytest.approx(peer(p, q), abs=1e-11)


@pytest.mark.parametrize("shape", [(1, 1), (4, 6), (5, 7)], ids=str)
def test_coarser_grid_holds_the_sums_of_squares(shape):
    surplus = RNG.random(shape)
    padded = np.pad(surplus, [(0, extent % 2) for extent in shape])
    expected = padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2).sum(axis=(1, 3))
    np.testing.assert_allclose(coarser(surplus), expected, rtol=0, atol=1e-15)
