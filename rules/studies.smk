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
    resources:
        mem_mb=memory_of("validate_metrics"),
        runtime=minutes_of("validate_metrics"),
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
    resources:
        mem_mb=memory_of("draw_validation"),
        runtime=minutes_of("draw_validation"),
    params:
        source=fingerprint("scripts/draw_validation.py"),
    script:
        "../scripts/draw_validation.py"


rule simulate_power:
    """Simulate how many images and models an effect needs, with this matrix as the pilot."""
    input:
        table=f"{MATRIX}/images.npz",
    output:
        power=f"{POWER}.csv",
    log:
        "logs/studies/power/{method}/{metric}/{subset}.log",
    benchmark:
        "benchmarks/studies/power/{method}/{metric}/{subset}.tsv"
    wildcard_constraints:
        method=methods_of(COMPUTED_KEYS),
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("simulate_power"),
        runtime=minutes_of("simulate_power"),
    params:
        seed=PLAN.seed,
        metric=metric_of,
        dependent=PLAN.dependent,
        effect=PLAN.power.effect,
        images=PLAN.power.images,
        models=PLAN.power.models,
        simulations=PLAN.power.simulations,
        source=fingerprint("scripts/simulate_power.py"),
    script:
        "../scripts/simulate_power.py"


rule draw_power:
    """Draw how often an effect is found, against the number of images and of models."""
    input:
        power=f"{POWER}.csv",
    output:
        curves=figure(POWER, "power", "studies", "power", method="{method}", metric="{metric}"),
    log:
        "logs/studies/power/{method}/{metric}/{subset}-figure.log",
    benchmark:
        "benchmarks/studies/power/{method}/{metric}/{subset}-figure.tsv"
    wildcard_constraints:
        method=methods_of(COMPUTED_KEYS),
    conda:
        "../envs/plot.yaml"
    resources:
        mem_mb=memory_of("draw_power"),
        runtime=minutes_of("draw_power"),
    params:
        title=title_of_power,
        source=fingerprint("scripts/draw_power.py"),
    script:
        "../scripts/draw_power.py"
