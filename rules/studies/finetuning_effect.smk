"""The study of fine-tuning: what did it do?"""

from types import SimpleNamespace


def methods_of_classes():
    """Return the methods that explain classes by networks, those of GradCAM first."""
    found = {
        name: PLAN.explanations[method.explanation].method
        for name, method in METHODS.items()
        if PLAN.explanations[method.explanation].method and PLAN.metrics_of(name)
    }
    cards = {name: registry.get("method", method) for name, method in found.items()}
    explaining = [
        name for name, card in cards.items() if card.needs_model and card.targets == "classes"
    ]
    return sorted(explaining, key=lambda name: found[name] != "gradcam")


FINETUNED = [name for name in PLAN.finetuned if name not in PLAN.dependent]
FINETUNING = PLAN.studies["finetuning_effect"]
# The method whose maps are compared, if there is one, and all models that have maps by it.
FINETUNING_METHOD = next(iter(methods_of_classes()), None)
FINETUNING_MODELS = [
    name
    for name in (METHODS[FINETUNING_METHOD].models if FINETUNING_METHOD else [])
    if name not in PLAN.dependent or PLAN.replicates.get(name) in FINETUNED
]
FINETUNING_RUN = FINETUNING_METHOD and PLAN.explanations[METHODS[FINETUNING_METHOD].explanation]
FINETUNING_STARTS = {
    name: {
        "recipe": MODELS[name].recipe,
        "pretrained": MODELS[name].training["pretrained"],
        "options": explanation_options(
            SimpleNamespace(explanation=FINETUNING_RUN.name, model=name)
        ),
    }
    for name in FINETUNED
    if FINETUNING_METHOD
}
FINETUNING_WORK = {
    "images": FINETUNING["images"],
    "passes": len(FINETUNED) * passes_of(FINETUNING_RUN.options if FINETUNING_METHOD else {}),
}


rule study_finetuning_effect:
    """Compare accuracy and maps of every fine-tuned model with those of the start of training."""
    input:
        **inputs_of_networks(FINETUNED),
        manifest="results/images/manifest.csv",
        units=UNITS,
        checkpoints=[
            user_file(MODELS[name].checkpoint) for name in FINETUNED if MODELS[name].checkpoint
        ],
        maps=[raw_maps_of(FINETUNING_METHOD, name) for name in FINETUNING_MODELS],
    output:
        accuracies="results/studies/finetuning_effect/accuracies.csv",
        epochs="results/studies/finetuning_effect/epochs.csv",
        maps="results/studies/finetuning_effect/maps.csv",
        summary="results/studies/finetuning_effect/summary.json",
        figures=study_figure("finetuning_effect"),
        panels=study_figure("finetuning_effect", "maps") if FINETUNING_METHOD else [],
    log:
        "logs/studies/finetuning_effect.log",
    benchmark:
        "benchmarks/studies/finetuning_effect.tsv"
    conda:
        "../../envs/explain.yaml"
    threads: 1
    resources:
        gpu=cards_needed,
        mem_mb=memory_of("study_finetuning_effect", **FINETUNING_WORK),
        runtime=minutes_of("study_finetuning_effect", **FINETUNING_WORK),
    params:
        explaining=EXPLAINING,
        finetuned=FINETUNED,
        starting=[name for name in FINETUNED if MODELS[name].checkpoint],
        starts=FINETUNING_STARTS,
        options=FINETUNING,
        method=FINETUNING_METHOD,
        run=(
            [FINETUNING_RUN.name, FINETUNING_RUN.method, FINETUNING_RUN.signed]
            if FINETUNING_METHOD
            else []
        ),
        models=FINETUNING_MODELS,
        replicates=PLAN.replicates,
        views={name: METHODS[FINETUNING_METHOD].view.options(name) for name in FINETUNING_MODELS},
        metrics=metrics_with_options(FINETUNING_METHOD) if FINETUNING_METHOD else {},
        resamples=PLAN.inference.bootstrap,
        look=look("over_image", "display"),
        source=fingerprint(
            "scripts/study_finetuning_effect.py",
            *code_of_metrics(),
            *([f"lookalike/methods/{FINETUNING_RUN.method}.py"] if FINETUNING_METHOD else []),
        ),
    script:
        "../../scripts/study_finetuning_effect.py"


add_study(
    "finetuning_effect",
    ["accuracy, and how far maps moved"]
    + ([f"maps before and after: {FINETUNING_METHOD}"] if FINETUNING_METHOD else []),
)
