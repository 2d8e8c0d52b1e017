"""Studies: experiments next to the main flow, each switched on by its name in the config."""


rule validate_metrics:
    """Test by nearest prototypes which metric and preprocessing tells the classes of maps apart."""
    input:
        maps=validated_maps,
        labels=user_file(PLAN.validation.labels) or "results/images/explained.csv",
    output:
        scores="results/studies/metric_validation/{source}.csv",
    log:
        "logs/studies/metric_validation/{source}.log",
    benchmark:
        "benchmarks/studies/metric_validation/{source}.tsv"
    wildcard_constraints:
        source=one_of(VALIDATED),
    conda:
        "../envs/compare.yaml"
    params:
        seed=PLAN.seed,
        contents=[content_of(PLAN.validation.maps), content_of(PLAN.validation.labels)],
        size=PLAN.map_size,
        prototypes=PLAN.validation.prototypes,
        draws=PLAN.validation.draws,
        per_class=PLAN.validation.per_class,
        metrics={
            name: {"metric": choice.metric, "options": choice.options}
            for name, choice in PLAN.metrics.items()
        },
        source=fingerprint(
            "scripts/validate_metrics.py",
            *(f"lookalike/metrics/{choice.metric}.py" for choice in PLAN.metrics.values()),
        ),
    script:
        "../scripts/validate_metrics.py"


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
            maps="{source}",
        ),
    log:
        "logs/studies/metric_validation/{source}-figure.log",
    benchmark:
        "benchmarks/studies/metric_validation/{source}-figure.tsv"
    wildcard_constraints:
        source=one_of(VALIDATED),
    conda:
        "../envs/plot.yaml"
    params:
        source=fingerprint("scripts/draw_validation.py"),
    script:
        "../scripts/draw_validation.py"
