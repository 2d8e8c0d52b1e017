"""What the images of a table belong to: units, classes, and parts of both."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lookalike.compare.resampling import members_of
from lookalike.core.types import Row
from lookalike.images.units import CLASS


@dataclass(frozen=True, eq=False)
class Sampled:
    """What the images of a table belong to.

    Attributes
    ----------
    units : ndarray of int, shape (n,)
        Drawn together.
    names : tuple of str
        Of the units, by their images.
    labels : ndarray of int, shape (n,)
        The class of each image; -1 without one.
    classes : tuple of str
    parts : ndarray of int, shape (n,)
        Independent images of one class: units, but where these are classes, near-copies.
    """

    units: np.ndarray
    names: tuple[str, ...]
    labels: np.ndarray
    classes: tuple[str, ...]
    parts: np.ndarray


def describe_sample(images: Sequence[str], units: np.ndarray, rows: Sequence[Row]) -> Sampled:
    """Return what images belong to.

    Parameters
    ----------
    images : sequence of str
    units : ndarray of int, shape (n,)
        Of the table of images.
    rows : sequence of dict
        `images/units.csv`.
    """
    about = {row["image"]: row for row in rows}
    found = [about[image] for image in images]
    classes = sorted({row["label"] for row in found} - {""})
    labels = np.array([classes.index(row["label"]) if row["label"] else -1 for row in found], int)
    within = [
        (row["near_copy_of"] or row["image"] if row["why"] == CLASS else row["unit"], row["label"])
        for row in found
    ]
    numbers: dict[tuple[str, str], int] = {}
    parts = np.array([numbers.setdefault(part, len(numbers)) for part in within], int)
    names = [""] * (int(units.max(initial=-1)) + 1)
    for number, (first, *others) in zip(
        np.unique(units), (np.array(images)[own].tolist() for own in members_of(units)), strict=True
    ):
        names[number] = f"{first} and {len(others)} more" if others else first
    return Sampled(units, tuple(names), labels, tuple(classes), parts)
