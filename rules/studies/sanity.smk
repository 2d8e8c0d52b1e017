"""The study of sanity: does a method see the weights?"""

from types import SimpleNamespace

SANITY = PLAN.studies["sanity"]
SANITY_METHODS = {name: METHODS[name] for name in SANITY["methods"] if PLAN.metrics_of(name)}


def models_of_sanity(run):
    """Return the independent models that an explanation run explains."""
    return [model for model in PLAN.explained[run] if model in PLAN.predicting]


# Views of the same raw maps are explained once.
SANITY_RUNS = {
    run: {
        "method": PLAN.explanations[run].method,
        "options": {
            model: explanation_options(SimpleNamespace(explanation=run, model=model))
            for model in models_of_sanity(run)
        },
        "views": {
            name: {model: method.view.options(model) for model in models_of_sanity(run)}
            for name, method in SANITY_METHODS.items()
            if method.explanation == run
        },
        "metrics": {
            name: metrics_with_options(name)
            for name, method in SANITY_METHODS.items()
            if method.explanation == run
        },
    }
    for run in dict.fromkeys(method.explanation for method in SANITY_METHODS.values())
}
SANITY_WORK = {
    "images": min(SANITY["images"], WORK.images),
    "models": 2 * SANITY["parts"],
    # Each part is once in the cascade and, but for the head, once alone.
    "passes": (2 * SANITY["parts"] - 1)
    * sum(
        len(models_of_sanity(run)) * passes_of(PLAN.explanations[run].options)
        for run in SANITY_RUNS
    ),
}


rule study_sanity:
    """Explain some images by networks with random weights, and compare with the trained ones."""
    input:
        **inputs_of_networks(PLAN.predicting),
        maps=[
            f"results/maps/{run}/{model}/per_image"
            for run, about in SANITY_RUNS.items()
            for model in about["options"]
        ],
        units=UNITS,
    output:
        sanity="results/studies/sanity/sanity.csv",
        summary="results/studies/sanity/summary.json",
        figures=study_figure("sanity"),
    log:
        "logs/studies/sanity.log",
    benchmark:
        "benchmarks/studies/sanity.tsv"
    conda:
        "../../envs/explain.yaml"
    threads: 1
    resources:
        gpu=cards_needed,
        mem_mb=memory_of("study_sanity", **SANITY_WORK),
        runtime=minutes_of("study_sanity", **SANITY_WORK),
    params:
        explaining=EXPLAINING,
        options={name: SANITY[name] for name in ("images", "parts")},
        models=PLAN.predicting,
        runs=SANITY_RUNS,
        resamples=PLAN.inference.bootstrap,
        look=look(),
        source=fingerprint(
            "scripts/study_sanity.py",
            *code_of_metrics(),
            *(f"lookalike/methods/{run['method']}.py" for run in SANITY_RUNS.values()),
        ),
    script:
        "../../scripts/study_sanity.py"


add_study("sanity", ["likeness of maps to the trained network's, by the share of random weights"])
