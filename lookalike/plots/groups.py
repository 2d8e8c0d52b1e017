"""Figures of groups: dendrogram, communities, projection."""

from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from matplotlib.patheffects import withStroke

from lookalike.groups.partitions import EVERY_RESOLUTION
from lookalike.groups.projection import ellipse_of
from lookalike.groups.trees import leaf_order
from lookalike.plots.style import CHANCE, add_family_legend, family_styles

CHARACTER = 0.075  # inches of a character of a name, about


def dendrogram(clades, names, families, *, label, title, chance=None):
    """Draw a tree from the root at the left to the models at the right, with the support of every
    clade.

    Parameters
    ----------
    clades : list of dict
        Merges with `left`, `right`, `height` and `support`.
    names : list of str
    families : dict
        From name to family.
    label, title : str
    chance : float, optional
        Mean dissimilarity between maps of different images, drawn as a line.

    Returns
    -------
    Figure
    """
    m = len(names)
    order = leaf_order(clades)
    figure = Figure(figsize=(6.4, 1.6 + 0.3 * m), layout="constrained")
    axes = figure.add_subplot()
    height = [0.0] * m
    position = [float(order.index(leaf)) for leaf in range(m)]
    widest = max([clade["height"] for clade in clades] + [1e-12])
    for clade in clades:
        children = (clade["left"], clade["right"])
        for child in children:
            axes.plot(
                [height[child], clade["height"]],
                [position[child]] * 2,
                color="0.25",
                lw=1.4,
                solid_capstyle="round",
            )
        axes.plot(
            [clade["height"]] * 2, [position[child] for child in children], color="0.25", lw=1.4
        )
        height.append(clade["height"])
        position.append(np.mean([position[child] for child in children]))
    for number, clade in enumerate(clades[:-1]):
        above = next(
            other["height"] for other in clades if m + number in (other["left"], other["right"])
        )
        # Over its branch if that is long enough for it, else behind the node, where the clade
        # itself is.
        over = above - clade["height"] > 0.07 * widest
        if np.isfinite(clade["support"]):
            place, ends = ((-4, 1), ("right", "bottom")) if over else ((3, 0), ("left", "center"))
            where = (clade["height"], position[m + number])
            text = axes.annotate(
                f"{clade['support']:.0%}",
                where,
                place,
                textcoords="offset points",
                ha=ends[0],
                va=ends[1],
                fontsize=7.5,
                zorder=4,
            )
            text.set_path_effects([withStroke(linewidth=2, foreground="white")])
    styles = family_styles(families.values())
    for leaf, name in enumerate(names):
        colour, marker = styles[families[name]]
        axes.plot(
            0, position[leaf], marker=marker, color=colour, markersize=7, clip_on=False, zorder=3
        )
        axes.annotate(
            name,
            (0, position[leaf]),
            (9, 0),
            textcoords="offset points",
            va="center",
            annotation_clip=False,
        )
    axes.set_xlim(widest * 1.06, 0)
    if chance is not None and np.isfinite(chance):
        axes.axvline(chance, color=CHANCE, lw=1, ls="--")
        axes.set_xlim(max(widest, chance) * 1.06, 0)
        axes.annotate(
            "chance",
            (chance, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            color=CHANCE,
            fontsize=7.5,
            ha="center",
        )
    axes.set_ylim(m - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.set_xlabel(label)
    axes.set_title(title, fontsize=10, pad=14)
    add_family_legend(figure, families, names)
    return figure


def partitions_of(communities):
    """Return the different partitions, each with the rows of the resolutions that give it: [([row],
    {model: community})].
    """
    found = []
    for resolution in dict.fromkeys(row["resolution"] for row in communities):
        rows = [row for row in communities if row["resolution"] == resolution]
        partition = {row["model"]: int(row["community"]) for row in rows}
        if found and found[-1][1] == partition:
            found[-1][0].append(rows[0])
        else:
            found.append(([rows[0]], partition))
    return found


def describe_partition(rows, partition):
    """Return a title for a partition: the resolutions that give it, how many communities, and how
    stable it is at these.
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


def louvain_graph(matrix, names, communities, families, *, title):
    """Draw the models on a circle, community by community, for the consensus of all resolutions and
    every different partition.

    Links within a community are dark, the others pale; the nearer two models, the thicker.

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
    names : list of str
    communities : list of dict
        `resolution`, `model`, `community`, `stability`.
    families : dict
        From name to family.
    title : str

    Returns
    -------
    Figure
    """
    partitions = partitions_of(communities)
    radius = 0.7 + 0.05 * len(names)
    side = 2 * (1.14 * radius + CHARACTER * max(map(len, names)))
    columns = min(len(partitions), 3)
    rows = -(-len(partitions) // columns)
    figure = Figure(
        figsize=(max(side, 2.6) * columns, (side + 0.5) * rows + 0.6), layout="constrained"
    )
    for number, (scan, partition) in enumerate(partitions):
        axes = figure.add_subplot(rows, columns, number + 1, aspect="equal")
        draw_circle(axes, matrix, names, partition, families)
        axes.set(
            xlim=(-side / 2 / radius, side / 2 / radius),
            ylim=(-side / 2 / radius, side / 2 / radius),
        )
        axes.set_title(describe_partition(scan, partition), fontsize=9)
    figure.suptitle(title, fontsize=10)
    add_family_legend(figure, families, list(partition))
    return figure


def draw_circle(axes, matrix, names, partition, families):
    """Draw one partition on a circle."""
    order = sorted(partition, key=lambda name: (partition[name], name))
    gaps = np.cumsum([0] + [1 + 0.8 * (partition[a] != partition[b]) for a, b in pairwise(order)])
    angles = np.pi / 2 - 2 * np.pi * gaps / (
        gaps[-1] + 1 + 0.8 * (partition[order[-1]] != partition[order[0]])
    )
    points = dict(zip(order, np.stack([np.cos(angles), np.sin(angles)], axis=1), strict=True))
    peak = np.nanmax(matrix) or 1.0
    place = {name: index for index, name in enumerate(names)}
    for i, one in enumerate(order):
        for other in order[i + 1 :]:
            weight = 1 - matrix[place[one], place[other]] / peak
            within = partition[one] == partition[other]
            axes.plot(
                *np.stack([points[one], points[other]]).T,
                color="0.3" if within else "0.85",
                lw=0.2 + 3 * weight,
                zorder=1 + within,
            )
    styles = family_styles(families.values())
    for name, angle in zip(order, angles, strict=True):
        colour, marker = styles[families[name]]
        axes.plot(
            *points[name],
            marker=marker,
            color=colour,
            markersize=9,
            markeredgecolor="white",
            zorder=4,
        )
        degrees = np.degrees(angle) % 360
        flipped = 90 < degrees < 270
        axes.text(
            *(1.14 * points[name]),
            name,
            rotation=degrees - 180 * flipped,
            rotation_mode="anchor",
            ha="right" if flipped else "left",
            va="center",
            fontsize=8.5,
        )
    axes.axis("off")


def scatter(coordinates, explained, covariances, names, families, *, title):
    """Draw models on two principal coordinates, with ellipses that hold 95% of their places when
    the images are resampled.

    Names keep out of each other's way.

    Parameters
    ----------
    coordinates : ndarray, shape (m, 2)
    explained : sequence of 2 floats
        Shares.
    covariances : ndarray, shape (m, 2, 2)
        NaN where there are no resamples.
    names : list of str
    families : dict
        From name to family.
    title : str

    Returns
    -------
    Figure
    """
    from adjustText import adjust_text

    side = 6 + 0.12 * max(len(names) - 8, 0)
    figure = Figure(figsize=(side, side - 0.6), layout="constrained")
    axes = figure.add_subplot()
    styles = family_styles(families.values())
    for name, (x, y), covariance in zip(names, coordinates, covariances, strict=True):
        colour, marker = styles[families[name]]
        axes.plot(x, y, marker=marker, color=colour, markersize=8, markeredgecolor="white")
        if np.isfinite(covariance).all():
            width, height, angle = ellipse_of(covariance)
            axes.add_patch(
                Ellipse(
                    (x, y),
                    width,
                    height,
                    angle=angle,
                    color=colour,
                    alpha=min(0.16, 1.2 / len(names)),
                    lw=1,
                    zorder=1,
                )
            )
    axes.margins(0.15)
    axes.axhline(0, color="0.9", lw=0.8, zorder=0)
    axes.axvline(0, color="0.9", lw=0.8, zorder=0)
    axes.set_xlabel(f"component 1 ({explained[0]:.0%})")
    axes.set_ylabel(f"component 2 ({explained[1]:.0%})")
    axes.set_title(title, fontsize=10)
    figure.canvas.draw()
    halo = [withStroke(linewidth=2.5, foreground="white", alpha=0.8)]
    texts = [
        axes.text(x, y, name, fontsize=8.5, path_effects=halo)
        for name, (x, y) in zip(names, coordinates, strict=True)
    ]
    adjust_text(
        texts,
        *coordinates.T,
        ax=axes,
        arrowprops={"arrowstyle": "-", "color": "0.6", "lw": 0.6},
        ensure_inside_axes=True,
    )
    add_family_legend(figure, families, names)
    return figure
