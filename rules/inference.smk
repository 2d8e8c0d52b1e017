"""Inference: what the numbers can carry."""


rule compare_replicates:
    """Compare the dissimilarity of each model and its replicate with that of the other pairs."""
    input:
        matrices=lambda wildcards: every_matrix("results/matrices/{method}/{metric}/{subset}/dissimilarity.csv"),
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
