"""Inference: what the numbers can carry."""


rule compare_replicates:
    """Compare the dissimilarity of each model and its replicate with that of the other pairs."""
    input:
        matrices=lambda wildcards: every_matrix("results/matrices/{method}/{metric}/{subset}/dissimilarity.csv", computed=True),
    output:
        replicates="results/inference/replicates.csv",
    log:
        "logs/inference/replicates.log",
    conda:
        "../envs/compare.yaml"
    params:
        replicates={name: MODELS[name]["replicate_of"] for name in REPLICATES},
        source=fingerprint("scripts/compare_replicates.py"),
    script:
        "../scripts/compare_replicates.py"


rule correlate_metrics:
    """Correlate the rankings of all metrics of a method, to find those that say the same."""
    input:
        pairs=lambda wildcards: [pair for metric in metrics_of(wildcards.method) for pair in pair_files_of(wildcards.method, metric)],
    output:
        correlations="results/inference/redundancy/{method}.csv",
    log:
        "logs/inference/redundancy/{method}.log",
    conda:
        "../envs/compare.yaml"
    params:
        source=fingerprint("scripts/correlate_metrics.py"),
    script:
        "../scripts/correlate_metrics.py"
