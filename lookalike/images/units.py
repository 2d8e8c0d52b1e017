"""Units of images: which belong together, so that they are drawn and permuted together."""

from collections.abc import Mapping, Sequence

import numpy as np

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.core.types import Row, StrPath
from lookalike.images.remarks import counted
from lookalike.images.tables import matched_cells

COLUMNS = ("image", "label", "unit", "why", "near_copy_of")
CLASS, NEAR_COPIES = "class", "near-copies"
# Of whose draw the intervals of fewer classes would depend too much to speak of others.
FEWEST_CLASSES = 8


def describe_units(
    rows: Sequence[Row],
    explained: Sequence[Row],
    copies: np.ndarray | None,
    *,
    by_class: bool,
    table: StrPath | None,
    column: str,
) -> list[Row]:
    """Return the unit of every explained image as `group_images` does, and print what is special
    about units; parameters as for `find_groups` and `group_images`.
    """
    found = group_images(explained, copies, *find_groups(rows, explained, by_class, table, column))
    for sentence in unit_remarks(found):
        print(sentence)
    return found


def find_groups(
    rows: Sequence[Row],
    explained: Sequence[Row],
    by_class: bool,
    table: StrPath | None = None,
    column: str = "",
) -> tuple[dict[str, str] | None, str]:
    """Return the group of every explained image, where groups are asked for, and what groups are.

    Parameters
    ----------
    rows, explained : list of dict
        Of the manifest, and of the images that are explained.
    by_class : bool
        Whether a class is a group.
    table : path, optional
        A table with the column image, an image's id or the name of its file.
    column : str
        That of the groups in the table.

    Raises
    ------
    InputError
        If an image has no class, or the table lacks the column or an image, or holds one twice.
    """
    if by_class:
        return class_groups(explained), CLASS
    if not table:
        return None, ""
    cells = matched_cells(io.read_table(table), rows, column, table, explained)
    groups = {image: (cell or "").strip() for image, cell in cells.items()}
    if empty := [image for image, group in groups.items() if not group]:
        raise InputError(f"{table}: the {column} of image {empty[0]!r} is missing; fill it in")
    return groups, column


def class_groups(explained: Sequence[Row]) -> dict[str, str]:
    """Return the class of every explained image."""
    if unlabelled := [row["image"] for row in explained if not row["label"]]:
        raise InputError(
            f"images.group, inference.population: image {unlabelled[0]!r} has no class to be drawn "
            "by; put each class into a folder of its own, or leave the key out"
        )
    return {row["image"]: row["label"] for row in explained}


def group_images(
    explained: Sequence[Row],
    copies: np.ndarray | None,
    groups: Mapping[str, str] | None = None,
    why: str = "",
) -> list[Row]:
    """Return the unit of every explained image.

    Parameters
    ----------
    explained : list of dict
        Of the images, with `image` and `label`.
    copies : ndarray of int, shape (n,), or None
        For each image the first of its near-copies, or itself; None where none were looked for.
    groups : dict, optional
        From an image to its group, which then is its unit; else near-copies are.
    why : str
        What these groups are.

    Returns
    -------
    list of dict
        With `COLUMNS`. `unit` is a name, of a group or of an image; `why` says what makes the unit,
        and is empty for an image of its own; `near_copy_of` is the first of an image's near-copies,
        also if that is the image itself, and empty if there are none.
    """
    images = [row["image"] for row in explained]
    copies = np.arange(len(images)) if copies is None else copies
    sizes = np.bincount(copies, minlength=len(images))
    rows = []
    for row, first in zip(explained, copies.tolist(), strict=True):
        copy_of = images[first] if sizes[first] > 1 else ""
        unit, reason = copy_of or row["image"], NEAR_COPIES if copy_of else ""
        if groups is not None:
            unit, reason = groups[row["image"]], why
        about = (row["image"], row["label"], unit, reason, copy_of)
        rows.append(dict(zip(COLUMNS, about, strict=True)))
    return rows


def number_units(rows: Sequence[Row]) -> dict[str, int]:
    """Return the number of every image's unit, from 0 in the order in which they come."""
    numbers: dict[str, int] = {}
    return {row["image"]: numbers.setdefault(row["unit"], len(numbers)) for row in rows}


def unit_remarks(rows: Sequence[Row]) -> list[str]:
    """Say in sentences which units there are, which images are near-copies, and which of these have
    different classes.

    Parameters
    ----------
    rows : list of dict
        As `group_images` returns them.
    """
    n, units = len(rows), grouped(rows, "unit")
    given = sorted({row["why"] for row in rows} - {"", NEAR_COPIES})
    found = [
        f"Images of one {why} belong together: {counted(n, 'image')} in "
        f"{counted(len(units), 'unit')}."
        for why in given
    ]
    if copies := grouped(rows, "near_copy_of"):
        count = sum(map(len, copies.values()))
        one, other, *_ = next(iter(copies.values()))
        text = f"{count} of {n} images are near-copies of others, for example {named([one, other])}"
        if not given:
            text += f": the {n} images are counted as {counted(len(units), 'unit')}"
        found.append(f"{text}.")
        if apart := mixed(copies, "unit") if given else []:
            found.append(
                f"Near-copies in different units, which count as independent: "
                f"{counted(len(apart), 'group')}, for example {named(apart[0])}."
            )
    if unlike := mixed(units, "label"):
        found.append(
            f"Images of one unit that have different classes: {counted(len(unlike), 'unit')}, for "
            f"example {named(unlike[0], 'label')}."
        )
    return found


def grouped(rows: Sequence[Row], column: str) -> dict[str, list[Row]]:
    """Return the rows that share a cell of a column, by that cell, where it is not empty."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if row[column]:
            groups.setdefault(row[column], []).append(row)
    return groups


def mixed(groups: Mapping[str, Sequence[Row]], column: str) -> list[list[Row]]:
    """Return of each group whose rows differ in a column the first row and one that differs."""
    firsts = (
        (rows[0], [row for row in rows if row[column] != rows[0][column]])
        for rows in groups.values()
    )
    return [[first, others[0]] for first, others in firsts if others]


def named(rows: Sequence[Row], column: str = "") -> str:
    """Return two images as a part of a sentence, each with its cell of a column."""
    return " and ".join(row["image"] + (f" ({row[column]})" if column else "") for row in rows)
