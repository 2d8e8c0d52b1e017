"""Figures of a dissimilarity matrix: heatmap, dendrogram, communities, projection, histograms.

Every function returns a matplotlib `Figure`. Family is shown by colour and marker (Okabe and Ito's palette, safe for
colour-blind readers); names stay black, so that they can be read.
"""

from itertools import pairwise

import numpy as np
from matplotlib import rcParams
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import offset_copy

from lookalike import io
from lookalike.groups import leaf_order

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")
MARKERS = "osD^vP*X"
DPI = 120
CHARACTER = 0.075  # inches of a character of a name, about
LARGEST_HISTOGRAM_GRID = 24

rcParams.update({"svg.hashsalt": "lookalike", "svg.fonttype": "path", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False})


def save(figure, paths):
    """Write a figure to every path, each in the format of its suffix; the same figure gives the same bytes."""
    for path in paths:
        kind = str(path).rsplit(".", 1)[-1]
        metadata = {"Date": None} if kind == "svg" else None
        with io.replacing(path) as temporary:
            figure.savefig(temporary, format=kind, dpi=DPI, bbox_inches="tight", metadata=metadata)


def family_styles(families):
    """Return the colour and marker of every family, by the families' sorted names."""
    return {family: (PALETTE[place % len(PALETTE)], MARKERS[place % len(MARKERS)]) for place, family in enumerate(sorted(set(families)))}


def add_family_legend(figure, families, names):
    """Put a legend of the families of these models under a figure."""
    styles = family_styles(families.values())
    shown = sorted({families[name] for name in names})
    handles = [Line2D([], [], color=styles[family][0], marker=styles[family][1], linestyle="", label=family) for family in shown]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 5), frameon=False)


def heatmap(matrix, names, families, *, label, title, half_width=None, order=None):
    """Draw a matrix with the numbers in its cells.

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
        NaN cells stay grey.
    names : list of str
    families : dict
        From name to family.
    label, title : str
    half_width : ndarray, shape (m, m), optional
        Half the interval of every cell, written below its number.
    order : list of int, optional
        Of the rows, for example the leaves of a tree.

    Returns
    -------
    Figure
    """
    order = list(range(len(names))) if order is None else order
    names, values = [names[place] for place in order], matrix[np.ix_(order, order)]
    m = len(names)
    with_interval = half_width is not None and m <= 16
    side = 1.2 + max(0.62 if with_interval else 0.5, 3 / m) * m
    figure = Figure(figsize=(side + 0.8, side + 0.8), layout="constrained")
    axes = figure.add_subplot()
    off_diagonal = values[~np.eye(m, dtype=bool)]
    known = off_diagonal[np.isfinite(off_diagonal)]
    limits = Normalize(known.min(), known.max()) if len(known) and np.ptp(known) > 0 else Normalize(0, known.max(initial=0) or 1)
    axes.set_facecolor("0.85")
    image = axes.imshow(np.where(np.eye(m, dtype=bool), np.nan, values), cmap="cividis_r", norm=limits)
    for row, column in np.argwhere(np.isfinite(values) & ~np.eye(m, dtype=bool)):
        text = f"{values[row, column]:.2f}" if known.max() >= 0.1 else f"{values[row, column]:.1g}"
        if with_interval:
            text += f"\n±{half_width[np.ix_(order, order)][row, column]:.1g}"
        dark = limits(values[row, column]) > 0.55
        axes.text(column, row, text, ha="center", va="center", fontsize=7.5 if m <= 16 else 6.5, color="white" if dark else "black")
    axes.set_xticks(range(m), names, rotation=90)
    axes.set_yticks(range(m), names)
    axes.tick_params(length=0, pad=14)
    axes.spines[:].set_visible(False)
    styles = family_styles(families.values())
    for place, name in enumerate(names):
        colour, marker = styles[families[name]]
        for x, y, shift in ((place, m - 0.5, (0, -8)), (-0.5, place, (-8, 0))):
            beside = offset_copy(axes.transData, figure, *shift, units="points")
            axes.plot(x, y, marker=marker, color=colour, markersize=6, clip_on=False, transform=beside)
    axes.set_xlim(-0.5, m - 0.5)
    axes.set_ylim(m - 0.5, -0.5)
    figure.colorbar(image, ax=axes, label=label, shrink=0.7, pad=0.03)
    axes.set_title(title, fontsize=10)
    add_family_legend(figure, families, names)
    return figure


