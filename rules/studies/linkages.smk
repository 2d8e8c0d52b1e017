"""The study of linkages: does the linkage matter?"""

LINKED = PLAN.keys_of(subset=PLAN.first_subset)


rule study_linkages:
    """Compare the trees of every matrix under all linkages."""
    input:
        matrices=fill(f"{MATRIX}/dissimilarity.csv", LINKED),
        bootstraps=fill(f"{MATRIX}/bootstrap.npz", LINKED),
    output:
        table="results/studies/linkages/linkages.csv",
        summary="results/studies/linkages/summary.json",
        figures=[
            path
            for key in LINKED
            for path in study_figure(
                "linkages", f"{key.method}-{key.metric}", method=key.method, metric=key.metric
            )
        ],
    log:
        "logs/studies/linkages.log",
    benchmark:
        "benchmarks/studies/linkages.tsv"
    conda:
        "../../envs/plot.yaml"
    resources:
        mem_mb=memory_of("study"),
        runtime=minutes_of("study"),
    params:
        matrices=text_of(LINKED),
        dependent=PLAN.dependent,
        colours=COLOURS,
        resamples=PLAN.studies["linkages"]["resamples"],
        look=look(),
        source=fingerprint("scripts/study_linkages.py"),
    script:
        "../../scripts/study_linkages.py"


add_study("linkages", titles_of(LINKED))
