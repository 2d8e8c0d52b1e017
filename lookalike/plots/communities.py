"""Figure of communities: the graph of models on a circle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.core.types import Row
from lookalike.groups.partitions import EVERY_RESOLUTION
from lookalike.plots.style import add_family_legend, family_styles, page_width, wrapped

if TYPE_CHECKING:
    import networkx

NAME = 7.5  # points
CHARACTER = 0.06  # inches of a character of a name, about
GAP = 0.8  # between two communities, in steps between two models
MARKER = 8  # points
TITLE_WIDTH = 2.3  # inches of the title of a partition


def partitions_of(communities: Sequence[Row]) -> list[tuple[list[Row], dict[str, int]]]:
    """Return the different partitions, each with a row of every resolution that gives it."""
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
    their stability.
    """
    scanned = [row["resolution"] for row in rows if row["resolution"] != EVERY_RESOLUTION]
    parts = (
        [f"resolution {' to '.join(dict.fromkeys([scanned[0], scanned[-1]]))}"] if scanned else []
    )
    parts += ["consensus of all resolutions"] if len(scanned) < len(rows) else []
    count = len(set(partition.values()))
    stabilities = [float(row["stability"]) for row in rows]
    stable = dict.fromkeys(f"{end:.2f}" for end in (min(stabilities), max(stabilities)))
    alone = "" if int(rows[0]["resamples"]) else " over seeds alone"
    return (
        f"{', '.join(parts)}\n{count} communit{'y' if count == 1 else 'ies'}, stability "
        f"{' to '.join(stable)}{alone}"
    )


def louvain_graph(
    graph: networkx.Graph,
    communities: Sequence[Row],
    families: Mapping[str, str],
    *,
    title: str,
) -> Figure:
    """Draw the models on a circle, community by community, for the consensus of all resolutions and
    every different partition.

    Links within a community are dark, the others pale; the nearer two models, the thicker.

    Parameters
    ----------
    graph : networkx.Graph
        Of `model_graph`.
    communities : list of dict
        `resolution`, `model`, `community`, `stability`, `resamples`.
    families : dict
        From name to family.
    title : str

    Returns
    -------
    Figure
    """
    partitions = partitions_of(communities)
    figure, (rows, columns), radius, side = figure_of_circles(
        len(partitions), 0.2 + 0.0175 * len(graph), max(map(len, graph))
    )
    for number, (scan, partition) in enumerate(partitions):
        axes = figure.add_subplot(rows, columns, number + 1, aspect="equal")
        draw_circle(axes, graph, partition, families)
        axes.axis("off")
        limits = (-side / 2 / radius, side / 2 / radius)
        axes.set(xlim=limits, ylim=limits)
        axes.set_title(describe_partition(scan, partition), fontsize=9)
    figure.suptitle(wrapped(title), fontsize=10)
    add_family_legend(figure, families, list(graph))
    # Titles above circles have their place after a first layout alone.
    figure.draw_without_rendering()
    return figure


def figure_of_circles(
    count: int, least: float, longest: int
) -> tuple[Figure, tuple[int, int], float, float]:
    """Return a figure for so many circles, their rows and columns, their radius, of at least so
    many inches if a page has room for it, and the side of each with names of so many characters.
    """
    names = CHARACTER * longest
    needed = max(2 * (1.14 * least + names), TITLE_WIDTH)
    columns = max(1, min(count, 3, int(page_width() / needed)))
    side = min(page_width() / columns, 1.3 * needed)
    rows = -(-count // columns)
    figure = Figure(figsize=(page_width(), (side + 0.5) * rows + 0.6), layout="constrained")
    return figure, (rows, columns), max((side / 2 - names) / 1.14, 0.2), side


def angles_of(partition: Mapping[str, int]) -> dict[str, float]:
    """Return the angle of every model on the circle, clockwise from the top, by community and name.

    Communities lie farther apart than models of one community.
    """
    order = sorted(partition, key=lambda name: (partition[name], name))
    gaps = [
        1 + GAP * (partition[one] != partition[other])
        for one, other in pairwise([*order, order[0]])
    ]
    steps = np.cumsum([0, *gaps])
    angles = np.pi / 2 - 2 * np.pi * steps[:-1] / steps[-1]
    return dict(zip(order, angles.tolist(), strict=True))


def draw_circle(
    axes: Axes, graph: networkx.Graph, partition: Mapping[str, int], families: Mapping[str, str]
) -> None:
    """Draw one partition on a circle."""
    import networkx

    angles = angles_of(partition)
    points = {name: np.array([np.cos(angle), np.sin(angle)]) for name, angle in angles.items()}
    # Links within a community lie above the others.
    for within, colour, height in ((False, "0.85", 1), (True, "0.3", 2)):
        links = [
            (one, other, weight)
            for one, other, weight in graph.edges.data("weight")
            if (partition[one] == partition[other]) == within
        ]
        if links:
            networkx.draw_networkx_edges(
                graph,
                points,
                [link[:2] for link in links],
                width=[0.2 + 3 * weight for *_, weight in links],
                edge_color=colour,
                ax=axes,
            ).set_zorder(height)
    for family, (colour, marker) in family_styles(families.values()).items():
        networkx.draw_networkx_nodes(
            graph,
            points,
            [name for name in graph if families[name] == family],
            node_size=MARKER**2,
            node_color=colour,
            node_shape=marker,
            edgecolors="white",
            ax=axes,
        ).set_zorder(4)
    outside = {name: 1.14 * point for name, point in points.items()}
    labels = networkx.draw_networkx_labels(graph, outside, font_size=NAME, clip_on=False, ax=axes)
    for name, text in labels.items():
        degrees = np.degrees(angles[name]) % 360
        flipped = 90 < degrees < 270
        text.set(
            rotation=degrees - 180 * flipped,
            rotation_mode="anchor",
            ha="right" if flipped else "left",
        )
