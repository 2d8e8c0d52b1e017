"""The study of artefacts: does one place always win?"""

# Views of the same raw maps peak at the same places; maps that need no model are no model's.
PEAKED = {
    name: [model for model in METHODS[name].models if model not in PLAN.dependent]
    for name in PLAN.of_different_maps
    if not (run := PLAN.explanations[METHODS[name].explanation].method)
    or registry.get("method", run).needs_model
}


rule study_artefacts:
    """Test whether one cell of a model's raw maps always wins; repair it, and compare again."""
    input:
        maps=[raw_maps_of(name, model) for name, models in PEAKED.items() for model in models],
        batches=[path for name, models in PEAKED.items() for path in batches(name, models)],
        cards=[path for name, models in PEAKED.items() for path in batch_cards(name, models)],
        units=UNITS,
    output:
        cells="results/studies/artefacts/cells.csv",
        places="results/studies/artefacts/places.csv",
        repairs="results/studies/artefacts/repairs.csv",
        summary="results/studies/artefacts/summary.json",
        figures=[path for name in PEAKED for path in study_figure("artefacts", name, method=name)],
    log:
        "logs/studies/artefacts.log",
    benchmark:
        "benchmarks/studies/artefacts.tsv"
    conda:
        "../../envs/plot.yaml"
    resources:
        mem_mb=memory_of("study_artefacts"),
        runtime=minutes_of("study_artefacts"),
    params:
        seed=PLAN.seed,
        models=PEAKED,
        places={name: len(batches(name, models)) for name, models in PEAKED.items()},
        signed={name: PLAN.explanations[METHODS[name].explanation].signed for name in PEAKED},
        metrics={name: metrics_with_options(name) for name in PEAKED},
        slack=PLAN.studies["artefacts"]["slack"],
        resamples=PLAN.inference.bootstrap,
        look=look(),
        source=fingerprint(
            "scripts/study_artefacts.py",
            *code_of_metrics(),
        ),
    script:
        "../../scripts/study_artefacts.py"


add_study("artefacts", [f"where maps peak: {name}" for name in PEAKED])
