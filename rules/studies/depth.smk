"""The study of depth: where along the network do models part?"""

DEEP = methods_running("gradcam")[0]
DEEP_RUN = PLAN.explanations[METHODS[DEEP].explanation]
DEEP_MODELS = [name for name in METHODS[DEEP].models if name in PLAN.predicting]
DEEP_WORK = {
    "images": min(PLAN.studies["depth"]["images"], WORK.images),
    "models": len(DEEP_MODELS) * len(PLAN.studies["depth"]["depths"]),
    "passes": 2 * len(DEEP_MODELS) * len(PLAN.studies["depth"]["depths"]),
}


rule study_depth:
    """Explain the images by GradCAM at several depths, and compare the models at each."""
    input:
        **inputs_of_networks(DEEP_MODELS),
        maps=[raw_maps_of(DEEP, model) for model in DEEP_MODELS],
        units=UNITS,
    output:
        layers="results/studies/depth/layers.csv",
        depths="results/studies/depth/depths.csv",
        summary="results/studies/depth/summary.json",
        figures=[
            *study_figure("depth"),
            *study_figure("depth", "maps", shown="maps of one image"),
        ],
    log:
        "logs/studies/depth.log",
    benchmark:
        "benchmarks/studies/depth.tsv"
    conda:
        "../../envs/explain.yaml"
    threads: 1
    resources:
        gpu=cards_needed,
        mem_mb=memory_of("study_depth", **DEEP_WORK),
        runtime=minutes_of("study_depth", **DEEP_WORK),
    params:
        explaining=EXPLAINING,
        method=DEEP,
        models=DEEP_MODELS,
        families={name: FAMILIES[name] for name in DEEP_MODELS},
        layers={name: MODELS[name].layer for name in DEEP_MODELS},
        # A layer that the run names is at no depth.
        known=None if DEEP_RUN.options["layer"] else DEEP_RUN.options["depth"],
        views={name: METHODS[DEEP].view.options(name) for name in DEEP_MODELS},
        metrics=metrics_with_options(DEEP),
        options=PLAN.studies["depth"],
        aggregate=PLAN.aggregate,
        resamples=PLAN.inference.bootstrap,
        permutations=PLAN.inference.permutations,
        look=look("over_image", "display"),
        source=fingerprint(
            "scripts/study_depth.py",
            *code_of_metrics(),
            "lookalike/methods/gradcam.py",
        ),
    script:
        "../../scripts/study_depth.py"


add_study("depth", ["dissimilarity by depth", "maps of one image by depth"])
