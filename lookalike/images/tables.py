"""User-supplied tables about images: a cell for each, by its id or the name of its file."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from lookalike.core.errors import InputError, near_names
from lookalike.core.types import Row, StrPath
from lookalike.images.folders import composed


def matched_cells(
    given: Sequence[Row],
    rows: Sequence[Row],
    column: str,
    path: StrPath,
    needed: Sequence[Row] | None = None,
) -> dict[str, str | None]:
    """Find the cell of every image in one column of a table.

    Parameters
    ----------
    given : list of dict of str
        `image`, an image's id or the name of its file, and the column. Other images are ignored.
    rows : list of dict
        Of the manifest.
    column : str
        In any case, as `image` is.
    path : path-like
        Of the table, for the errors.
    needed : list of dict, optional
        The rows whose images must be there; by default all.

    Returns
    -------
    dict
        From the id of each of these to its cell, in their order.

    Raises
    ------
    InputError
        If the table lacks a column, or an image, or holds one twice.
    """
    given = [{(name or "").strip().lower(): cell for name, cell in row.items()} for row in given]
    name = column.strip().lower()
    if not given or not {"image", name} <= given[0].keys():
        header = f"it names {', '.join(map(repr, given[0]))}" if given else "it is empty"
        raise InputError(
            f"{path}: needs a first line with the columns image and {column}, between commas, "
            f"and a line for each image; {header}"
        )
    ids = ids_of(rows)
    found: dict[str, str | None] = {}
    strange = []
    for row in given:
        image = composed((row["image"] or "").strip())
        if image not in ids:
            strange.append(image)
            continue
        if ids[image] in found:
            raise InputError(f"{path}: image {ids[image]!r} appears twice; keep one of its {name}s")
        found[ids[image]] = row[name]
    wanted = [row["image"] for row in (rows if needed is None else needed)]
    if missing := [image for image in wanted if image not in found]:
        hint = near_names(missing[0], strange) or (
            f"; {strange[0]!r}, which it names, is no image" if strange else ""
        )
        raise InputError(
            f"{path}: {len(missing)} of {len(wanted)} images have no {column}, for example "
            f"{missing[0]!r}{hint}; add them, or take the images out"
        )
    return {image: found[image] for image in wanted}


def ids_of(rows: Sequence[Row]) -> dict[str, str]:
    """Return the id of every image, by its id and by the name of its file if no other has it."""
    names = [composed(Path(row["path"]).name) for row in rows]
    files = Counter(names)
    return {
        name: row["image"]
        for name, row in zip(names, rows, strict=True)
        if name and files[name] == 1
    } | {row["image"]: row["image"] for row in rows}
