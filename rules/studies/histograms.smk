"""The study of the values of single images: are means enough?"""

DESCRIBED = PLAN.keys_of(computed=True, subset=PLAN.first_subset)


rule study_histograms:
    """Describe the per-image values of every pair, and compare their means with other summaries."""
    input:
        tables=fill(f"{MATRIX}/images.npz", DESCRIBED),
    output:
        summaries="results/studies/histograms/summaries.csv",
        pairs="results/studies/histograms/pairs.csv",
        images="results/studies/histograms/images.csv",
        summary="results/studies/histograms/summary.json",
        figures=[
            path
            for key in DESCRIBED
            for kind in ["dispersion", "shapes"]
            for path in study_figure(
                "histograms",
                f"{key.method}-{key.metric}-{kind}",
                method=key.method,
                metric=key.metric,
                kind=kind,
            )
        ],
    log:
        "logs/studies/histograms.log",
    benchmark:
        "benchmarks/studies/histograms.tsv"
    conda:
        "../../envs/plot.yaml"
    resources:
        mem_mb=memory_of("study"),
        runtime=minutes_of("study"),
    params:
        seed=PLAN.seed,
        dependent=PLAN.dependent,
        colours=COLOURS,
        resamples=PLAN.studies["histograms"]["resamples"],
        look=look(),
        source=fingerprint("scripts/study_histograms.py"),
    script:
        "../../scripts/study_histograms.py"


add_study(
    "histograms",
    [
        f"{title}: {kind}"
        for title in titles_of(DESCRIBED)
        for kind in ["mean and dispersion", "values of single images"]
    ],
)
