"""The study of pictures: do methods and metrics draw one?"""

PICTURED = PLAN.keys_of(subset=PLAN.first_subset)


rule study_pca_grid:
    """Compare and draw the principal coordinates of all matrices in one orientation."""
    input:
        matrices=fill(f"{MATRIX}/dissimilarity.csv", PICTURED),
        bootstraps=fill(f"{MATRIX}/bootstrap.npz", PICTURED),
    output:
        panels="results/studies/pca_grid/pca_grid.csv",
        pairs="results/studies/pca_grid/pairs.csv",
        summary="results/studies/pca_grid/summary.json",
        figure=study_figure("pca_grid", figure="principal coordinates"),
    log:
        "logs/studies/pca_grid.log",
    benchmark:
        "benchmarks/studies/pca_grid.tsv"
    conda:
        "../../envs/plot.yaml"
    resources:
        mem_mb=memory_of("study"),
        runtime=minutes_of("study"),
    params:
        seed=PLAN.seed,
        matrices=text_of(PICTURED),
        dependent=PLAN.dependent,
        colours=COLOURS,
        resamples=PLAN.studies["pca_grid"]["resamples"],
        permutations=PLAN.inference.permutations,
        look=look(),
        source=fingerprint("scripts/study_pca_grid.py"),
    script:
        "../../scripts/study_pca_grid.py"


add_study("pca_grid", ["principal coordinates"])
