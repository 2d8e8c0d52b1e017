"""What the report shows, gathered from the files of the workflow; a path's folders tell what it is about."""

from pathlib import Path

from lookalike import io
from lookalike.agreement import redundant_groups
from lookalike.matrices import GIVEN_MATRICES, title_of
from lookalike.report import findings


def gather(paths):
    """Return the content of the page, but for the config and the versions.

    Parameters
    ----------
    paths : mapping
        Of the rule's named inputs: `models`, `unmatched`, `audits`, `diagnostics`, `localisation`, `replicates`, `structure`,
        `heads`, `pruning`, `variants`, `dissimilarities`, `calibrated`, the figures `matrix`, `dendrograms`, `louvain`, `pca`, `histograms`,
        `pruning_figure`, `panels` and `studies`, and `redundancy`. What is not there is empty.

    Returns
    -------
    dict
    """
    models = io.read_table(paths["models"]) if paths["models"] else []
    names = [row["model"] for row in models]
    matrices = [describe_matrix(path, paths) for path in paths["dissimilarities"]]
    localisation = {Path(path).stem: findings.summarise_localisation(io.read_table(path)) for path in paths["localisation"]}
    replicates = io.read_table(paths["replicates"]) if paths["replicates"] else []
    replicates = [row for row in replicates if row["subset"] == matrices[0]["subset"]]
    structure, heads, pruning, variants = (io.read_table(paths[name]) if paths[name] else [] for name in ("structure", "heads", "pruning", "variants"))
    audits = {Path(path).parts[-2:]: io.read_json(path) for path in paths["audits"]}
    n_images = max((audit["n"] for audit in audits.values()), default=0)
    unmatched = io.read_table(paths["unmatched"]) if paths["unmatched"] else []
    warnings = [f"{method}, {Path(file).stem}: {warning}" for (method, file), audit in audits.items() for warning in audit["warnings"]]
    redundancy = [sentence for path in paths["redundancy"] for sentence in describe_redundancy(path)]
    return {
        "models": models,
        "given": [row["model"] for row in models if not row["timm"]],
        "columns": [column for column in (models[0] if models else []) if any(row[column] for row in models)],
        "compared": list(dict.fromkeys(name for matrix in matrices for name in matrix["names"])),
        "unmatched": unmatched,
        "methods": list(dict.fromkeys(matrix["method"] for matrix in matrices)),
        "metrics": list(dict.fromkeys(matrix["metric"] for matrix in matrices)),
        "n_images": n_images,
        "sample_size": findings.sample_size_sentence(n_images),
        "glance": [
            *(findings.localisation_sentence(method, table, [name for name in names if name in table]) for method, table in localisation.items()),
            *findings.structure_sentences(structure),
            *findings.replicate_sentences(replicates),
            *([findings.heads_sentence(heads)] if heads else []),
            *findings.pruning_sentences(pruning),
            *findings.variant_sentences([row for row in variants if row["subset"] == matrices[0]["subset"]], n_images),
            *redundancy,
            *([findings.unmatched_sentence(unmatched, n_images)] if unmatched else []),
            *([f"The audit has {len(warnings)} warnings about maps."] if warnings else []),
        ],
        "localisation": localisation,
        "replicates": replicates,
        "structure": structure,
        "heads": heads,
        "pruning": pruning,
        "pruning_figure": Path(paths["pruning_figure"]) if paths["pruning_figure"] else None,
        "variants": [row for row in variants if row["subset"] == matrices[0]["subset"]],
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
    drawn = [figure for kind in ("matrix", "dendrograms", "louvain", "pca", "histograms") for figure in paths[kind]]
    figures = [Path(figure) for figure in drawn if Path(figure).parts[-4:-1] == place]
    given = place[0] == GIVEN_MATRICES
    calibrated = [io.read_matrix(other)[0].tolist() for other in paths["calibrated"] if Path(other).parts[-4:-1] == place]
    shown = {"given": given, "title": title_of(*place), "names": names, "cells": cells.tolist(), "figures": figures}
    shown["calibrated"] = calibrated[0] if calibrated else None
    return dict(zip(("method", "metric", "subset"), place, strict=True)) | shown


def describe_redundancy(path):
    """Return a sentence for each group of metrics that give one ranking under a method."""
    correlations, names = io.read_matrix(path)
    groups = redundant_groups(correlations, names)
    return [f"{Path(path).stem}: {', '.join(group)} rank all pairs and images alike (Spearman > 0.999); count them once." for group in groups]


def describe_diagnostics(path):
    """Return one row for every quantity that an explanation run reports of itself."""
    explanation, model = Path(path).parts[-3:-1]
    summary = findings.summarise_diagnostics(io.read_table(path))
    return [{"explanation": explanation, "model": model, "name": name, **numbers} for name, numbers in summary.items()]
