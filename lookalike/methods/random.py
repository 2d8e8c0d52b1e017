"""Noise: a null method that looks at nothing."""

from collections.abc import Sequence

import numpy as np

from lookalike.core.registry import method


@method(signed=False, passes="none", needs_model=False, again={})
def random(
    model: None, images: np.ndarray, targets: None, seeds: Sequence[int]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return uniform noise in [0, 1), different for every model and image.

    Parameters
    ----------
    model : None
    images : ndarray, shape (n, 3, H, W)
    targets : None
    seeds : list of int
        One for every image.

    Returns
    -------
    maps : ndarray, shape (n, H, W), float32
    diagnostics : dict
        Empty.
    """
    return np.stack(
        [
            np.random.default_rng(seed).random(tuple(images.shape[2:]), dtype=np.float32)
            for seed in seeds
        ]
    ), {}
