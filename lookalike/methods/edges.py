"""Edges: a null method that looks wherever the image changes, whatever a model does."""

from collections.abc import Sequence

import numpy as np

from lookalike.core.registry import method
from lookalike.images.reading import LUMA


@method(
    signed=False,
    passes="none",
    needs_model=False,
    reference="as a null: Adebayo et al. 2018, arXiv:1810.03292",
)
def edges(
    model: None, images: np.ndarray, targets: None, seeds: Sequence[int]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the magnitude of the Sobel gradient of the grey image, the same for every model.

    A method whose maps are no better than these sees edges only.

    Parameters
    ----------
    model : None
    images : ndarray, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : None
    seeds : list of int
        Not used.

    Returns
    -------
    maps : ndarray, shape (n, H, W), float32
    diagnostics : dict
        Empty.
    """
    from scipy.ndimage import sobel

    grey = np.einsum("nchw,c->nhw", images, LUMA, dtype=np.float64)
    maps = [np.hypot(sobel(image, axis=0), sobel(image, axis=1)) for image in grey]
    return np.array(maps, dtype=np.float32), {}
