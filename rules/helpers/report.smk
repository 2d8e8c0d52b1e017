"""Inputs and parameters of the rules of findings and report."""

from snakemake.io import strip_wildcard_constraints

from lookalike.workflow.studies import question_of

# What the files below are about, in their order: the scripts take these names from no path.
AUDITED = [[name, model] for name, method in METHODS.items() for model in method.models]
EXPLAINED = [[name, model] for name, models in PLAN.explained.items() for model in models]
# Methods whose maps do not depend on the model.
BLIND = [
    name
    for name, method in METHODS.items()
    if (run := PLAN.explanations[method.explanation].method)
    and not registry.get("method", run).needs_model
]
# Views of the same raw maps are as much on the object, and so are measured once.
LOCALISED = PLAN.of_different_maps if HAS_MASKS else []
AGREEMENT_FIGURES = [
    [subset, kind] for subset in PLAN.compared_subsets for kind in ("matrices", "trees")
]
ABOUT_STUDIES = {
    name: {
        "question": question_of(name),
        "summary": bool(study.summary),
        "figures": [*study.figures],
    }
    for name, study in STUDIES.items()
}
STUDY_FIGURES = [pair[0] for study in STUDIES.values() for pair in study.figures.values()]
# The files of the page besides its script.
TEMPLATE = sorted(
    str(path.relative_to(fingerprints.sources.ROOT))
    for path in (fingerprints.sources.ROOT / "lookalike/report/template").rglob("*.*")
)
# What pages of images with all their maps need to know.
ABOUT_PAGES = {
    "methods": {name: method.models for name, method in METHODS.items()},
    "places": {name: len(batches(name)) for name in METHODS},
    "models": list(MODELS),
    "computed": PLAN.computed,
    "size": PLAN.images.size,
    "fit": PLAN.images.fit,
}
# Everything that may compute a result of this plan, for the versions that the report names.
CODE = [
    *(f"scripts/{path.name}" for path in (fingerprints.sources.ROOT / "scripts").glob("*.py")),
    *(f"lookalike/metrics/{choice.metric}.py" for choice in PLAN.metrics.values()),
    *(f"lookalike/methods/{run.method}.py" for run in PLAN.explanations.values() if run.method),
]


def tables_to_report(wildcards):
    """Return the tables behind both the findings and the page; empty where there is none."""
    compares, given_only_some = bool(PLAN.comparisons), GIVEN_MAPS and PLAN.images.common
    inference = "results/inference"
    return {
        "models": "results/models.csv" if MODELS else [],
        "votes": "results/images/votes.csv" if PLAN.target == "consensus" else [],
        "unmatched": "results/images/unmatched.csv" if given_only_some else [],
        "audits": [f"results/audit/{method}/{model}.json" for method, model in AUDITED],
        "localisation": expand("results/localisation/{method}.csv", method=LOCALISED),
        "localisation_tests": expand(
            "results/inference/localisation/{method}.csv", method=LOCALISED
        ),
        "explainer_error": f"{inference}/explainer_error.csv" if AGAIN_KEYS else [],
        "replicates": f"{inference}/replicates.csv" if PLAN.replicates and compares else [],
        "seeds": f"{inference}/seeds.csv" if PLAN.replicates and compares else [],
        "structure": f"{inference}/structure.csv" if compares else [],
        "influence": f"{inference}/influence.csv" if compares else [],
        "factors": f"{inference}/factors.csv" if MODELS and PLAN.keys else [],
        "heads": "results/heads.csv" if PLAN.headed else [],
        "pruning": f"{inference}/pruning.csv" if PLAN.pruned else [],
        "variants": f"{inference}/variants.csv" if PLAN.pruned and compares else [],
        "power": STUDIES["power"].tables if "power" in STUDIES else [],
        "sanity": "results/studies/sanity/sanity.csv" if "sanity" in STUDIES else [],
    }


def versions_of_results():
    """Return the versions of the packages that make the results; a change of one reruns them."""
    found = fingerprints.versions_behind(*CODE, pins=PINS)
    return {"Python": platform.python_version()} | dict(text.split("==") for text in found)


def agreement_to_report(subset):
    """Return the agreement of all matrices over a subset, where there are several."""
    compared = subset in PLAN.compared_subsets
    return f"results/inference/agreement/{subset}.csv" if compared else []


def pages_to_report(wildcards):
    """Return the explained images with all their maps; nothing where there are none."""
    return {
        "sample": "results/images/explained.csv" if METHODS else [],
        "images": OWN_IMAGES if METHODS else [],
        "batches": [path for method in METHODS for path in batches(method)],
        "cards": [path for method in METHODS for path in batch_cards(method)],
        "predictions": expand("results/predictions/{model}.npz", model=PLAN.computed),
        "consensus": CONSENSUS if METHODS and PLAN.target == "consensus" else [],
    }


def ways_of_results(wildcards):
    """Return what each rule that writes something makes, and where its run time is kept."""
    return {
        one.name: {
            "outputs": [strip_wildcard_constraints(own_path(path)) for path in one.output],
            "benchmark": (
                strip_wildcard_constraints(own_path(one.benchmark)) if one.benchmark else ""
            ),
            "environment": Path(str(one.conda_env or "")).name,
        }
        for one in workflow.rules
        if one.output
    }
