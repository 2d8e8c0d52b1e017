"""The study of metric validation: which metric tells the classes of maps apart."""

# Maps of its own, or those of every method.
VALIDATION = PLAN.studies["metric_validation"]
VALIDATED = ["given"] if "maps" in VALIDATION else list(METHODS)


def validated_maps(wildcards):
    """Return the maps whose classes are to be told apart."""
    if "maps" in VALIDATION:
        return [user_file(VALIDATION["maps"])]
    models = METHODS[wildcards.source].models
    return [raw_maps_of(wildcards.source, model) for model in models]


rule validate_metrics:
    """Test by nearest prototypes which metric and preprocessing tells the classes of maps apart."""
    input:
        maps=validated_maps,
        labels=user_file(VALIDATION.get("labels")) or "results/images/explained.csv",
    output:
        scores="results/studies/metric_validation/{source}.csv",
    log:
        "logs/studies/metric_validation/{source}.log",
    benchmark:
        "benchmarks/studies/metric_validation/{source}.tsv"
    wildcard_constraints:
        source=one_of(VALIDATED),
    conda:
        "../../envs/compare.yaml"
    resources:
        mem_mb=memory_of("validate_metrics"),
        runtime=minutes_of("validate_metrics"),
    params:
        seed=PLAN.seed,
        contents=[content_of(VALIDATION.get(name)) for name in ("maps", "labels")],
        size=PLAN.map_size,
        prototypes=VALIDATION["prototypes"],
        draws=VALIDATION["draws"],
        per_class=VALIDATION["per_class"],
        metrics={
            name: {"metric": choice.metric, "options": choice.options}
            for name, choice in PLAN.metrics.items()
        },
        source=fingerprint(
            "scripts/validate_metrics.py",
            *(f"lookalike/metrics/{choice.metric}.py" for choice in PLAN.metrics.values()),
        ),
    script:
        "../../scripts/validate_metrics.py"


rule draw_validation:
    """Draw the F1 score of every metric under every preprocessing."""
    input:
        scores="results/studies/metric_validation/{source}.csv",
    output:
        heatmap=figure(
            "results/studies/metric_validation/{source}",
            "metric_validation",
            "studies",
            "metric validation",
            captions="../../captions",
            maps="{source}",
        ),
    log:
        "logs/studies/metric_validation/{source}-figure.log",
    benchmark:
        "benchmarks/studies/metric_validation/{source}-figure.tsv"
    wildcard_constraints:
        source=one_of(VALIDATED),
    conda:
        "../../envs/plot.yaml"
    resources:
        mem_mb=memory_of("draw_validation"),
        runtime=minutes_of("draw_validation"),
    params:
        look=look(),
        source=fingerprint("scripts/draw_validation.py"),
    script:
        "../../scripts/draw_validation.py"


STUDIES["metric_validation"] = Study(
    figures={
        f"metric validation, maps: {source}": outputs(rules.draw_validation, source=source)
        for source in VALIDATED
    },
    tables=outputs(rules.validate_metrics, source=VALIDATED),
)
