"""Figure of the communities of more models than a circle has room for: a point is a community."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from lookalike.core.types import Row
from lookalike.plots.communities import (
    describe_partition,
    draw_circle,
    figure_of_circles,
    partitions_of,
)
from lookalike.plots.style import add_family_legend, wrapped

if TYPE_CHECKING:
    import networkx

SHOWN_COMMUNITIES = 30
RADIUS = 0.6  # inches of a circle of communities, at least


def community_graph(
    graph: networkx.Graph,
    communities: Sequence[Row],
    families: Mapping[str, str],
    *,
    title: str,
) -> Figure:
    """Draw the communities of every different partition on a circle, as `louvain_graph` draws
    models: a link is the mean of those between two communities. The largest are drawn.
    """
    import networkx

    weights = networkx.to_numpy_array(graph, nodelist=list(graph))
    partitions = partitions_of(communities)
    joined = [join_communities(list(graph), weights, one, families) for _, one in partitions]
    lines = (line for _, kinds in joined for text in kinds for line in text.split("\n"))
    longest = max(map(len, lines))
    figure, (rows, columns), radius, side = figure_of_circles(len(partitions), RADIUS, longest)
    for number, ((scan, partition), (shown, kinds)) in enumerate(
        zip(partitions, joined, strict=True)
    ):
        axes = figure.add_subplot(rows, columns, number + 1, aspect="equal")
        # With the families of all models, so that colours are those of the other figures.
        draw_circle(
            axes, shown, {text: place for place, text in enumerate(kinds)}, {**families, **kinds}
        )
        axes.axis("off")
        limits = (-side / 2 / radius, side / 2 / radius)
        axes.set(xlim=limits, ylim=limits)
        more = len(set(partition.values())) - len(kinds)
        text = f"\nwithout the {more} smallest" if more else ""
        axes.set_title(describe_partition(scan, partition) + text, fontsize=9)
    figure.suptitle(wrapped(f"{title}\na point is a community"), fontsize=10)
    add_family_legend(figure, families, list(graph))
    figure.draw_without_rendering()
    return figure


def join_communities(
    names: Sequence[str],
    weights: np.ndarray,
    partition: Mapping[str, int],
    families: Mapping[str, str],
) -> tuple[networkx.Graph, dict[str, str]]:
    """Return the graph of the largest communities, and by what each holds, its name, the family of
    most of its models.
    """
    import networkx

    numbers = np.array([partition[name] for name in names])
    joined, kinds = networkx.Graph(), {}
    members: list[tuple[str, np.ndarray]] = []
    for number in np.unique(numbers)[:SHOWN_COMMUNITIES].tolist():
        own = np.flatnonzero(numbers == number)
        held = [names[index] for index in own.tolist()]
        text, family = describe_group(number, held, families)
        kinds[text] = family
        joined.add_node(text)
        for other, theirs in members:
            joined.add_edge(text, other, weight=float(weights[np.ix_(own, theirs)].mean()))
        members.append((text, own))
    return joined, kinds


def describe_group(
    number: int, names: Sequence[str], families: Mapping[str, str]
) -> tuple[str, str]:
    """Return what a community holds, and the family of most of its models."""
    family, count = Counter(families[name] for name in names).most_common(1)[0]
    several = len(set(families.values())) > 1
    mostly = f",\n{'all' if count == len(names) else f'{count} of'} {family}" if several else ""
    return f"{number}: {len(names)} model{'s'[: len(names) > 1]}{mostly}", family
