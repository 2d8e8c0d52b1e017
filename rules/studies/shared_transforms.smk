"""The study of transforms: one geometry for all models, or each its own?"""

from types import SimpleNamespace

SHARED_OPTIONS = PLAN.studies["shared_transforms"]
SHARED_RUN = next((run.name for run in PLAN.explanations.values() if run.method == "gradcam"), "")
SHARED_METHOD = next((one for one in METHODS.values() if one.explanation == SHARED_RUN), None)
SHARED_NAME = SHARED_METHOD.name if SHARED_METHOD else next(iter(METHODS), "")
# Of several metrics, the first tell enough.
SHARED_METRICS = dict(list(metrics_with_options(SHARED_NAME).items())[:2])
# Two splits in three ways, and maps in two geometries with their gradients.
SHARED_WORK = {
    "images": 6 * (SHARED_OPTIONS["images"] + SHARED_OPTIONS["explained"]),
    "passes": len(PLAN.predicting),
}


def shared_view():
    """Return the view of maps, without repairs, which are of one grid."""
    if SHARED_METHOD:
        return SHARED_METHOD.view.options("")
    return {"size": PLAN.map_size, "sign": "positive", "scale": "max_abs"}


def shared_options(model):
    """Return the options of GradCAM for one model."""
    if SHARED_RUN:
        return explanation_options(SimpleNamespace(explanation=SHARED_RUN, model=model))
    return {"layer": MODELS[model].layer}


rule study_shared_transforms:
    """Classify and explain images in the shared geometry and in each model's own."""
    input:
        **inputs_of_networks(PLAN.predicting),
        manifest="results/images/manifest.csv",
        units=UNITS,
    output:
        accuracies="results/studies/shared_transforms/accuracies.csv",
        movement="results/studies/shared_transforms/movement.csv",
        summary="results/studies/shared_transforms/summary.json",
        figures=study_figure("shared_transforms"),
    log:
        "logs/studies/shared_transforms.log",
    benchmark:
        "benchmarks/studies/shared_transforms.tsv"
    conda:
        "../../envs/explain.yaml"
    threads: 1
    resources:
        gpu=cards_needed,
        mem_mb=memory_of("study_shared_transforms", **SHARED_WORK),
        runtime=minutes_of("study_shared_transforms", **SHARED_WORK),
    params:
        explaining=EXPLAINING,
        models=PLAN.predicting,
        trained=[name for name in PLAN.predicting if name in PLAN.trained],
        sizes={
            name: MODELS[name].recipe.get("options", {}).get("img_size")
            for name in PLAN.predicting
        },
        method=SHARED_METHOD.name if SHARED_METHOD else "gradcam",
        view=shared_view(),
        layers={name: shared_options(name) for name in PLAN.predicting},
        metrics=SHARED_METRICS,
        aggregate=PLAN.aggregate,
        resamples=PLAN.inference.bootstrap,
        options=SHARED_OPTIONS,
        look=look(),
        source=fingerprint(
            "scripts/study_shared_transforms.py",
            *code_of_metrics(),
            "lookalike/methods/gradcam.py",
        ),
    script:
        "../../scripts/study_shared_transforms.py"


add_study("shared_transforms", ["accuracy by way of bringing images to the models"])
