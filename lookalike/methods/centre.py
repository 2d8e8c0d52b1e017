"""A Gaussian at the centre: a null method that looks where photographers place their subject."""

from collections.abc import Sequence

import numpy as np

from lookalike.core.registry import method


@method(signed=False, passes="none", needs_model=False)
def centre(
    model: None, images: np.ndarray, targets: None, seeds: Sequence[int], *, width: float = 0.25
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the same Gaussian for every model and image.

    Parameters
    ----------
    model : None
    images : ndarray, shape (n, 3, H, W)
    targets : None
    seeds : list of int
        Not used.
    width : float
        Standard deviation as a share of each side.

    Returns
    -------
    maps : ndarray, shape (n, H, W), float32
        1 at the centre.
    diagnostics : dict
        Empty.
    """
    rows, columns = (
        np.exp(-0.5 * (((np.arange(extent) + 0.5) / extent - 0.5) / width) ** 2)
        for extent in images.shape[2:]
    )
    return np.repeat(np.outer(rows, columns)[None].astype(np.float32), len(images), axis=0), {}
