"""Partitions by the package python-louvain, for repeating the studies that used it.

python-louvain 0.16 moves nodes by the same gain as lookalike and networkx: the modularity in which
the resolution multiplies the degrees. But it decides whether to go on by another sum, in which the
resolution multiplies the links. At a resolution of 1 the two are equal. Below 1, the second may
hardly rise while the first does: the method then stops early, with too many communities.
"""

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.core.errors import InputError
from lookalike.groups.graph import similarity_graph


def python_louvain_partition(matrix: Dissimilarities, resolution: float, seed: int) -> np.ndarray:
    """Return one partition of models by python-louvain.

    Parameters
    ----------
    matrix : Dissimilarities
        Without unknown values.
    resolution : float
    seed : int
        Of the order in which nodes are visited.

    Returns
    -------
    ndarray of int, shape (m,)
        The community of every model, in the order of the names.

    Raises
    ------
    InputError
        If python-louvain is not installed.
    """
    try:
        from community import best_partition
    except ImportError:
        raise InputError(
            "python-louvain is not installed; install it (pip install python-louvain==0.16), or "
            "use lookalike's own partitions"
        ) from None
    found = best_partition(
        similarity_graph(matrix), weight="weight", resolution=resolution, random_state=seed
    )
    return np.array([found[name] for name in matrix.names], int)