def dendrogram(clades, names, families, *, label, title, chance=None):
    """Draw a tree from the root at the left to the models at the right, with the support of every clade.

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
    for number, clade in enumerate(clades):
        children = (clade["left"], clade["right"])
        for child in children:
            axes.plot([height[child], clade["height"]], [position[child]] * 2, color="0.25", lw=1.4, solid_capstyle="round")
        axes.plot([clade["height"]] * 2, [position[child] for child in children], color="0.25", lw=1.4)
        height.append(clade["height"])
        position.append(np.mean([position[child] for child in children]))
        if number < len(clades) - 1 and np.isfinite(clade["support"]):
            axes.annotate(
                f"{clade['support']:.0%}", (clade["height"], position[-1]), (-4, 1), textcoords="offset points", ha="right", va="bottom", fontsize=7.5
            )
    styles = family_styles(families.values())
    for leaf, name in enumerate(names):
        colour, marker = styles[families[name]]
        axes.plot(0, position[leaf], marker=marker, color=colour, markersize=7, clip_on=False, zorder=3)
        axes.annotate(name, (0, position[leaf]), (9, 0), textcoords="offset points", va="center", annotation_clip=False)
    axes.set_xlim(widest * 1.06, 0)
    if chance is not None and np.isfinite(chance):
        axes.axvline(chance, color="#D55E00", lw=1, ls="--")
        axes.set_xlim(max(widest, chance) * 1.06, 0)
        axes.annotate("chance", (chance, 1), xycoords=("data", "axes fraction"), xytext=(0, 2), textcoords="offset points", color="#D55E00", fontsize=7.5, ha="center")
    axes.set_ylim(m - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.set_xlabel(label)
    axes.set_title(title, fontsize=10, pad=14)
    add_family_legend(figure, families, names)
    return figure


def partitions_of(communities):
    """Return the different partitions, each with the resolutions that give it: [([resolution], {model: community})]."""
    found = []
    for resolution in dict.fromkeys(row["resolution"] for row in communities):
        partition = {row["model"]: int(row["community"]) for row in communities if row["resolution"] == resolution}
        if found and found[-1][1] == partition:
            found[-1][0].append(resolution)
        else:
            found.append(([resolution], partition))
    return found


def louvain_graph(matrix, names, communities, families, *, title):
    """Draw the models on a circle, community by community, for every different partition.

    Links within a community are dark, the others pale; the nearer two models, the thicker.

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
    names : list of str
    communities : list of dict
        `resolution`, `model`, `community`.
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
    figure = Figure(figsize=(side * columns, (side + 0.3) * rows + 0.6), layout="constrained")
    for number, (resolutions, partition) in enumerate(partitions):
        axes = figure.add_subplot(rows, columns, number + 1, aspect="equal")
        draw_circle(axes, matrix, names, partition, families)
        axes.set(xlim=(-side / 2 / radius, side / 2 / radius), ylim=(-side / 2 / radius, side / 2 / radius))
        span = f"{resolutions[0]}" if len(resolutions) == 1 else f"{resolutions[0]} to {resolutions[-1]}"
        count = len(set(partition.values()))
        axes.set_title(f"resolution {span}: {count} communit{'y' if count == 1 else 'ies'}", fontsize=9)
    figure.suptitle(title, fontsize=10)
    add_family_legend(figure, families, list(partition))
    return figure


def draw_circle(axes, matrix, names, partition, families):
    """Draw one partition on a circle."""
    order = sorted(partition, key=lambda name: (partition[name], name))
    gaps = np.cumsum([0] + [1 + 0.8 * (partition[a] != partition[b]) for a, b in pairwise(order)])
    angles = np.pi / 2 - 2 * np.pi * gaps / (gaps[-1] + 1 + 0.8 * (partition[order[-1]] != partition[order[0]]))
    points = dict(zip(order, np.stack([np.cos(angles), np.sin(angles)], axis=1), strict=True))
    peak = np.nanmax(matrix) or 1.0
    place = {name: index for index, name in enumerate(names)}
    for i, one in enumerate(order):
        for other in order[i + 1 :]:
            weight = 1 - matrix[place[one], place[other]] / peak
            within = partition[one] == partition[other]
            axes.plot(*np.stack([points[one], points[other]]).T, color="0.3" if within else "0.85", lw=0.2 + 3 * weight, zorder=1 + within)
    styles = family_styles(families.values())
    for name, angle in zip(order, angles, strict=True):
        colour, marker = styles[families[name]]
        axes.plot(*points[name], marker=marker, color=colour, markersize=9, markeredgecolor="white", zorder=4)
        degrees = np.degrees(angle) % 360
        flipped = 90 < degrees < 270
        axes.text(
            *(1.14 * points[name]), name, rotation=degrees - 180 * flipped, rotation_mode="anchor", ha="right" if flipped else "left", va="center", fontsize=8.5
        )
    axes.axis("off")


