"""The study of GradCAM's grids: which layer, which grid, and what is lost on the common grid?"""

GRIDDED = {
    name: [model for model in METHODS[name].models if model not in PLAN.dependent]
    for name in methods_running("gradcam")
}


rule study_gradcam_grids:
    """Tabulate layer and grid of GradCAM on every model, and what is lost on the common grid."""
    input:
        sample="results/images/explained.csv",
        images=OWN_IMAGES,
        units=UNITS,
        models="results/models.csv",
        predictions=expand("results/predictions/{model}.npz", model=PLAN.computed),
        maps=[raw_maps_of(name, model) for name, models in GRIDDED.items() for model in models],
        batches=[path for name, models in GRIDDED.items() for path in batches(name, models)],
        cards=[path for name, models in GRIDDED.items() for path in batch_cards(name, models)],
        matrices=[
            MATRIX.format(method=name, metric=metric, subset=METHODS[name].subsets[0])
            + "/dissimilarity.csv"
            for name in GRIDDED
            for metric in PLAN.metrics_of(name)
        ],
    output:
        grids="results/studies/gradcam_grids/grids.csv",
        floors="results/studies/gradcam_grids/floors.csv",
        summary="results/studies/gradcam_grids/summary.json",
        figures=[
            path for name in GRIDDED for path in study_figure("gradcam_grids", name, method=name)
        ],
    log:
        "logs/studies/gradcam_grids.log",
    benchmark:
        "benchmarks/studies/gradcam_grids.tsv"
    conda:
        "../../envs/plot.yaml"
    resources:
        mem_mb=memory_of("study_gradcam_grids"),
        runtime=minutes_of("study_gradcam_grids"),
    params:
        seed=PLAN.seed,
        size=PLAN.images.size,
        fit=PLAN.images.fit,
        models=GRIDDED,
        places={name: len(batches(name, models)) for name, models in GRIDDED.items()},
        sizes={name: METHODS[name].view.size for name in GRIDDED},
        options={name: PLAN.explanations[METHODS[name].explanation].options for name in GRIDDED},
        metrics={name: metrics_with_options(name) for name in GRIDDED},
        resamples=PLAN.inference.bootstrap,
        look=look("over_image", "display"),
        source=fingerprint(
            "scripts/study_gradcam_grids.py",
            *code_of_metrics(),
        ),
    script:
        "../../scripts/study_gradcam_grids.py"


add_study("gradcam_grids", [f"native grid and common grid: {name}" for name in GRIDDED])
