"""The page: the template filled in, with every figure inside it."""

import base64
import importlib.metadata
import platform
from math import isnan
from pathlib import Path

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lookalike.findings.models import FEWEST_FOR_A_VERDICT

PACKAGES = (
    "numpy",
    "scipy",
    "torch",
    "torchvision",
    "timm",
    "captum",
    "numba",
    "scikit-image",
    "matplotlib",
    "snakemake",
)
# Columns of models.csv that hold numbers; the others hold text.
COUNTS = ("parameters", "features", "channels", "classes")
SHARES = ("accuracy_before", "accuracy", "explained_accuracy")
KINDS = {".svg": "image/svg+xml", ".png": "image/png"}


def render(**content):
    """Return the page as text.

    Parameters
    ----------
    **content
        What `template.html` names.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        figure=embed,
        percent=percent,
        number=number,
        fixed=fixed,
        cell=cell,
        interval=interval,
        clear=clear,
    )
    environment.tests.update(count=COUNTS.__contains__, share=SHARES.__contains__)
    return environment.get_template("template.html").render(versions=versions(), **content)


def embed(path):
    """Return a figure as a data address."""
    path = Path(path)
    return f"data:{KINDS[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"


def percent(value):
    """Return a share, given as a number or its text, as percent; a dash where it is not known."""
    return "–" if value in ("", None) or isnan(float(value)) else f"{100 * float(value):.1f}%"


def number(value, digits=3):
    """Return a number in a few significant digits; a dash where it is not known."""
    return "–" if value in ("", None) or isnan(float(value)) else f"{float(value):.{digits}g}"


def interval(row, name, digits=3):
    """Return a value of a table's row and its interval, each in a few significant digits."""
    low, high = (row[f"{name}_{end}"] for end in ("low", "high"))
    bounds = f" ({number(low, digits)} to {number(high, digits)})" if number(low) != "–" else ""
    return number(row[name], digits) + bounds


def clear(row, name, n):
    """Tell whether n images are enough for a verdict, and the interval of a value is known and does
    not hold 0.
    """
    low, high = (float(row[f"{name}_{end}"] or "nan") for end in ("low", "high"))
    return int(n) >= FEWEST_FOR_A_VERDICT and (low > 0 or high < 0)


def fixed(value):
    """Return a number with two decimals; a dash where it is not known."""
    return "–" if isnan(value) else f"{value:.2f}"


def cell(value, column):
    """Return a cell of models.csv as text."""
    if column in SHARES:
        return percent(value)
    return f"{int(value):,}" if column in COUNTS and value else value


def versions():
    """Return the versions of Python and of the packages that make the results."""
    found = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not in the report's environment"
    return found


def as_yaml(config):
    """Return a config as YAML."""
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=100)
