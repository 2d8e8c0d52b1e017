"""The study of faithfulness: how much does the score depend on what a map marks?"""

# Methods whose maps explain a class or nothing, by model.
CLASS_METHODS = [
    name
    for name, method in METHODS.items()
    if (run := PLAN.explanations[method.explanation].method)
    and registry.get("method", run).targets == "classes"
]
FAITHFUL = {
    model: names
    for model in PLAN.predicting
    if (names := [name for name in CLASS_METHODS if model in METHODS[name].models])
}
# Three scores, by the maps and by the same maps shifted.
FAITHFUL_WORK = {
    "images": min(PLAN.studies["faithfulness"]["images"], WORK.images),
    "passes": 6 * (PLAN.studies["faithfulness"]["steps"] + 1) * sum(map(len, FAITHFUL.values())),
}


rule study_faithfulness:
    """Insert and remove pixels in the order of all maps, and compare with the same maps shifted."""
    input:
        **inputs_of_networks([*FAITHFUL]),
        maps=[raw_maps_of(name, model) for model, names in FAITHFUL.items() for name in names],
        units=UNITS,
    output:
        scores="results/studies/faithfulness/scores.csv",
        methods="results/studies/faithfulness/methods.csv",
        curves="results/studies/faithfulness/curves.csv",
        summary="results/studies/faithfulness/summary.json",
        figures=study_figure("faithfulness"),
    log:
        "logs/studies/faithfulness.log",
    benchmark:
        "benchmarks/studies/faithfulness.tsv"
    conda:
        "../../envs/explain.yaml"
    threads: 1
    resources:
        gpu=cards_needed,
        mem_mb=memory_of("study_faithfulness", **FAITHFUL_WORK),
        runtime=minutes_of("study_faithfulness", **FAITHFUL_WORK),
    params:
        explaining=EXPLAINING,
        images=PLAN.studies["faithfulness"]["images"],
        steps=PLAN.studies["faithfulness"]["steps"],
        methods={
            model: {name: METHODS[name].view.options(model) for name in names}
            for model, names in FAITHFUL.items()
        },
        resamples=PLAN.inference.bootstrap,
        permutations=PLAN.inference.permutations,
        look=look(),
        source=fingerprint("scripts/study_faithfulness.py"),
    script:
        "../../scripts/study_faithfulness.py"


add_study("faithfulness", ["faithfulness of the maps"])
