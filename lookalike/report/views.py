"""The numbers of a matrix that the page draws: cells, trees, communities, coordinates."""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities, read_dissimilarities
from lookalike.compare.image_table import read_image_table
from lookalike.compare.shades import shades
from lookalike.core import io
from lookalike.core.condensed import condensed
from lookalike.core.types import Row
from lookalike.findings.tables import braces
from lookalike.groups.clades import parse_clades
from lookalike.groups.projection import ellipse_of, parse_projection
from lookalike.plots.titles import MANY, title_of
from lookalike.report.packing import pack_values

# Cells of a matrix besides its values, by the input that holds them.
BOUNDS = ("low", "high", "chance", "n", "calibrated")


def view_of(
    key: Sequence[str],
    files: Mapping[str, Any],
    linkages: Sequence[str],
    holding: Collection[tuple[str, str]],
) -> Row:
    """Return what the page draws of one matrix.

    Parameters
    ----------
    key : (str, str, str)
        Method, metric and subset.
    files : mapping
        Paths: `dissimilarity`, `bootstrap`, `communities`, `together`, `coordinates`, `supports`
        (one for each linkage), and of a matrix that is computed here `low`, `high`, `chance`, `n`,
        `calibrated` and `table`.
    linkages : list of str
    holding : set of (str, str)
        The clades that the findings name here: linkage, and members as `braces` writes them.

    Returns
    -------
    dict
        `method`, `metric`, `subset`, `title`, `given`; `names`; `cells`, from `value`, `shade` and
        each of `BOUNDS` that is known to one number for each pair of models, in the order of
        `np.triu_indices`; `chance`, the mean of that; `known`, the models that trees, communities
        and coordinates are of; `trees`, `partitions`, `together`, `points` and `layout`; and for
        at most 40 models `values`, those of single images, with `images`.
    """
    matrix = read_dissimilarities(files["dissimilarity"], files["bootstrap"], key)
    given = "table" not in files
    known = [row["model"] for row in io.read_table(files["coordinates"])][::2]
    cells = {"value": matrix.condensed}
    cells["shade"] = condensed(shades(matrix)) if len(matrix) <= MANY else matrix.condensed
    for name in BOUNDS:
        if files.get(name):
            cells[name] = condensed(io.read_matrix(files[name])[0])
    view: Row = {
        **dict(zip(("method", "metric", "subset"), key, strict=True)),
        "title": title_of(*key, given=given),
        "given": given,
        "names": matrix.names,
        "cells": cells,
        "chance": float(np.nanmean(cells["chance"])) if "chance" in cells else None,
        "known": [matrix.names.index(name) for name in known],
        "trees": {
            linkage: tree_of(path, {members for name, members in holding if name == linkage})
            for linkage, path in zip(linkages, files["supports"], strict=True)
        },
        "partitions": partitions_of(io.read_table(files["communities"]), known),
        "together": together_of(files["together"], known),
        "points": points_of(io.read_table(files["coordinates"])),
        "layout": layout_of(matrix.of(known)),
    }
    if not given and len(matrix) <= MANY:
        table = read_image_table(files["table"])
        view |= {"values": pack_values(table.values), "images": table.images}
    return view


def tree_of(path: Any, holding: Collection[str]) -> list[Row]:
    """Return the merges of a tree, with `support`, `p` and whether the clade `holds`."""
    rows = parse_clades(io.read_table(path))
    return [
        {
            "left": row["left"],
            "right": row["right"],
            "height": row["height"],
            "support": row["support"],
            "p": row["si_holm"],
            "cophenetic": row["cophenetic_correlation"],
            "holds": braces(sorted(row["members"].split())) in holding,
        }
        for row in rows
    ]


def together_of(path: Any, known: Sequence[str]) -> np.ndarray:
    """Return the share of partitions that put two models together, for each pair of the known."""
    shares, names = io.read_matrix(path)
    order = [names.index(name) for name in known]
    return condensed(shares[np.ix_(order, order)])


def partitions_of(rows: Sequence[Row], known: Sequence[str]) -> list[Row]:
    """Return the partition under each resolution: `resolution`, `stability`, `modularity`, and the
    `communities` of the known models.
    """
    found = []
    for resolution, own in groupby(rows, lambda row: row["resolution"]):
        members = list(own)
        of = {row["model"]: int(row["community"]) for row in members}
        found.append(
            {
                "resolution": resolution,
                **{name: number(members[0][name]) for name in ("stability", "modularity")},
                "communities": [of.get(name, 0) for name in known],
            }
        )
    return found


def number(cell: str) -> float:
    """Return a cell of a table as a number; NaN where it is empty."""
    return float(cell or "nan")


def points_of(rows: Sequence[Row]) -> Row:
    """Return principal coordinates: `at`, (x, y) of each model; `explained`; and `ellipses`, (full
    width, full height, angle in degrees), or None.
    """
    coordinates, explained, covariances = parse_projection(rows)
    ellipses = [ellipse_of(one) if np.isfinite(one).all() else None for one in covariances]
    return {"at": coordinates, "explained": explained, "ellipses": ellipses}


def layout_of(matrix: Dissimilarities) -> np.ndarray:
    """Return places of models in a square from -1 to 1 whose distances are as near to the
    dissimilarities as they can be (Kamada and Kawai); shape (m, 2).

    The same at all resolutions, so that communities can be compared.
    """
    import networkx

    if len(matrix) < 2:
        return np.zeros((len(matrix), 2))
    values = matrix.values / (matrix.condensed.mean() or 1)
    # Equal maps lie at one place otherwise.
    least = 0.2
    numbers = range(len(matrix))
    far = {
        one: {other: max(float(values[one, other]), least) * (one != other) for other in numbers}
        for one in numbers
    }
    graph = networkx.complete_graph(len(matrix))
    if len(matrix) > MANY:
        places = networkx.spring_layout(graph, seed=0)
    else:
        places = networkx.kamada_kawai_layout(graph, dist=far)
    return np.array([places[one] for one in numbers])
