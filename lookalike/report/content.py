"""What the report shows, gathered from the files of the workflow."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lookalike.core import io
from lookalike.core.types import Row, StrPath
from lookalike.findings.audits import same_maps
from lookalike.findings.finding import by_section
from lookalike.findings.power import needed, read_power
from lookalike.findings.tables import read_table
from lookalike.inference.influence import ONLY, UNIT, WITHOUT
from lookalike.plots.titles import MANY, MOST_NAMED, title_of
from lookalike.report.zoom import zoomable

# Of all subsets of the images, and of one alone where a table would be too long otherwise.
TABLES = ("structure", "heads", "pruning")
TABLES_OF_SUBSET = (
    *("explainer_error", "replicates", "seeds", "factors"),
    *("influence", "variants"),
)
# By input, what the figure that every matrix has shows.
MATRIX_FIGURES = {
    "matrix": "matrix",
    "dendrograms": "dendrogram",
    "louvain": "communities",
    "together": "co-association matrix",
    "principal_coordinates": "principal coordinates",
}


def gather(paths: Mapping[str, Any], keys: Mapping[str, Any]) -> Row:
    """Return the content of the page, but for the config and the versions.

    Parameters
    ----------
    paths : mapping
        The rule's named inputs: `findings`, the tables, `models`, `unmatched`, `audits`,
        `diagnostics`, `localisation_tests`, `dissimilarities`, `calibrated`, and the figures:
        `MATRIX_FIGURES` of each matrix (`dendrograms` of all matrices for one linkage after
        another), `histograms` and `calibrated` of each that is computed here, `agreement`,
        `multiverse`, `pruning_figure`, `panels`, the summaries of `studies` and `study_figures`.
        What does not exist is empty.
    keys : mapping
        What the files are about, in their order: `matrices`, (method, metric, subset) of each, and
        `given`, those of them that are user-supplied;
        `audited`, (method, model); `explained`, (explanation, model) of `diagnostics`;
        `localised`, methods; `agreement`, (subset, kind); `studies`, by name the question, whether
        there is a summary, and the titles of the figures. And
        `subset`, the images of the longer tables; `blind`, the methods whose maps do not depend on
        the model.
    """
    tables = {
        name: read_table(paths[name]) if paths[name] else pd.DataFrame(columns=["subset"])
        for name in (*TABLES, *TABLES_OF_SUBSET)
    }
    for name in TABLES_OF_SUBSET:
        tables[name] = tables[name][tables[name]["subset"] == keys["subset"]]
    models, unmatched = (
        io.read_table(paths[name]) if paths[name] else [] for name in ("models", "unmatched")
    )
    audits = {
        (method, model): io.read_json(path)
        for (method, model), path in zip(keys["audited"], paths["audits"], strict=True)
    }
    found = io.read_json(paths["findings"])
    tables["influence"] = summarise_influence(tables["influence"])
    matrices = describe_matrices(paths, keys["matrices"], keys["given"])
    return {name: table.to_dict("records") for name, table in tables.items()} | {
        "models": models,
        "unmatched": unmatched,
        "given": [row["model"] for row in models if not row["timm"] and row["native_grid"]],
        "columns": [
            column for column in (models[0] if models else []) if any(row[column] for row in models)
        ],
        "compared": list(dict.fromkeys(name for matrix in matrices for name in matrix["names"])),
        "methods": list(dict.fromkeys(matrix["method"] for matrix in matrices)),
        "metrics": list(dict.fromkeys(matrix["metric"] for matrix in matrices)),
        "n_images": max((audit["n"] for audit in audits.values()), default=0),
        "findings": by_section(found),
        "multiverse": found["multiverse"],
        "multiverse_figure": paths["multiverse"],
        "localisation": [
            {"method": method} | row
            for method, path in zip(keys["localised"], paths["localisation_tests"], strict=True)
            for row in read_table(path).to_dict("records")
        ],
        "agreement": [
            {"title": f"agreement of {kind}, {subset} images", "path": path}
            for (subset, kind), path in zip(keys["agreement"], paths["agreement"], strict=True)
        ],
        "pruning_figure": paths["pruning_figure"],
        "matrices": matrices,
        "panels": sorted(Path(paths["panels"]).glob("*.png")) if paths["panels"] else [],
        "studies": describe_studies(paths, keys["studies"]),
        "power": needed(read_power(paths["power"])),
        "warnings": [
            f"{method}, {model}: {warning}"
            for (method, model), audit in audits.items()
            for warning in audit["warnings"]
        ]
        + [
            f"{method}: the maps of {' and '.join(group)} are equal"
            for group, methods in same_maps(audits, frozenset(keys["blind"])).items()
            for method in methods
        ],
        "diagnostics": [
            {"explanation": explanation, "model": model} | row
            for (explanation, model), path in zip(
                keys["explained"], paths["diagnostics"], strict=True
            )
            for row in summarise_diagnostics(path)
        ],
    }


def describe_matrices(
    paths: Mapping[str, Any], keys: Sequence[Sequence[str]], given: Sequence[Sequence[str]]
) -> list[Row]:
    """Return names, cells and figures of each matrix, by its method, metric and subset; of those
    that are user-supplied, there is no histogram and nothing calibrated.
    """
    computed = [tuple(key) for key in keys if key not in given]
    calibrated, histograms = (
        dict(zip(computed, paths[name], strict=True)) for name in ("calibrated", "histograms")
    )
    matrices = []
    for place, (method, metric, subset) in enumerate(keys):
        key = (method, metric, subset)
        cells, names = io.read_matrix(paths["dissimilarities"][place])
        figures = [
            {"title": title, "path": path}
            for name, title in MATRIX_FIGURES.items()
            for path in paths[name][place :: len(keys)]
        ]
        if key in histograms:
            figures.append({"title": "histograms", "path": histograms[key]})
        matrices.append(
            {
                "method": method,
                "metric": metric,
                "subset": subset,
                "given": key not in calibrated,
                "title": title_of(*key, given=key not in calibrated),
                "names": names,
                # Of more models, the tables would be most of the page; the CSV files have them.
                "cells": cells.tolist() if len(names) <= MANY else None,
                "zoom": zoomable(cells, names) if len(names) > MOST_NAMED else None,
                "figures": figures,
                "calibrated": (
                    io.read_matrix(calibrated[key])[0].tolist()
                    if key in calibrated and len(names) <= MANY
                    else None
                ),
            }
        )
    return matrices


def describe_studies(paths: Mapping[str, Any], studies: Mapping[str, Row]) -> list[Row]:
    """Return name, question, sentences, short table and figures of each study."""
    summaries, figures = iter(paths["studies"]), iter(paths["study_figures"])
    return [
        {
            "name": name.replace("_", " "),
            "question": about["question"],
            "sentences": [],
            "table": [],
        }
        | (io.read_json(next(summaries)) if about["summary"] else {})
        | {"figures": [{"title": title, "path": next(figures)} for title in about["figures"]]}
        for name, about in studies.items()
    ]


def summarise_diagnostics(path: StrPath) -> list[Row]:
    """Return median and 95th percentile of every quantity that an explanation run reports of
    itself.
    """
    table = read_table(path).drop(columns="image")
    return [
        {"name": name, "median": values.median(), "high": values.quantile(0.95)}
        for name, values in table.items()
    ]


def summarise_influence(influence: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each statistic: the class and the unit of images that change it most, and
    the class in which it is smallest by itself.

    Parameters
    ----------
    influence : DataFrame
        `inference/influence.csv`.
    """
    rows = []
    keys = ["method", "metric", "question", "subject"]
    for _, own in influence.groupby(keys, sort=False) if len(influence) else ():
        row = own.iloc[0].to_dict()
        for part, column in ((WITHOUT, "value"), (ONLY, "value"), (UNIT, "share")):
            known = own[(own["part"] == part) & own[column].notna()]
            ordered = known.sort_values(column, ascending=part != UNIT, kind="stable")
            row[part] = ordered.iloc[0].to_dict() if len(known) else None
        rows.append(row)
    return pd.DataFrame(rows)