def scatter(coordinates, explained, names, families, *, title):
    """Draw models on two principal coordinates, with names that keep out of each other's way.

    Parameters
    ----------
    coordinates : ndarray, shape (m, 2)
    explained : sequence of 2 floats
        Shares.
    names : list of str
    families : dict
        From name to family.
    title : str

    Returns
    -------
    Figure
    """
    from adjustText import adjust_text

    figure = Figure(figsize=(6, 5.4), layout="constrained")
    axes = figure.add_subplot()
    styles = family_styles(families.values())
    for name, (x, y) in zip(names, coordinates, strict=True):
        colour, marker = styles[families[name]]
        axes.plot(x, y, marker=marker, color=colour, markersize=8, markeredgecolor="white")
    axes.margins(0.15)
    axes.axhline(0, color="0.9", lw=0.8, zorder=0)
    axes.axvline(0, color="0.9", lw=0.8, zorder=0)
    axes.set_xlabel(f"component 1 ({explained[0]:.0%})")
    axes.set_ylabel(f"component 2 ({explained[1]:.0%})")
    axes.set_title(title, fontsize=10)
    figure.canvas.draw()
    texts = [axes.text(x, y, name, fontsize=8.5) for name, (x, y) in zip(names, coordinates, strict=True)]
    adjust_text(texts, *coordinates.T, ax=axes, arrowprops={"arrowstyle": "-", "color": "0.6", "lw": 0.6}, ensure_inside_axes=True)
    add_family_legend(figure, families, names)
    return figure


def histograms(values, chance, names, *, label, title):
    """Draw the per-image values of every pair, with the chance values behind them.

    Parameters
    ----------
    values, chance : ndarray, shape (n, pairs)
        NaN where an image does not count.
    names : list of str
    label, title : str

    Returns
    -------
    Figure
        A lower triangle of histograms; with more than 24 models, one of all pairs together.
    """
    m = len(names)
    known = np.concatenate([values[np.isfinite(values)], chance[np.isfinite(chance)]])
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    bins = np.linspace(low, high if high > low else low + 1, 21)
    if m > LARGEST_HISTOGRAM_GRID:
        figure = Figure(figsize=(6, 4))
        axes = figure.add_subplot()
        draw_histogram(axes, values.ravel(), chance.ravel(), bins)
        axes.set_xlabel(f"{label}, {values.shape[1]} pairs")
        axes.set_yticks([])
        axes.set_title(title, fontsize=10)
        return figure
    cell = max(0.52, 4.5 / m)
    figure = Figure(figsize=(cell * (m - 1) + 1, cell * (m - 1) + 0.6))
    grid = figure.add_gridspec(m - 1, m - 1, wspace=0.08, hspace=0.08)
    for pair, (row, column) in enumerate(zip(*np.triu_indices(m, 1), strict=True)):
        axes = figure.add_subplot(grid[column - 1, row])
        draw_histogram(axes, values[:, pair], chance[:, pair], bins)
        axes.set_yticks([])
        axes.set_xticks([])
        if row == 0:
            axes.set_ylabel(names[column], rotation=0, ha="right", va="center", fontsize=8.5)
        if column == m - 1:
            axes.set_xlabel(names[row], rotation=90, fontsize=8.5)
    if m > 2:
        legend = figure.add_subplot(grid[0, -1]) if m > 3 else figure.add_axes((0.7, 0.75, 0.2, 0.15))
        legend.axis("off")
        lines = (("same image", "#0072B2"), ("other image (chance)", "0.6"))
        legend.legend(handles=[Line2D([], [], color=colour, lw=5, label=text) for text, colour in lines], loc="upper right", frameon=False)
    figure.suptitle(f"{title}\n{label} from {bins[0]:.2g} to {bins[-1]:.2g}", fontsize=10, y=1.02)
    return figure


def draw_histogram(axes, values, chance, bins):
    """Draw the values over the chance values, each with area 1."""
    for sample, colour, alpha in ((chance, "0.6", 0.55), (values, "#0072B2", 0.75)):
        sample = sample[np.isfinite(sample)]
        if len(sample):
            axes.hist(sample, bins, density=True, color=colour, alpha=alpha, histtype="stepfilled")
