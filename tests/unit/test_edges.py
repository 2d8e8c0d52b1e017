"""The null method of edges, against scikit-image and by hand."""

import numpy as np
import pytest
from skimage.filters import sobel

from lookalike.methods.edges import edges


def test_edges_are_those_of_scikit_image():
    images = np.random.default_rng(0).random((3, 3, 31, 40), dtype=np.float32)
    images[1] = images[1].mean(axis=0)
    maps, diagnostics = edges(None, images, None, [1, 2, 3])
    assert maps.shape == (3, 31, 40) and maps.dtype == np.float32 and diagnostics == {}
    # Its kernels sum to 1 in size and not to 4, and it takes the root mean square of both axes. Its
    # grey has other weights, which do not matter where there is no colour.
    expected = sobel(images[1, 0].astype(float)) * 4 * np.sqrt(2)
    np.testing.assert_allclose(maps[1], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("channel", "weight"), [(0, 0.299), (1, 0.587), (2, 0.114)])
def test_a_step_of_one_colour_shows_at_its_two_columns_alone(channel, weight):
    images = np.zeros((2, 3, 8, 9), np.float32)
    images[0, channel, :, 5:] = 1
    maps, _ = edges(None, images, None, [1, 2])
    expected = np.zeros((8, 9))
    expected[:, 4:6] = 4 * weight
    np.testing.assert_allclose(maps[0], expected, atol=1e-6)
    # An image does not leak into the next one.
    assert (maps[1] == 0).all()
