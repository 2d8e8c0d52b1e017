"""The study of resolutions: which resolution of Louvain's method?"""

SCANNED = PLAN.keys_of(subset=PLAN.first_subset)


rule study_resolution_scan:
    """Partition the models of every matrix over a range of resolutions, next to the tree's cuts."""
    input:
        matrices=fill(f"{MATRIX}/dissimilarity.csv", SCANNED),
        bootstraps=fill(f"{MATRIX}/bootstrap.npz", SCANNED),
        structure="results/inference/structure.csv" if PLAN.comparisons else [],
    output:
        scan="results/studies/resolution_scan/resolution_scan.csv",
        cuts="results/studies/resolution_scan/cuts.csv",
        partitions="results/studies/resolution_scan/partitions.csv",
        summary="results/studies/resolution_scan/summary.json",
        figures=[
            path
            for key in SCANNED
            for path in study_figure(
                "resolution_scan",
                f"{key.method}-{key.metric}",
                method=key.method,
                metric=key.metric,
            )
        ],
    log:
        "logs/studies/resolution_scan.log",
    benchmark:
        "benchmarks/studies/resolution_scan.tsv"
    conda:
        "../../envs/plot.yaml"
    resources:
        mem_mb=memory_of("study"),
        runtime=minutes_of("study"),
    params:
        seed=PLAN.seed,
        matrices=text_of(SCANNED),
        dependent=PLAN.dependent,
        linkage=LINKAGES[0],
        lowest=PLAN.studies["resolution_scan"]["lowest"],
        highest=PLAN.studies["resolution_scan"]["highest"],
        steps=PLAN.studies["resolution_scan"]["steps"],
        seeds=PLAN.studies["resolution_scan"]["seeds"],
        resamples=PLAN.studies["resolution_scan"]["resamples"],
        look=look(),
        source=fingerprint("scripts/study_resolution_scan.py"),
    script:
        "../../scripts/study_resolution_scan.py"


add_study("resolution_scan", titles_of(SCANNED))
