"""The page: the template filled in, with style, scripts and blocks inside it."""

from math import isnan
from pathlib import Path

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lookalike.core.types import Row
from lookalike.findings.explanations import LARGEST_ERROR
from lookalike.findings.models import FEWEST_FOR_A_VERDICT

# Columns of models.csv that hold numbers; the others hold text.
COUNTS = ("parameters", "features", "channels", "classes")
SHARES = ("accuracy_before", "accuracy", "explained_accuracy")
TEMPLATE = Path(__file__).parent / "template"
# Parts of one script, in this order.
SCRIPTS = (
    *("unpack", "elements", "state", "colours", "labels", "matrix", "tree", "points", "graph"),
    *("maps", "pair", "frame", "cards", "strip", "zoom", "views", "tables", "save", "start"),
)


def render(**content: object) -> str:
    """Return the page as text.

    Parameters
    ----------
    **content
        What `page.html` names.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=percent,
        number=number,
        fixed=fixed,
        cell=cell,
        interval=interval,
        clear=clear,
        whole=whole,
    )
    environment.globals["fewest"] = FEWEST_FOR_A_VERDICT
    environment.globals["largest_error"] = LARGEST_ERROR
    environment.globals["style"] = (TEMPLATE / "style.css").read_text(encoding="utf-8")
    environment.globals["script"] = "\n".join(
        (TEMPLATE / f"scripts/{name}.js").read_text(encoding="utf-8") for name in SCRIPTS
    )
    environment.tests.update(count=COUNTS.__contains__, share=SHARES.__contains__)
    return environment.get_template("page.html").render(**content)


def percent(value: float) -> str:
    """Return a share as percent; a dash where it is not known."""
    return "–" if isnan(value) else f"{100 * value:.1f}%"


def number(value: float, digits: int = 3) -> str:
    """Return a number with a few significant digits; a dash where it is not known."""
    return "–" if isnan(value) else f"{value:.{digits}g}"


def fixed(value: float) -> str:
    """Return a number with two decimals; a dash where it is not known."""
    return "–" if isnan(value) else f"{value:.2f}"


def whole(value: float) -> str:
    """Return a whole number; a dash where it is not known."""
    return "–" if isnan(value) else f"{value:,.0f}"


def interval(row: Row, name: str, digits: int = 3) -> str:
    """Return a value of a table's row with its interval, each with a few significant digits."""
    low, high = (row[f"{name}_{end}"] for end in ("low", "high"))
    bounds = "" if isnan(low) else f" ({number(low, digits)} to {number(high, digits)})"
    return number(row[name], digits) + bounds


def clear(row: Row, name: str, n: float) -> bool:
    """Return whether the interval of a value is known and excludes 0, over enough images for a
    verdict.
    """
    return n >= FEWEST_FOR_A_VERDICT and (row[f"{name}_low"] > 0 or row[f"{name}_high"] < 0)


def cell(value: str, column: str) -> str:
    """Return a cell of models.csv as text."""
    if column in SHARES:
        return percent(float(value or "nan"))
    return whole(float(value or "nan")) if column in COUNTS else value


def as_yaml(config: Row) -> str:
    """Return a config as YAML."""
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=100)
