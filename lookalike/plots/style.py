"""What all figures share: colours, family legends, saving."""

from collections.abc import Iterable, Mapping

from matplotlib import rcParams
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lookalike.core.replacing import replacing
from lookalike.core.types import StrPath

# Okabe and Ito's palette, safe for colour-blind readers; markers repeat what colours show.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")
MARKERS = "osD^vP*X"
ACCENT, CHANCE = PALETTE[:2]
DPI = 120
# Around a figure, in inches.
MARGIN = 0.1

# A dollar sign in a name starts no formula.
rcParams["text.parse_math"] = False
rcParams.update(
    {
        "svg.hashsalt": "lookalike",
        "svg.fonttype": "path",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)


def save(figure: Figure, paths: Iterable[StrPath]) -> None:
    """Write a figure to every path, in the format of its suffix; equal figures give equal bytes.

    It is laid out once, for all formats.
    """
    figure.set_dpi(DPI)
    figure.draw_without_rendering()
    figure.set_layout_engine(None)
    box = figure.get_tightbbox().padded(MARGIN)
    for path in paths:
        kind = str(path).rsplit(".", 1)[-1]
        metadata = {"Date": None} if kind == "svg" else None
        with replacing(path) as temporary:
            figure.savefig(temporary, format=kind, dpi=DPI, bbox_inches=box, metadata=metadata)


def family_styles(families: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the colour and marker of every family, by the families' sorted names."""
    return {
        family: (PALETTE[index % len(PALETTE)], MARKERS[index % len(MARKERS)])
        for index, family in enumerate(sorted(set(families)))
    }


def add_family_legend(figure: Figure, families: Mapping[str, str], names: Iterable[str]) -> None:
    """Put a legend of the families of these models under a figure, if there are several."""
    if len(set(families.values())) == 1:
        return
    styles = family_styles(families.values())
    shown = sorted({families[name] for name in names})
    handles = [
        Line2D(
            [], [], color=styles[family][0], marker=styles[family][1], linestyle="", label=family
        )
        for family in shown
    ]
    figure.legend(
        handles=handles, loc="outside lower center", ncols=min(len(handles), 5), frameon=False
    )
