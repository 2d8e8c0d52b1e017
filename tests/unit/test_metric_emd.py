"""Earth mover's distance: the coarser grid, and the cost on it."""

import numpy as np
import pytest
from test_metrics import dissimilarities, smooth_maps

from lookalike.core import registry
from lookalike.core.errors import InputError
from lookalike.metrics.preparation import block_means


def naive_distribution(saliency, grid=28):
    """Return the block means, over the sum, by repeating every pixel until the grid divides the
    size.
    """
    fine = np.repeat(np.repeat(np.abs(saliency), grid, axis=0), grid, axis=1)
    side = len(saliency)
    coarse = fine.reshape(grid, side, grid, side).mean(axis=(1, 3))
    return coarse / coarse.sum()


@pytest.mark.parametrize("size", [56, 64])
def test_emd_agrees_with_pot_on_the_whole_mass(size):
    from ot import emd2
    from scipy.spatial.distance import cdist

    x, y = smooth_maps(2, size, size, 18, 2.0)
    cells = np.argwhere(np.ones((28, 28)))
    distances = cdist(cells, cells) / np.hypot(27, 27)
    expected = emd2(
        naive_distribution(x).ravel(),
        naive_distribution(y).ravel(),
        distances,
        numItermax=10_000_000,
    )
    assert dissimilarities("emd", x[None], y[None]).item() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("origin", "target", "expected"),
    [
        ((0, 0), (3, 4), 5 / np.hypot(27, 27)),
        ((0, 0), (27, 27), 1.0),
        ((27, 0), (0, 27), 1.0),
        ((5, 6), (5, 6), 0.0),
    ],
)
def test_emd_of_single_pixels_is_their_distance_over_the_diagonal(origin, target, expected):
    x, y = np.zeros((2, 1, 28, 28))
    x[0][origin], y[0][target] = 2.0, -0.1
    assert dissimilarities("emd", x, y).item() == pytest.approx(expected, abs=1e-12)


def test_emd_moves_only_the_share_that_differs():
    x, y = np.zeros((2, 1, 28, 28))
    x[0, 0, 0], x[0, 9, 9] = 1.0, 3.0
    y[0, 0, 27], y[0, 9, 9] = 1.0, 3.0
    assert dissimilarities("emd", x, y).item() == pytest.approx(
        0.25 * 27 / np.hypot(27, 27), abs=1e-12
    )


def test_emd_sign_option():
    x = smooth_maps(1, 28, 28, 19, 2.0)
    flipped = x * np.where(np.random.default_rng(0).random(x.shape) < 0.5, -1, 1)
    card = registry.get("metric", "emd")
    assert card(x, flipped).item() == pytest.approx(0, abs=1e-12)
    assert card(x, np.maximum(x, 0), sign="positive").item() == pytest.approx(0, abs=1e-12)
    assert card(x, np.maximum(x, 0)).item() > 1e-4
    with pytest.raises(InputError, match="sign must be absolute or positive"):
        card(x, x, sign="negative")


def test_block_means_equal_reshaped_means_where_the_size_divides():
    x = smooth_maps(2, 56, 84, 20, 2.0)
    np.testing.assert_allclose(
        block_means(x, 28), x.reshape(2, 28, 2, 28, 3).mean(axis=(2, 4)), rtol=0, atol=1e-14
    )


@pytest.mark.parametrize("size", [29, 50, 64])
def test_block_means_conserve_the_mean_and_constants(size):
    x = smooth_maps(2, size, size, 21, 2.0)
    coarse = block_means(x, 28)
    assert coarse.shape == (2, 28, 28)
    np.testing.assert_allclose(coarse.mean(axis=(1, 2)), x.mean(axis=(1, 2)), rtol=0, atol=1e-14)
    np.testing.assert_allclose(block_means(np.ones((1, size, size)), 28), 1, rtol=0, atol=1e-14)


def test_block_means_leave_small_maps_alone():
    x = smooth_maps(1, 14, 40, 22)
    assert block_means(x, 28).shape == (1, 14, 28)
    np.testing.assert_array_equal(block_means(x[:, :, :14], 28), x[:, :, :14])
