"""The graph of models: complete, the nearer two models, the heavier their link.

networkx takes a third of a second to import, and is therefore imported inside the functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.core import io
from lookalike.core.types import StrPath

if TYPE_CHECKING:
    import networkx


def model_graph(
    matrix: Dissimilarities,
    families: Mapping[str, str] | None = None,
    communities: Mapping[str, int] | None = None,
) -> networkx.Graph:
    """Return the complete graph of models, with weights 1 - d / max d.

    Parameters
    ----------
    matrix : Dissimilarities
        Without unknown dissimilarities.
    families, communities : dict, optional
        From the name of every model to its family, and to its community.

    Returns
    -------
    networkx.Graph
        Nodes are names, sorted, with the attributes `family` and `community` where these are
        given; links have a `weight`, which is 1 everywhere if all dissimilarities are 0.
    """
    import networkx

    ordered = matrix.of(sorted(matrix.names))
    peak = ordered.values.max()
    weights = 1 - ordered.values / peak if peak > 0 else np.ones_like(ordered.values)
    graph = networkx.Graph()
    graph.add_nodes_from(ordered.names)
    graph.add_weighted_edges_from(
        (ordered.names[row], ordered.names[column], float(weights[row, column]))
        for row, column in zip(*np.triu_indices(len(ordered), 1), strict=True)
    )
    for attribute, values in (("family", families), ("community", communities)):
        if values is not None:
            chosen = {name: values[name] for name in ordered.names}
            networkx.set_node_attributes(graph, chosen, attribute)
    return graph


def modularity(graph: networkx.Graph, partition: Mapping[str, int], resolution: float) -> float:
    """Return the modularity of a partition, from node to community; 0 where all weights are 0.

    References
    ----------
    Reichardt and Bornholdt 2006, doi:10.1103/PhysRevE.74.016110
    """
    import networkx

    if graph.size("weight") <= 0:
        return 0.0
    # networkx sums over sets, whose order varies from run to run with names, not with numbers.
    numbers = {node: number for number, node in enumerate(graph)}
    members: dict[int, set[int]] = {}
    for node, community in partition.items():
        members.setdefault(community, set()).add(numbers[node])
    return float(
        networkx.community.modularity(
            networkx.relabel_nodes(graph, numbers),
            members.values(),
            weight="weight",
            resolution=resolution,
        )
    )


def write_graph(path: StrPath, graph: networkx.Graph) -> None:
    """Write a graph as GraphML, with the attributes of its nodes and links."""
    import networkx

    io.write_text(path, "\n".join(networkx.generate_graphml(graph)) + "\n")
