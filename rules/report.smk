"""Findings and report: what the numbers say, and one file with everything, which opens offline."""

# What the files below are about, in their order: the scripts take these names from no path.
AUDITED = [(method, model) for method, about in METHODS.items() for model in about["models"]]
EXPLAINED = [
    (name, model) for name, about in EXPLANATIONS.items() if about["method"] for model in COMPUTED
]
LOCALISED = list(METHODS) if HAS_MASKS else []
CORRELATED = [method for method in METHODS if len(metrics_of(method)) > 1]
AGREEMENT_FIGURES = [
    (subset, kind) for subset in COMPARED_SUBSETS for kind in ("matrices", "trees")
]
STUDIED = VALIDATED if "metric_validation" in STUDIES else []
MATRIX = "results/matrices/{method}/{metric}/{subset}"
GROUPS = "results/groups/{method}/{metric}/{subset}"


def tables_to_report(wildcards):
    """Return the tables behind both the findings and the page; empty where there is none."""
    return {
        "models": "results/models.csv" if MODELS else [],
        "unmatched": "results/images/unmatched.csv" if GIVEN_MAPS and IMAGES["common"] else [],
        "audits": [f"results/audit/{method}/{model}.json" for method, model in AUDITED],
        "localisation": expand("results/localisation/{method}.csv", method=LOCALISED),
        "replicates": "results/inference/replicates.csv" if REPLICATES and COMPARISONS else [],
        "structure": "results/inference/structure.csv" if COMPARISONS else [],
        "factors": "results/inference/factors.csv" if MODELS and MATRICES else [],
        "heads": "results/heads.csv" if HEADED else [],
        "pruning": "results/inference/pruning.csv" if PRUNED else [],
        "variants": "results/inference/variants.csv" if PRUNED and COMPARISONS else [],
    }


rule write_findings:
    """Write what the numbers say of one subset of the images: sentences with their statistics."""
    input:
        unpack(tables_to_report),
        agreement=(
            f"results/inference/agreement/{FIRST_SUBSET}.csv"
            if FIRST_SUBSET in COMPARED_SUBSETS
            else []
        ),
        redundancy=expand("results/inference/redundancy/{method}.csv", method=CORRELATED),
        dissimilarities=every_matrix(f"{MATRIX}/dissimilarity.csv", subset=FIRST_SUBSET),
        images=every_matrix(f"{MATRIX}/n.csv", computed=True, subset=FIRST_SUBSET),
        supports=every_matrix(f"{GROUPS}/support-{LINKAGES[0]}.csv", subset=FIRST_SUBSET),
        communities=every_matrix(f"{GROUPS}/communities.csv", subset=FIRST_SUBSET),
    output:
        findings="results/inference/findings.json",
        markdown="results/inference/findings.md",
    log:
        "logs/inference/findings.log",
    conda:
        "../envs/compare.yaml"
    params:
        subset=FIRST_SUBSET,
        matrices=[key for key in MATRICES if key[2] == FIRST_SUBSET],
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
        pruning_figure="results/figures/pruning.svg" if PRUNED else [],
        panels="results/figures/panels" if METHODS and config["figures"]["panels"] else [],
        studies=expand("results/studies/metric_validation/{source}.png", source=STUDIED),
    output:
        report="results/report.html",
    log:
        "logs/report.log",
    conda:
        "../envs/plot.yaml"
    params:
        subset=FIRST_SUBSET,
        matrices=MATRICES,
        audited=AUDITED,
        explained=EXPLAINED,
        localised=LOCALISED,
        agreement=AGREEMENT_FIGURES,
        studies=STUDIED,
        left_out=config["left_out"],
        config=GIVEN_CONFIG,
        source=fingerprint("scripts/write_report.py", "lookalike/report/template.html"),
    script:
        "../scripts/write_report.py"
