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
        variants=PRUNED,
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


rule test_structure:
    """Test whether a matrix has any structure: whether models are more than exchangeable labels in every image."""
    input:
        pairs=pair_files,
        predictions=predictions_if_agreeing,
    output:
        structure="results/inference/structure/{method}/{metric}/{subset}.csv",
    log:
        "logs/inference/structure/{method}/{metric}/{subset}.log",
    wildcard_constraints:
        method=one_of(METHODS),
    conda:
        "../envs/compare.yaml"
    params:
        seed=SEED,
        origins=lambda wildcards: {name: ORIGINS[name] for name in METHODS[wildcards.method]["models"]},
        aggregate=config["aggregate"],
        permutations=config["inference"]["permutations"],
        source=fingerprint("scripts/test_structure.py"),
    script:
        "../scripts/test_structure.py"


rule tabulate_structure:
    """Bring the tests of structure of all matrices into one table, corrected for being several."""
    input:
        structure=every_matrix("results/inference/structure/{method}/{metric}/{subset}.csv", computed=True),
    output:
        structure="results/inference/structure.csv",
    log:
        "logs/inference/structure.log",
    conda:
        "../envs/compare.yaml"
    params:
        source=fingerprint("scripts/tabulate_structure.py"),
    script:
        "../scripts/tabulate_structure.py"
