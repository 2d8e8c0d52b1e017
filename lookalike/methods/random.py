"""Noise: a null method that looks at nothing."""

import numpy as np

from lookalike.core.registry import method


@method(signed=False, needs_model=False)
def random(model, images, targets, seeds):
    """Return uniform noise in [0, 1), another for every model and image.

    Parameters
    ----------
    model : None
    images : ndarray or Tensor, shape (n, 3, H, W)
    targets : None
    seeds : list of int

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
