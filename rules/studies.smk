"""Studies: experiments beside the main flow, each switched on by its name in the config."""

STUDIES = config["studies"]
VALIDATION = config["metric_validation"]
VALIDATED = ["given"] if "maps" in VALIDATION else list(METHODS)


rule validate_metrics:
    """Test by nearest prototypes which metric and preprocessing tells the classes of maps apart."""
    input:
        maps=lambda wildcards: (
            [VALIDATION["maps"]] if "maps" in VALIDATION else [raw_maps_of(wildcards.source, model) for model in METHODS[wildcards.source]["models"]]
        ),
        labels=VALIDATION.get("labels", "results/images/explained.csv"),
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
        seed=SEED,
        size=config["maps"]["size"],
        prototypes=VALIDATION["prototypes"],
        draws=VALIDATION["draws"],
        per_class=VALIDATION["per_class"],
        metrics=METRICS,
        source=fingerprint("scripts/validate_metrics.py", *(f"lookalike/metrics/{about['metric']}.py" for about in METRICS.values())),
    script:
        "../scripts/validate_metrics.py"


rule draw_validation:
    """Draw the F1 score of every metric under every preprocessing."""
    input:
        scores="results/studies/metric_validation/{source}.csv",
    output:
        heatmap=multiext("results/studies/metric_validation/{source}", ".svg", ".png"),
    log:
        "logs/studies/metric_validation/{source}-figure.log",
    wildcard_constraints:
        source=one_of(VALIDATED),
    conda:
        "../envs/plot.yaml"
    params:
        source=fingerprint("scripts/draw_validation.py"),
    script:
        "../scripts/draw_validation.py"
