"""Figure of communities: the models on a circle, for every different partition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.core.types import Row
from lookalike.groups.partitions import EVERY_RESOLUTION
from lookalike.plots.style import add_family_legend, family_styles

if TYPE_CHECKING:
    import networkx

CHARACTER = 0.075  # inches of a character of a name, about


def partitions_of(communities: Sequence[Row]) -> list[tuple[list[Row], dict[str, int]]]:
    """Return the different partitions, each with the rows of the resolutions that give it: [([row],
    {model: community})].
    """
    found: list[tuple[list[Row], dict[str, int]]] = []
    for resolution in dict.fromkeys(row["resolution"] for row in communities):
        rows = [row for row in communities if row["resolution"] == resolution]
        partition = {row["model"]: int(row["community"]) for row in rows}
        if found and found[-1][1] == partition:
            found[-1][0].append(rows[0])
        else:
            found.append(([rows[0]], partition))
    return found


def describe_partition(rows: Sequence[Row], partition: Mapping[str, int]) -> str:
    """Return a title for a partition: the resolutions that give it, the number of communities, and
    the stability at these resolutions.
    """
    scanned = [row["resolution"] for row in rows if row["resolution"] != EVERY_RESOLUTION]
    parts = (
        [f"resolution {' to '.join(dict.fromkeys([scanned[0], scanned[-1]]))}"] if scanned else []
    )
    parts += ["consensus of all resolutions"] if len(scanned) < len(rows) else []
    count, stable = (
        len(set(partition.values())),
        dict.fromkeys(f"{end(float(row['stability']) for row in rows):.2f}" for end in (min, max)),
    )
    alone = "" if int(rows[0]["resamples"]) else " over seeds alone"
    return (
        f"{', '.join(parts)}\n{count} communit{'y' if count == 1 else 'ies'}, stability "
        f"{' to '.join(stable)}{alone}"
    )


def louvain_figure(
    graph: networkx.Graph, communities: Sequence[Row], families: Mapping[str, str], *, title: str
) -> Figure:
    """Draw the models on a circle, community by community, for the consensus of all resolutions and
    every different partition.

    Links within a community are dark, the others pale; the more similar two models, the thicker.

    Parameters
    ----------
    graph : networkx.Graph
        Of `similarity_graph`.
    communities : list of dict
        `resolution`, `model`, `community`, `stability`.
    families : dict
        From name to family.
    title : str

    Returns
    -------
    Figure
    """
    partitions, names = partitions_of(communities), list(graph)
    radius = 0.7 + 0.05 * len(names)
    side = 2 * (1.14 * radius + CHARACTER * max(map(len, names)))
    columns = min(len(partitions), 3)
    rows = -(-len(partitions) // columns)
    figure = Figure(
        figsize=(max(side, 2.6) * columns, (side + 0.5) * rows + 0.6), layout="constrained"
    )
    limits = (-side / 2 / radius, side / 2 / radius)
    for number, (scan, partition) in enumerate(partitions):
        axes = figure.add_subplot(rows, columns, number + 1, aspect="equal")
        draw_circle(axes, graph, partition, families)
        axes.set(xlim=limits, ylim=limits)
        axes.set_title(describe_partition(scan, partition), fontsize=9)
    figure.suptitle(title, fontsize=10)
    add_family_legend(figure, families, names)
    return figure


def circle_angles(partition: Mapping[str, int]) -> dict[str, float]:
    """Return the angle of every model on a circle, in radians: from the top, clockwise, community
    by community, with wider gaps between these.
    """
    order = sorted(partition, key=lambda name: (partition[name], name))
    gaps = [1 + 0.8 * (partition[one] != partition[other]) for one, other in pairwise(order)]
    last = 1 + 0.8 * (partition[order[-1]] != partition[order[0]])
    turns = np.cumsum([0.0, *gaps]) / (sum(gaps) + last)
    return dict(zip(order, (np.pi / 2 - 2 * np.pi * turns).tolist(), strict=True))


def draw_circle(
    axes: Axes, graph: networkx.Graph, partition: Mapping[str, int], families: Mapping[str, str]
) -> None:
    """Draw one partition of a graph on a circle."""
    import networkx

    angles = circle_angles(partition)
    points = {name: np.array([np.cos(angle), np.sin(angle)]) for name, angle in angles.items()}
    # Links between communities first, so that those within lie above them.
    for within, colour in ((False, "0.85"), (True, "0.3")):
        links = [
            (one, other, weight)
            for one, other, weight in graph.edges(data="weight")
            if (partition[one] == partition[other]) == within
        ]
        networkx.draw_networkx_edges(
            graph,
            points,
            edgelist=[link[:2] for link in links],
            width=[0.2 + 3 * weight for _, _, weight in links],
            edge_color=colour,
            ax=axes,
        )
    for family, (colour, marker) in family_styles(families.values()).items():
        networkx.draw_networkx_nodes(
            graph,
            points,
            nodelist=[name for name in graph if families[name] == family],
            node_color=colour,
            node_shape=marker,
            node_size=81,
            edgecolors="white",
            linewidths=1,
            ax=axes,
        )
    labels = networkx.draw_networkx_labels(
        graph,
        {name: 1.14 * point for name, point in points.items()},
        font_size=8.5,
        clip_on=False,
        ax=axes,
    )
    for name, label in labels.items():
        degrees = np.degrees(angles[name]) % 360
        flipped = 90 < degrees < 270
        label.set(
            rotation=degrees - 180 * flipped,
            rotation_mode="anchor",
            ha="right" if flipped else "left",
        )
    axes.axis("off")
