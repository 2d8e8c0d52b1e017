"""Findings and report: what the numbers say, and one file with everything, which opens offline."""

# What the files below are about, in their order: the scripts take these names from no path.
AUDITED = [[name, model] for name, method in METHODS.items() for model in method.models]
EXPLAINED = [
    [name, model]
    for name, explanation in PLAN.explanations.items()
    if explanation.method
    for model in PLAN.computed
]
LOCALISED = list(METHODS) if HAS_MASKS else []
CORRELATED = [method for method in METHODS if len(PLAN.metrics_of(method)) > 1]
AGREEMENT_FIGURES = [
    [subset, kind] for subset in PLAN.compared_subsets for kind in ("matrices", "trees")
]
STUDIED = VALIDATED if "metric_validation" in PLAN.studies else []
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
        "unmatched": "results/images/unmatched.csv" if given_only_some else [],
        "audits": [f"results/audit/{method}/{model}.json" for method, model in AUDITED],
        "localisation": expand("results/localisation/{method}.csv", method=LOCALISED),
        "replicates": f"{inference}/replicates.csv" if PLAN.replicates and compares else [],
        "structure": f"{inference}/structure.csv" if compares else [],
        "factors": f"{inference}/factors.csv" if MODELS and PLAN.keys else [],
        "heads": "results/heads.csv" if PLAN.headed else [],
        "pruning": f"{inference}/pruning.csv" if PLAN.pruned else [],
        "variants": f"{inference}/variants.csv" if PLAN.pruned and compares else [],
    }


def versions_of_results():
    """Return the versions of the packages that make the results; a change of one reruns them."""
    found = fingerprints.versions_behind(*CODE, pins=PINS)
    return {"Python": platform.python_version()} | dict(text.split("==") for text in found)


def agreement_to_report(subset):
    """Return the agreement of all matrices over a subset, where there are several."""
    compared = subset in PLAN.compared_subsets
    return f"results/inference/agreement/{subset}.csv" if compared else []


rule write_findings:
    """Write what the numbers say of one subset of the images: sentences with their statistics."""
    input:
        unpack(tables_to_report),
        agreement=agreement_to_report(PLAN.first_subset),
        redundancy=expand("results/inference/redundancy/{method}.csv", method=CORRELATED),
        dissimilarities=every_matrix(f"{MATRIX}/dissimilarity.csv", subset=PLAN.first_subset),
        images=every_matrix(f"{MATRIX}/n.csv", computed=True, subset=PLAN.first_subset),
        supports=every_matrix(f"{GROUPS}/support-{LINKAGES[0]}.csv", subset=PLAN.first_subset),
        communities=every_matrix(f"{GROUPS}/communities.csv", subset=PLAN.first_subset),
    output:
        findings="results/inference/findings.json",
        markdown=report(
            "results/inference/findings.md",
            caption="../captions/findings.rst",
            category="findings",
        ),
    log:
        "logs/inference/findings.log",
    benchmark:
        "benchmarks/inference/findings.tsv"
    conda:
        "../envs/compare.yaml"
    params:
        subset=PLAN.first_subset,
        matrices=text_of(PLAN.keys_of(subset=PLAN.first_subset)),
        localised=LOCALISED,
        correlated=CORRELATED,
        source=fingerprint("scripts/write_findings.py"),
    script:
        "../scripts/write_findings.py"


rule write_report:
    """Write findings, tables, figures, the config and the versions into one HTML file."""
    input:
        unpack(tables_to_report),
        findings="results/inference/findings.json",
        diagnostics=[f"results/maps/{name}/{model}/diagnostics.csv" for name, model in EXPLAINED],
        dissimilarities=every_matrix(f"{MATRIX}/dissimilarity.csv"),
        calibrated=every_matrix(f"{MATRIX}/calibrated.csv", computed=True),
        matrix=every_matrix(f"{FIGURES}/matrix.svg"),
        dendrograms=[
            path
            for linkage in LINKAGES
            for path in every_matrix(f"{FIGURES}/dendrogram-{linkage}.svg")
        ],
        louvain=every_matrix(f"{FIGURES}/louvain.svg"),
        together=every_matrix(f"{FIGURES}/together.svg"),
        principal_coordinates=every_matrix(f"{FIGURES}/principal_coordinates.svg"),
        histograms=every_matrix(f"{FIGURES}/histograms.png", computed=True),
        agreement=[
            f"results/figures/agreement/{subset}-{kind}.svg" for subset, kind in AGREEMENT_FIGURES
        ],
        pruning_figure="results/figures/pruning.svg" if PLAN.pruned else [],
        panels="results/figures/panels" if METHODS and PLAN.panels else [],
        studies=expand("results/studies/metric_validation/{source}.png", source=STUDIED),
    output:
        report=report("results/report.html", caption="../captions/report.rst", category="findings"),
    log:
        "logs/report.log",
    benchmark:
        "benchmarks/report.tsv"
    conda:
        "../envs/plot.yaml"
    params:
        subset=PLAN.first_subset,
        matrices=text_of(PLAN.keys),
        audited=AUDITED,
        explained=EXPLAINED,
        localised=LOCALISED,
        agreement=AGREEMENT_FIGURES,
        studies=STUDIED,
        left_out=PLAN.left_out,
        config=dict(config),
        versions=versions_of_results(),
        source=fingerprint("scripts/write_report.py", "lookalike/report/template.html"),
    script:
        "../scripts/write_report.py"
