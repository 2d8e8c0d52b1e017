"""The figure of the multiverse: every conclusion under every method, metric, subset and linkage."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from lookalike.core.types import Row
from lookalike.plots.style import PALETTE

# Of a cell by its verdict: its colour, that of its mark, and the mark. Their greys differ too.
STYLES = {
    "yes": (PALETTE[0], "white", "y"),
    "no": ("#F3C98B", "black", "n"),
    "cannot tell": ("0.93", "0.35", "?"),
}
MIXED = (PALETTE[5], "black")
TITLES = {
    "dependence": "maps depend on the image",
    "main effects": "models differ in distance from all others",
    "structure": "beyond that, some are nearer to one another",
    "groups": "models form groups",
}
MOST_CLADES, LONGEST = 20, 46
# Of a cell, in inches.
SIDE = 0.24

Column = tuple[str, str]


def multiverse_grid(rows: Sequence[Row], *, title: str) -> Figure:
    """Draw the verdict of every analysis: conclusions are rows, methods and metrics columns, with a
    panel for each subset of the images.

    Parameters
    ----------
    rows : list of dict
        `inference/multiverse.csv`, as it is read.
    title : str

    Returns
    -------
    Figure
        Where trees of several linkages differ, a cell says how many of them name a clade. Of more
        than `MOST_CLADES` clades, those that most trees name are drawn; without any row, the figure
        says so.
    """
    conclusions, left_out = shown_conclusions(rows)
    columns = sorted_columns(rows)
    subsets = list(dict.fromkeys(row["subset"] for row in rows))
    cells: dict[tuple[str, tuple[str, str], Column], list[str]] = {}
    for row in rows:
        about = (row["conclusion"], row["subject"])
        cells.setdefault((row["subset"], about, (row["method"], row["metric"])), []).append(
            row["verdict"]
        )
    height = len(conclusions) * SIDE
    figure = Figure(
        figsize=(4.2 + max(len(columns), 8) * SIDE, 1.6 + len(subsets) * (height + 0.6)),
        layout="constrained",
    )
    if not rows:
        figure.text(0.5, 0.5, "no conclusion was tested", ha="center")
        return figure
    panels = figure.subplots(len(subsets), 1, squeeze=False, sharex=True)[:, 0]
    for axes, subset in zip(panels, subsets, strict=True):
        own = {about[1:]: verdicts for about, verdicts in cells.items() if about[0] == subset}
        draw_panel(axes, conclusions, columns, own)
        if len(subsets) > 1:
            axes.set_ylabel(f"{subset} images")
    name_columns(panels[0], panels[-1], columns)
    more = f"\n{left_out} more clades are in multiverse.csv" if left_out else ""
    figure.suptitle(f"{title}{more}", fontsize=10)
    handles = [
        Patch(facecolor=colour, edgecolor="0.5", label=f"{mark}: {verdict}")
        for verdict, (colour, _, mark) in STYLES.items()
    ]
    if any({"yes", "no"} <= set(verdicts) for verdicts in cells.values()):
        handles.append(Patch(facecolor=MIXED[0], edgecolor="0.5", label="1/2: in 1 of 2 linkages"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    return figure


def shown_conclusions(rows: Sequence[Row]) -> tuple[list[tuple[str, str]], int]:
    """Return the conclusions that are drawn, with their subjects, and how many clades are not."""
    every = list(dict.fromkeys((row["conclusion"], row["subject"]) for row in rows))
    clades = [about for about in every if about[0] == "clade"]
    others = [about for about in every if about[0] not in ("clade", "factor")]
    factors = [about for about in every if about[0] == "factor"]
    return [*others, *clades[:MOST_CLADES], *factors], max(0, len(clades) - MOST_CLADES)


def sorted_columns(rows: Sequence[Row]) -> list[Column]:
    """Return methods with their metrics, those of one method together."""
    columns = list(dict.fromkeys((row["method"], row["metric"]) for row in rows))
    methods = list(dict.fromkeys(method for method, _ in columns))
    return sorted(columns, key=lambda column: methods.index(column[0]))


def draw_panel(
    axes: Axes,
    conclusions: Sequence[tuple[str, str]],
    columns: Sequence[Column],
    cells: Mapping[tuple[tuple[str, str], Column], Sequence[str]],
) -> None:
    """Draw the cells of one subset of the images; what was not asked stays empty."""
    for place, about in enumerate(conclusions):
        for column, key in enumerate(columns):
            verdicts = cells.get((about, key))
            if not verdicts:
                continue
            able = [verdict for verdict in verdicts if verdict != "cannot tell"] or verdicts
            if len(set(able)) == 1:
                colour, ink, mark = STYLES[able[0]]
            else:
                (colour, ink), mark = MIXED, f"{able.count('yes')}/{len(able)}"
            axes.add_patch(Rectangle((column, place), 1, 1, facecolor=colour, edgecolor="white"))
            axes.text(
                column + 0.5, place + 0.52, mark, ha="center", va="center", fontsize=7, color=ink
            )
    axes.set_xlim(0, len(columns))
    axes.set_ylim(len(conclusions), 0)
    axes.set_aspect("equal")
    axes.set_yticks(
        [place + 0.5 for place in range(len(conclusions))],
        [name_row(*about, conclusions) for about in conclusions],
        fontsize=8,
    )
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def name_row(conclusion: str, subject: str, conclusions: Sequence[tuple[str, str]]) -> str:
    """Return the name of a conclusion; clades are numbered, since long ones are cut."""
    if conclusion == "factor":
        return f"factor: {subject}"
    if conclusion != "clade":
        return TITLES[conclusion]
    number = [about for about in conclusions if about[0] == "clade"].index((conclusion, subject))
    return f"clade {number + 1}: {shortened(subject)}"


def shortened(subject: str) -> str:
    """Return the members of a clade, as many as there is room for."""
    names = subject[1:-1].split(", ")
    kept = list(names)
    while len(", ".join(kept)) > LONGEST and len(kept) > 1:
        kept.pop()
    more = len(names) - len(kept)
    return f"{{{', '.join(kept)}{f' and {more} more' if more else ''}}}"


def name_columns(top: Axes, bottom: Axes, columns: Sequence[Column]) -> None:
    """Name the metrics below the cells, and above them the methods, parted by lines."""
    bottom.set_xticks(
        [place + 0.5 for place in range(len(columns))],
        [metric for _, metric in columns],
        rotation=90,
        fontsize=8,
    )
    methods = [method for method, _ in columns]
    for method in dict.fromkeys(methods):
        first, count = methods.index(method), methods.count(method)
        turned = len(method) > 3.5 * count
        top.text(
            first + count / 2,
            -0.25,
            method,
            ha="center",
            va="bottom",
            fontsize=8,
            rotation=90 if turned else 0,
        )
        if first:
            for axes in {top, bottom}:
                axes.axvline(first, color="black", linewidth=1)
