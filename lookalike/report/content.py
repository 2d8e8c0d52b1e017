"""What the report shows, gathered from the files of the workflow."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from lookalike.core import io
from lookalike.core.types import Row, StrPath
from lookalike.findings.audits import same_maps
from lookalike.findings.finding import by_section
from lookalike.findings.power import needed, read_power
from lookalike.findings.tables import read_table
from lookalike.inference.influence import ONLY, UNIT, WITHOUT
from lookalike.plots.titles import MANY, MOST_CELLS, title_of
from lookalike.report.embedded import Blocks
from lookalike.report.verdicts import verdict_table

# Of all subsets of the images, and of one alone where a table would be too long otherwise.
TABLES = ("structure", "heads", "pruning")
TABLES_OF_SUBSET = (
    *("explainer_error", "replicates", "seeds", "factors"),
    *("influence", "variants"),
)
# By input, what the figures of a matrix show that the page cannot draw of very many models.
FIGURES_OF_MANY = {
    "dendrograms": "dendrogram",
    "louvain": "communities",
    "principal_coordinates": "principal coordinates",
}


def gather(paths: Mapping[str, Any], keys: Mapping[str, Any], blocks: Blocks) -> Row:
    """Return the content of the page, but for the config and the versions.

    Parameters
    ----------
    paths : mapping
        The rule's named inputs: `findings`, `analyses`, the tables, `models`, `unmatched`,
        `audits`, `diagnostics`, `localisation_tests`, `dissimilarity`, `calibrated` of each matrix
        that is computed here, `FIGURES_OF_MANY` of each matrix (`dendrograms` of all matrices for
        one linkage after another), `agreement`, `multiverse`, `pruning_figure`, the summaries of
        `studies` and `study_figures`. What does not exist is empty.
    keys : mapping
        What the files are about, in their order: `matrices`, (method, metric, subset) of each, and
        `given`, those of them that are user-supplied;
        `audited`, (method, model); `explained`, (explanation, model) of `diagnostics`;
        `localised`, methods; `agreement`, (subset, kind); `studies`, by name the question, whether
        there is a summary, and the titles of the figures. And
        `subset`, the images of the longer tables; `blind`, the methods whose maps do not depend on
        the model.
    blocks : Blocks
        Figures are added to them.
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
    matrices = describe_matrices(paths, keys["matrices"], keys["given"], blocks)
    methods = list(dict.fromkeys(matrix["method"] for matrix in matrices))
    warnings = [
        (method, f"{method}, {model}: {warning}")
        for (method, model), audit in audits.items()
        for warning in audit["warnings"]
    ] + [
        (method, f"{method}: the maps of {' and '.join(group)} are equal")
        for group, alike in same_maps(audits, frozenset(keys["blind"])).items()
        for method in alike
    ]
    return {name: table.to_dict("records") for name, table in tables.items()} | {
        "models": models,
        "unmatched": unmatched,
        "given": [row["model"] for row in models if not row["timm"] and row["native_grid"]],
        "columns": [
            column for column in (models[0] if models else []) if any(row[column] for row in models)
        ],
        "compared": list(dict.fromkeys(name for matrix in matrices for name in matrix["names"])),
        "methods": methods,
        "metrics": list(dict.fromkeys(matrix["metric"] for matrix in matrices)),
        "n_images": max((audit["n"] for audit in audits.values()), default=0),
        "lead": found["lead"],
        "lead_figure": lead_figure(paths, keys["matrices"], found["lead"]["matrix"], blocks),
        "findings": by_section(found),
        "verdicts": verdict_table(
            io.read_table(paths["analyses"]),
            found["findings"],
            (method for method, _ in warnings),
            methods,
        ),
        "multiverse": found["multiverse"],
        "multiverse_figure": (
            blocks.figure(paths["multiverse"], "verdict of every analysis on every conclusion")
            if paths["multiverse"]
            else None
        ),
        "localisation": [
            {"method": method} | row
            for method, path in zip(keys["localised"], paths["localisation_tests"], strict=True)
            for row in read_table(path).to_dict("records")
        ],
        "agreement": [
            blocks.figure(path, f"agreement of {kind}, {subset} images")
            for (subset, kind), path in zip(keys["agreement"], paths["agreement"], strict=True)
        ],
        "pruning_figure": (
            blocks.figure(
                paths["pruning_figure"],
                "importance of the channels, and error by how many are kept",
            )
            if paths["pruning_figure"]
            else None
        ),
        "matrices": matrices,
        "studies": describe_studies(paths, keys["studies"], blocks),
        "power": needed(read_power(paths["power"])),
        "warnings": [text for _, text in warnings],
        "diagnostics": [
            {"explanation": explanation, "model": model} | row
            for (explanation, model), path in zip(
                keys["explained"], paths["diagnostics"], strict=True
            )
            for row in summarise_diagnostics(path)
        ],
    }


def describe_matrices(
    paths: Mapping[str, Any],
    keys: Sequence[Sequence[str]],
    given: Sequence[Sequence[str]],
    blocks: Blocks,
) -> list[Row]:
    """Return title, names and cells of each matrix, by its method, metric and subset; figures of
    those of very many models; nothing is calibrated of those that are user-supplied.
    """
    computed = [tuple(key) for key in keys if key not in given]
    calibrated = dict(zip(computed, paths["calibrated"], strict=True))
    matrices = []
    for place, (method, metric, subset) in enumerate(keys):
        key = (method, metric, subset)
        cells, names = io.read_matrix(paths["dissimilarity"][place])
        own = [
            blocks.figure(path, title)
            for name, title in FIGURES_OF_MANY.items()
            for path in paths[name][place :: len(keys)]
            if len(names) > MOST_CELLS
        ]
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
                "figures": own,
                "calibrated": (
                    io.read_matrix(calibrated[key])[0].tolist()
                    if key in calibrated and len(names) <= MANY
                    else None
                ),
            }
        )
    return matrices


def lead_figure(
    paths: Mapping[str, Any],
    keys: Sequence[Sequence[str]],
    lead: Sequence[str] | None,
    blocks: Blocks,
) -> Row | None:
    """Return the tree that the report begins with, where it has too many models to be drawn with
    their maps; otherwise None.
    """
    if lead is None:
        return None
    place = [list(key) for key in keys].index(list(lead))
    _, names = io.read_matrix(paths["dissimilarity"][place])
    if len(names) <= MANY:
        return None
    return blocks.figure(paths["dendrograms"][place], "tree of all models")


def describe_studies(
    paths: Mapping[str, Any], studies: Mapping[str, Row], blocks: Blocks
) -> list[Row]:
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
        | {"figures": [blocks.figure(next(figures), title) for title in about["figures"]]}
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
