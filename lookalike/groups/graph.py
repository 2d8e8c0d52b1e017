"""The graph of models in which Louvain's method finds communities, as networkx has it.

networkx takes .1 to .3 s to start, and so is imported inside the functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.core import io
from lookalike.core.types import StrPath

if TYPE_CHECKING:
    import networkx


def similarity_graph(
    matrix: Dissimilarities, **attributes: Mapping[str, str | int]
) -> networkx.Graph:
    """Return the complete graph of models whose weights are 1 - d / max d.

    Parameters
    ----------
    matrix : Dissimilarities
        Without unknown values.
    **attributes : dict
        From a model to its value, for example `family=families`.

    Returns
    -------
    networkx.Graph
        Nodes sorted by name, with the attributes; `weight` at the links, 1 at all of them where
        all models are equal. No node is linked with itself.
    """
    import networkx

    matrix = matrix.of(sorted(matrix.names))
    peak = matrix.values.max(initial=0)
    graph = networkx.Graph()
    for name in matrix.names:
        graph.add_node(name, **{key: values[name] for key, values in attributes.items()})
    for i, one in enumerate(matrix.names):
        for j, other in enumerate(matrix.names[:i]):
            value = float(matrix.values[j, i])
            graph.add_edge(other, one, weight=1 - value / float(peak) if peak > 0 else 1.0)
    return graph


def modularity(
    graph: networkx.Graph, partition: Iterable[int] | np.ndarray, resolution: float
) -> float:
    """Return the modularity of a partition of a graph, as networkx computes it; 0 where all weights
    are 0.

    Parameters
    ----------
    graph : networkx.Graph
        With `weight` at its links.
    partition : sequence of int, length m
        The community of every node, in the order of the nodes.
    resolution : float

    References
    ----------
    Reichardt and Bornholdt 2006, doi:10.1103/PhysRevE.74.016110
    """
    import networkx

    if graph.size("weight") <= 0:
        return 0.0
    members: dict[int, set[str]] = {}
    for node, community in zip(graph, np.asarray(partition).tolist(), strict=True):
        members.setdefault(community, set()).add(node)
    return float(
        networkx.community.modularity(
            graph, list(members.values()), weight="weight", resolution=resolution
        )
    )


def write_graphs(paths: Sequence[StrPath], graph: networkx.Graph) -> None:
    """Write a graph as GraphML, which Gephi and Cytoscape open.

    Gephi leaves out links of weight 0, those of the two models that are farthest apart.
    """
    import networkx

    for path in paths:
        with io.replacing(path) as temporary:
            # The writer of the standard library, so that the bytes do not depend on lxml.
            networkx.write_graphml_xml(graph, temporary)
