"""All findings, section by section, gathered from the files of the workflow."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from lookalike.compare.redundancy import read_representatives
from lookalike.core import io
from lookalike.core.condensed import condensed
from lookalike.core.types import Row, StrPath
from lookalike.findings import (
    agreement,
    audits,
    clades,
    dependence,
    explanations,
    factors,
    groups,
    headline,
    influence,
    lead,
    matrices,
    models,
    multiverse,
    power,
    pruning,
    sanity,
    seeds,
    structure,
    units,
)
from lookalike.findings.finding import Finding
from lookalike.findings.tables import read_rows, read_table, without_matrices
from lookalike.images.remarks import remarks

TABLES = (
    *("structure", "factors", "agreement", "replicates", "seeds", "influence"),
    *("explainer_error", "heads", "pruning", "variants"),
)
# Tables of which nothing is said where maps do not depend on the image.
ABOUT_MATRICES = (
    *("structure", "factors", "replicates", "seeds", "influence"),
    *("explainer_error", "variants"),
)


def collect(
    paths: Mapping[str, Any], keys: Mapping[str, Any]
) -> tuple[list[Finding], Row, list[Row], list[Row]]:
    """Return what the numbers say: the findings, what the report begins with, how many analyses
    agree on each conclusion, and the multiverse of all of them.

    Parameters
    ----------
    paths : mapping
        The rule's named inputs: `manifest`, `skipped` and `units` of the images, `models`,
        `unmatched`, `votes`, `audits`, `localisation` and `localisation_tests`, `explainer_error`,
        `replicates`, `seeds`, `structure`, `factors`, `influence`, `agreement`, `heads`,
        `pruning`, `variants`, `redundancy`, `power`, `sanity`;
        `images` (their numbers) of each matrix, and `supports` of all matrices for one linkage
        after another; and of each matrix over the subset that the findings use `dissimilarities`
        and `communities`, `design_effects` of each that is computed, and `notes` of each that is
        user-supplied. What does not exist is empty.
    keys : mapping
        What the files are about, in their order: `matrices`, (method, metric, subset) of each, and
        `given`, those of them that are user-supplied; `linkages`; `audited`, (method, model) of
        each of `audits`; `localised` and `correlated`, the methods of `localisation` and
        `redundancy`. And `subset`, the images that the findings use, `is_training`, whether models
        are trained, and `blind`, the methods whose maps do not depend on the model, and
        `population`, what the intervals are to speak of.
    """
    subset, given = keys["subset"], [(method, metric) for method, metric, _ in keys["given"]]
    everything = [tuple(key) for key in keys["matrices"]]
    every = [(method, metric) for method, metric, of in everything if of == subset]
    about = io.read_table(paths["models"]) if paths["models"] else []
    names, origins = [row["model"] for row in about], origins_of(about)
    audited = {
        (method, model): io.read_json(path)
        for (method, model), path in zip(keys["audited"], paths["audits"], strict=True)
    }
    n = max((audit["n"] for audit in audited.values()), default=0)
    numbers = dict(zip(everything, map(read_least, paths["images"]), strict=True))
    in_order = [(*key, linkage) for linkage in keys["linkages"] for key in everything]
    trees = dict(zip(in_order, map(read_table, paths["supports"]), strict=True))
    whole = {
        name: read_table(paths[name]) if paths[name] else pd.DataFrame()
        for name in ("structure", "factors")
    }
    stands = read_representatives(keys["correlated"], paths["redundancy"])
    analyses = multiverse.multiverse_answers(
        whole["structure"], whole["factors"], trees, numbers, origins
    )
    asked = headline.by_conclusion(headline.without_nulls(analyses, keys["blind"]), stands)
    images = {key: numbers[*key, subset] for key in every}
    first = {key: trees[*key, subset, keys["linkages"][0]] for key in every}
    tables = {name: read_rows(paths[name], subset) for name in TABLES}
    depends = dependence.dependence_findings(tables["structure"], stands)
    biased = dependence.without_dependence(tables["structure"])
    tables |= {name: without_matrices(tables[name], biased) for name in ABOUT_MATRICES}
    communities = dict(zip(every, map(read_table, paths["communities"]), strict=True))
    found_matrices = dict(zip(every, map(io.read_matrix, paths["dissimilarities"]), strict=True))
    notes = dict(zip(given, map(io.read_json, paths["notes"]), strict=True))
    blank = [explanations.blank_masks(read_table(path)) for path in paths["localisation"][:1]]
    on_object = dict(
        zip(keys["localised"], map(read_table, paths["localisation_tests"]), strict=True)
    )
    manifest, skipped, unmatched, votes, grouped = (
        io.read_table(paths[name]) if paths[name] else []
        for name in ("manifest", "skipped", "unmatched", "votes", "units")
    )
    effects = [io.read_matrix(path)[0] for path in paths["design_effects"]]
    scope = units.scope_of(grouped, keys["population"])
    # Before anything is concluded from maps, whether they are about what was learned.
    about_weights = sanity.sanity_findings(sanity.read_sanity(paths["sanity"]))
    warnings = [one for one in about_weights if one.section == headline.SECTION]
    found = [
        *warnings,
        *headline.headline_findings(asked),
        *models.image_findings(n, subset, unmatched, units.count_units(grouped), scope),
        *units.unit_findings(grouped, effects),
        *(
            Finding("Images", "images", sentence)
            for sentence in remarks(manifest, skipped, keys["is_training"])
        ),
        *models.prediction_findings(about, votes, n),
        *matrices.given_findings({key: found_matrices[key] for key in given}, images, notes),
        *(one for one in about_weights if one not in warnings),
        *depends,
        *structure.structure_findings(tables["structure"], stands),
        *clades.clade_findings(first, tables["structure"], images, origins, stands),
        *groups.community_findings(communities, tables["structure"], images, given, stands),
        *groups.left_out_findings(
            {key: names for key, (_, names) in found_matrices.items() if key not in biased},
            communities,
        ),
        *factors.factor_findings(tables["factors"], stands),
        *agreement.agreement_findings(tables["agreement"], given, stands, biased),
        *agreement.redundancy_findings(stands, biased),
        *explanations.localisation_findings(on_object, names, *blank),
        *explanations.error_findings(tables["explainer_error"], stands),
        *influence.influence_findings(tables["influence"], stands),
        *models.replicate_findings(tables["replicates"], stands),
        *seeds.seed_findings(tables["seeds"], about if units.count_units(grouped) > 1 else []),
        *pruning.head_findings(tables["heads"]),
        *pruning.pruning_findings(tables["pruning"]),
        *pruning.variant_findings(tables["variants"], n),
        *power.power_findings(power.read_power(paths["power"])),
        *audits.audit_findings(audited, origins, frozenset(keys["blind"])),
    ]
    used = {(*key, subset): matrix for key, matrix in found_matrices.items()}
    seeing = {key: matrix for key, matrix in used.items() if key[0] not in keys["blind"]}
    begins = lead.lead(asked, seeing or used, origins)
    return found, begins, headline.summarise(asked), multiverse.as_rows(analyses)


def origins_of(about: list[Row]) -> dict[str, str]:
    """Return the original of each model in `models.csv`: that of a replicate or a pruned variant,
    or of a replicate's variant; otherwise the model itself.
    """
    origins = {
        row["model"]: row["replicate_of"] or row["pruned_from"] or row["model"] for row in about
    }
    return {name: origins[origin] for name, origin in origins.items()}


def read_least(path: StrPath) -> int | None:
    """Return the smallest number of images behind a dissimilarity, from the matrix of these
    numbers; None where it is not known.
    """
    least = condensed(io.read_matrix(path)[0]).min(initial=10**9)
    return int(least) if np.isfinite(least) else None
