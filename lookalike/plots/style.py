"""What all figures share: size, font, colours, family legends, saving."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from textwrap import wrap
from typing import Any

from matplotlib import rcParams
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from lookalike.core.replacing import replacing
from lookalike.core.types import StrPath
from lookalike.inference.factors import UNKNOWN_FAMILY

# Okabe and Ito's palette, safe for colour-blind readers; markers repeat what colours show.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")
MARKERS = "osD^vP*X<>pdhH8"
UNKNOWN = ("#999999", "o")
ACCENT, CHANCE = PALETTE[:2]
MM = 1 / 25.4  # inches
# Of PNG: for print, and for a page on a screen.
PRINT, SCREEN = 300, 120
# Above and below what a figure shows, in inches.
MARGIN = 0.1
TITLE = 10  # points
EM = 0.6  # width of a character, as a share of the size of its font
# Behind a text that lies on lines. Path effects would turn the text into a path.
HALO = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.4}

# Text stays text in SVG, and a viewer takes the first of these fonts that it has. The layout is
# that of the first, which comes with matplotlib; Verdana is as wide, and the others are narrower.
FONTS = ("DejaVu Sans", "Verdana", "Arial", "Helvetica")
rcParams.update(
    {
        "svg.hashsalt": "lookalike",
        "svg.fonttype": "none",
        # With PostScript's as well, matplotlib 3.11 starts no second font in a PDF.
        "pdf.fonttype": 42,
        "ps.fonttype": 42,
        # A dollar sign in a name starts no formula.
        "text.parse_math": False,
        "font.family": "sans-serif",
        "font.sans-serif": FONTS,
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)


@dataclass
class Look:
    """How figures look: what the config says of all of them.

    Attributes
    ----------
    width : float
        Of a figure for a page, in mm.
    font : str or None
        Name of a font that comes first.
    over_image : bool
        Whether maps are drawn over their image.
    display : float
        Percentile of a map's absolute values where the colours end.
    """

    width: float = 180.0
    font: str | None = None
    over_image: bool = False
    display: float = 99.0


LOOK = Look()


def use(**about: Any) -> None:
    """Set how the figures of this job look, with the attributes of `Look`; others are as before."""
    for name, value in (asdict(LOOK) | about).items():
        setattr(LOOK, name, value)
    rcParams["font.sans-serif"] = [*([LOOK.font] if LOOK.font else []), *FONTS]


def page_width() -> float:
    """Return the width of a figure for a page, in inches."""
    return LOOK.width * MM


def wrapped(title: str, width: float | None = None, size: float = TITLE) -> str:
    """Return a title in lines that a figure has room for, of a page's width unless it is given."""
    characters = int((page_width() if width is None else width) * 72 / (EM * size))
    lines = (wrap(line, max(characters, 12)) or [""] for line in title.split("\n"))
    return "\n".join(part for parts in lines for part in parts)


def save(figure: Figure, paths: Iterable[StrPath], dpi: int = PRINT) -> None:
    """Write a figure to every path, in the format of its suffix; equal figures give equal bytes.

    It is laid out once, for all formats. The files are as wide as the figure, wider only where
    something does not fit, and as high as what it shows.
    """
    figure.set_dpi(SCREEN)
    for text in figure.findobj(Text):
        # A ligature is no letter that a search in a PDF finds, and takes a font of its own there.
        text.set_fontfeatures(("-liga",))
    if engine := figure.get_layout_engine():
        engine.execute(figure)
    figure.set_layout_engine(None)
    found = figure.get_tightbbox()
    width = figure.get_figwidth()
    box = Bbox.from_extents(
        min(0, found.x0), found.y0 - MARGIN, max(width, found.x1), found.y1 + MARGIN
    )
    for path in paths:
        kind = str(path).rsplit(".", 1)[-1]
        if kind == "pdf":
            embed_letters_alone()
        metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
        with replacing(path) as temporary:
            figure.savefig(temporary, format=kind, dpi=dpi, bbox_inches=box, metadata=metadata)


def embed_letters_alone() -> None:
    """Make fonts in PDFs hold letters alone, without the tables that lay out text: a PDF does not
    use these, and they took most of the time of writing.
    """
    from fontTools import subset

    class Letters(subset.Options):
        def __init__(self, **about: Any) -> None:
            super().__init__(**about)
            self.drop_tables += ["GDEF", "GPOS", "GSUB"]

    if subset.Options.__module__ == subset.__name__:
        setattr(subset, "Options", Letters)  # noqa: B010


def family_styles(families: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the colour and marker of every family, by the families' sorted names.

    No two have both in common, up to 120. The families of a whole run must be given, so that all of
    its figures have the same. Models of no known family are grey.
    """
    known = sorted({*families} - {UNKNOWN_FAMILY})
    styles = {family: nth_style(index) for index, family in enumerate(known)}
    return {UNKNOWN_FAMILY: UNKNOWN} | styles


def nth_style(index: int) -> tuple[str, str]:
    """Return a colour and a marker; none of the first 120 pairs is as another."""
    turn, place = divmod(index, len(PALETTE))
    return PALETTE[place], MARKERS[(place + turn) % len(MARKERS)]


def colours_of(names: Iterable[str], families: Mapping[str, str]) -> dict[str, str]:
    """Return the families of all models of the run, and of these, which may be unknown."""
    return {**families, **{name: families.get(name, UNKNOWN_FAMILY) for name in names}}


def add_family_legend(figure: Figure, families: Mapping[str, str], names: Iterable[str]) -> None:
    """Put a legend of the families of these models under a figure, if there are several."""
    styles = family_styles(families.values())
    shown = sorted({families[name] for name in names})
    if len(shown) < 2:
        return
    handles = [
        Line2D(
            [], [], color=styles[family][0], marker=styles[family][1], linestyle="", label=family
        )
        for family in shown
    ]
    longest = max(map(len, shown)) * EM * rcParams["font.size"] / 72 + 0.5
    columns = max(1, min(len(handles), 5, int(figure.get_figwidth() / longest)))
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False)
