"""What the report shows, gathered from the files of the workflow; a path's folders tell what it is
about.
"""

from pathlib import Path

import numpy as np

from lookalike.compare.user_matrices import GIVEN_MATRICES
from lookalike.core import io
from lookalike.findings.collect import from_markdown
from lookalike.findings.models import summarise_localisation
from lookalike.plots.titles import title_of

TABLES = (
    "models",
    "unmatched",
    "replicates",
    "structure",
    "factors",
    "heads",
    "pruning",
    "variants",
)
MATRIX_FIGURES = ("matrix", "dendrograms", "louvain", "together", "pca", "histograms")


def gather(paths, subset):
    """Return the content of the page, but for the config and the versions.

    Parameters
    ----------
    paths : mapping
        Of the rule's named inputs: `findings`, the `TABLES`, `audits`, `diagnostics`,
        `localisation`, `dissimilarities`, `calibrated`, and the figures: `MATRIX_FIGURES` of each
        matrix, `agreement`, `pruning_figure`, `panels` and `studies`. What is not there is empty.
    subset : str
        Of the images, of which the longer tables are.

    Returns
    -------
    dict
    """
    tables = {name: io.read_table(paths[name]) if paths[name] else [] for name in TABLES}
    matrices = [describe_matrix(path, paths) for path in paths["dissimilarities"]]
    # Of one subset alone, where a table would be too long otherwise.
    tables |= {
        name: [row for row in tables[name] if row["subset"] == subset]
        for name in ("replicates", "factors", "variants")
    }
    audits = {Path(path).parts[-2:]: io.read_json(path) for path in paths["audits"]}
    n_images = max((audit["n"] for audit in audits.values()), default=0)
    warnings = [
        f"{method}, {Path(file).stem}: {warning}"
        for (method, file), audit in audits.items()
        for warning in audit["warnings"]
    ]
    models = tables["models"]
    return tables | {
        "given": [row["model"] for row in models if not row["timm"]],
        "columns": [
            column for column in (models[0] if models else []) if any(row[column] for row in models)
        ],
        "compared": list(dict.fromkeys(name for matrix in matrices for name in matrix["names"])),
        "methods": list(dict.fromkeys(matrix["method"] for matrix in matrices)),
        "metrics": list(dict.fromkeys(matrix["metric"] for matrix in matrices)),
        "n_images": n_images,
        "findings": from_markdown(io.read_text(paths["findings"])),
        "localisation": {
            Path(path).stem: summarise_localisation(io.read_table(path))
            for path in paths["localisation"]
        },
        "agreement": [Path(path) for path in paths["agreement"]],
        "pruning_figure": Path(paths["pruning_figure"]) if paths["pruning_figure"] else None,
        "matrices": matrices,
        "panels": sorted(Path(paths["panels"]).glob("*.png")) if paths["panels"] else [],
        "studies": [Path(path) for path in paths["studies"]],
        "warnings": warnings,
        "diagnostics": [row for path in paths["diagnostics"] for row in describe_diagnostics(path)],
    }


def describe_matrix(path, paths):
    """Return names, cells and figures of the matrix whose dissimilarities lie at a path."""
    place = Path(path).parts[-4:-1]
    cells, names = io.read_matrix(path)
    drawn = [figure for kind in MATRIX_FIGURES for figure in paths[kind]]
    figures = [Path(figure) for figure in drawn if Path(figure).parts[-4:-1] == place]
    given = place[0] == GIVEN_MATRICES
    calibrated = [
        io.read_matrix(other)[0].tolist()
        for other in paths["calibrated"]
        if Path(other).parts[-4:-1] == place
    ]
    shown = {
        "given": given,
        "title": title_of(*place),
        "names": names,
        "cells": cells.tolist(),
        "figures": figures,
    }
    shown["calibrated"] = calibrated[0] if calibrated else None
    return dict(zip(("method", "metric", "subset"), place, strict=True)) | shown


def describe_diagnostics(path):
    """Return one row for every quantity that an explanation run reports of itself."""
    explanation, model = Path(path).parts[-3:-1]
    summary = summarise_diagnostics(io.read_table(path))
    return [
        {"explanation": explanation, "model": model, "name": name, **numbers}
        for name, numbers in summary.items()
    ]


def summarise_diagnostics(rows):
    """Return median and 95th percentile of every diagnostic of an explanation run, by its name."""
    names = [name for name in (rows[0] if rows else {}) if name != "image"]
    columns = {name: np.array([float(row[name]) for row in rows]) for name in names}
    return {
        name: {"median": float(np.median(values)), "high": float(np.percentile(values, 95))}
        for name, values in columns.items()
    }
