"""The study of hyperparameters: do the settings of the explanation methods matter?"""

TRIED = PLAN.studies["method_hyperparameters"]
# The first view of each run shows what its settings change.
TRIED_VIEWS = {
    run: next(name for name, method in METHODS.items() if method.explanation == run)
    for run in TRIED["settings"]
}
TRIED_WORK = {
    "images": min(TRIED["images"], WORK.images),
    "models": len(PLAN.predicting) * (1 + max(map(len, TRIED["settings"].values()))),
    "passes": len(PLAN.predicting)
    * sum(
        passes_of({**PLAN.explanations[run].options, **setting})
        for run, settings in TRIED["settings"].items()
        for setting in settings
    ),
}


rule study_method_hyperparameters:
    """Explain some images under other settings of each method, and compare the matrices."""
    input:
        **inputs_of_networks(PLAN.predicting),
        maps=[
            f"results/maps/{run}/{model}/per_image"
            for run in TRIED_VIEWS
            for model in PLAN.predicting
        ],
        units=UNITS,
    output:
        settings="results/studies/method_hyperparameters/settings.csv",
        summary="results/studies/method_hyperparameters/summary.json",
        figures=study_figure("method_hyperparameters"),
    log:
        "logs/studies/method_hyperparameters.log",
    benchmark:
        "benchmarks/studies/method_hyperparameters.tsv"
    conda:
        "../../envs/explain.yaml"
    threads: 1
    resources:
        gpu=cards_needed,
        mem_mb=memory_of("study_method_hyperparameters", **TRIED_WORK),
        runtime=minutes_of("study_method_hyperparameters", **TRIED_WORK),
    params:
        explaining=EXPLAINING,
        images=TRIED["images"],
        models=PLAN.predicting,
        runs={
            run: {
                "method": PLAN.explanations[run].method,
                "options": PLAN.explanations[run].options,
                "settings": TRIED["settings"][run],
                "views": {model: METHODS[name].view.options(model) for model in PLAN.predicting},
                "metrics": metrics_with_options(name),
            }
            for run, name in TRIED_VIEWS.items()
        },
        aggregate=PLAN.aggregate,
        resamples=PLAN.inference.bootstrap,
        look=look(),
        source=fingerprint(
            "scripts/study_method_hyperparameters.py",
            *code_of_metrics(),
            *(f"lookalike/methods/{PLAN.explanations[run].method}.py" for run in TRIED_VIEWS),
        ),
    script:
        "../../scripts/study_method_hyperparameters.py"


add_study("method_hyperparameters", ["how far matrices move between settings"])
