"""The report: one file with everything, which opens offline."""


rule write_report:
    """Write all tables and figures, the config and the versions into one HTML file."""
    input:
        findings="results/inference/findings.md",
        models="results/models.csv" if MODELS else [],
        unmatched="results/images/unmatched.csv" if GIVEN_MAPS and IMAGES["common"] else [],
        audits=[
            f"results/audit/{method}/{model}.json"
            for method, about in METHODS.items()
            for model in about["models"]
        ],
        diagnostics=[
            f"results/maps/{name}/{model}/diagnostics.csv"
            for name, about in EXPLANATIONS.items()
            if about["method"]
            for model in COMPUTED
        ],
        localisation=(
            expand("results/localisation/{method}.csv", method=METHODS) if HAS_MASKS else []
        ),
        replicates="results/inference/replicates.csv" if REPLICATES and COMPARISONS else [],
        structure="results/inference/structure.csv" if COMPARISONS else [],
        factors="results/inference/factors.csv" if MODELS and MATRICES else [],
        agreement=expand(
            "results/figures/agreement/{subset}-{kind}.svg",
            subset=COMPARED_SUBSETS,
            kind=("matrices", "trees"),
        ),
        heads="results/heads.csv" if HEADED else [],
        pruning="results/inference/pruning.csv" if PRUNED else [],
        variants="results/inference/variants.csv" if PRUNED and COMPARISONS else [],
        pruning_figure="results/figures/pruning.svg" if PRUNED else [],
        dissimilarities=every_matrix(
            "results/matrices/{method}/{metric}/{subset}/dissimilarity.csv"
        ),
        calibrated=every_matrix(
            "results/matrices/{method}/{metric}/{subset}/calibrated.csv", computed=True
        ),
        matrix=every_matrix(f"{FIGURES}/matrix.svg"),
        dendrograms=[
            path
            for linkage in LINKAGES
            for path in every_matrix(f"{FIGURES}/dendrogram-{linkage}.svg")
        ],
        louvain=every_matrix(f"{FIGURES}/louvain.svg"),
        together=every_matrix(f"{FIGURES}/together.svg"),
        pca=every_matrix(f"{FIGURES}/pca.svg"),
        histograms=every_matrix(f"{FIGURES}/histograms.png", computed=True),
        panels="results/figures/panels" if METHODS and config["figures"]["panels"] else [],
        studies=expand(
            "results/studies/metric_validation/{source}.png",
            source=VALIDATED if "metric_validation" in STUDIES else [],
        ),
    output:
        report="results/report.html",
    log:
        "logs/report.log",
    conda:
        "../envs/plot.yaml"
    params:
        config=GIVEN_CONFIG,
        subset=FIRST_SUBSET,
        left_out=config["left_out"],
        source=fingerprint("scripts/write_report.py", "lookalike/report/template.html"),
    script:
        "../scripts/write_report.py"
