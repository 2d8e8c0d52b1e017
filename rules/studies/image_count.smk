"""The study of the number of images: how many images are enough?"""

SUBSAMPLED = PLAN.keys_of(computed=True, subset=PLAN.first_subset)


rule study_image_count:
    """Draw subsets of the images of every matrix, and conclude how many images are enough."""
    input:
        tables=fill(f"{MATRIX}/images.npz", SUBSAMPLED),
    output:
        draws="results/studies/image_count/draws.csv",
        counts="results/studies/image_count/counts.csv",
        needed="results/studies/image_count/needed.csv",
        summary="results/studies/image_count/summary.json",
        figures=[
            path
            for key in SUBSAMPLED
            for path in study_figure(
                "image_count", f"{key.method}-{key.metric}", method=key.method, metric=key.metric
            )
        ],
    log:
        "logs/studies/image_count.log",
    benchmark:
        "benchmarks/studies/image_count.tsv"
    conda:
        "../../envs/plot.yaml"
    resources:
        mem_mb=memory_of("study"),
        runtime=minutes_of("study"),
    params:
        seed=PLAN.seed,
        dependent=PLAN.dependent,
        aggregate=PLAN.aggregate,
        images=PLAN.studies["image_count"]["images"],
        draws=PLAN.studies["image_count"]["draws"],
        width=PLAN.studies["image_count"]["width"],
        look=look(),
        source=fingerprint("scripts/study_image_count.py"),
    script:
        "../../scripts/study_image_count.py"


add_study("image_count", titles_of(SUBSAMPLED))
