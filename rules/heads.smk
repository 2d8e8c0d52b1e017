"""Regression heads on frozen backbones, and variants of these models without the channels that do harm."""


rule extract_features:
    """Run a frozen backbone over the training split once, so that no epoch of a head costs a pass."""
    input:
        manifest="results/images/manifest.csv",
        weights=lambda wildcards: MODELS[wildcards.model]["checkpoint"] or [],
    output:
        features="results/features/{model}.npz",
    log:
        "logs/features/{model}.log",
    benchmark:
        "benchmarks/features/{model}.tsv"
    wildcard_constraints:
        model=one_of(HEADED),
    priority: 2
    conda:
        "../envs/explain.yaml"
    threads: 1
    resources:
        gpu=1,
    params:
        seed=SEED,
        size=IMAGES["size"],
        recipe=lambda wildcards: {key: MODELS[wildcards.model][key] for key in ("timm", "options")},
        pretrained=lambda wildcards: MODELS[wildcards.model]["training"]["pretrained"],
        source=fingerprint("scripts/extract_features.py"),
    script:
        "../scripts/extract_features.py"


rule train_head:
    """Train a regression head on the features of the training split; the best epoch on the part held back is kept."""
    input:
        manifest="results/images/manifest.csv",
        scores="results/images/scores.csv",
        features="results/features/{model}.npz",
        weights=lambda wildcards: MODELS[wildcards.model]["checkpoint"] or [],
    output:
        weights="results/checkpoints/{model}.safetensors",
        sidecar="results/checkpoints/{model}.json",
    log:
        "logs/checkpoints/{model}.log",
    benchmark:
        "benchmarks/checkpoints/{model}.tsv"
    wildcard_constraints:
        model=one_of(HEADED),
    priority: 2
    conda:
        "../envs/explain.yaml"
    threads: 1
    params:
        seed=SEED,
        recipe=lambda wildcards: {key: MODELS[wildcards.model][key] for key in ("timm", "options")},
        training=lambda wildcards: MODELS[wildcards.model]["training"],
        source=fingerprint("scripts/train_head.py"),
    script:
        "../scripts/train_head.py"


rule rank_channels:
    """Rank the channels of a model's target layer on the training split, and choose how many to keep on the part held back."""
    input:
        weights="results/checkpoints/{model}.safetensors",
        sidecar="results/checkpoints/{model}.json",
        manifest="results/images/manifest.csv",
        scores="results/images/scores.csv",
        similarity=IMAGES.get("similarity", []) if PRUNING.get("by") == "ais_alignment" else [],
    output:
        channels="results/pruning/{model}/channels.csv",
        curve="results/pruning/{model}/curve.csv",
    log:
        "logs/pruning/{model}.log",
    benchmark:
        "benchmarks/pruning/{model}.tsv"
    wildcard_constraints:
        model=one_of(HEADED),
    priority: 2
    conda:
        "../envs/explain.yaml"
    threads: 1
    resources:
        gpu=1,
    params:
        seed=SEED,
        size=IMAGES["size"],
        layer=lambda wildcards: MODELS[wildcards.model]["layer"],
        n=PRUNING.get("n"),
        by=PRUNING.get("by"),
        strategy=PRUNING.get("strategy"),
        source=fingerprint("scripts/rank_channels.py"),
    script:
        "../scripts/rank_channels.py"


rule prune_model:
    """Describe a variant that lacks the channels which do harm, or as many at random; its weights are its model's."""
    input:
        channels=lambda wildcards: f"results/pruning/{MODELS[wildcards.model]['pruned_from']}/channels.csv",
        sidecar=lambda wildcards: f"results/checkpoints/{MODELS[wildcards.model]['pruned_from']}.json",
    output:
        sidecar="results/checkpoints/{model}.json",
    log:
        "logs/checkpoints/{model}.log",
    wildcard_constraints:
        model=one_of(PRUNED),
    priority: 1
    conda:
        "../envs/explain.yaml"
    params:
        seed=SEED,
        pruned_from=lambda wildcards: MODELS[wildcards.model]["pruned_from"],
        draw=lambda wildcards: MODELS[wildcards.model]["draw"],
        source=fingerprint("scripts/prune_model.py"),
    script:
        "../scripts/prune_model.py"


rule predict_scores:
    """Predict the scores of the held-out images, which neither heads nor rankings were made with."""
    input:
        weights=model_weights,
        sidecar="results/checkpoints/{model}.json",
        manifest="results/images/manifest.csv",
        scores="results/images/scores.csv",
    output:
        predicted="results/heads/{model}.csv",
    log:
        "logs/heads/{model}.log",
    wildcard_constraints:
        model=one_of(COMPUTED),
    conda:
        "../envs/explain.yaml"
    threads: 1
    resources:
        gpu=1,
    params:
        size=IMAGES["size"],
        source=fingerprint("scripts/predict_scores.py"),
    script:
        "../scripts/predict_scores.py"


rule measure_alignment:
    """Measure how a model's similarities between held-out images agree with human ones; where pruning is by alignment."""
    input:
        weights=model_weights,
        sidecar="results/checkpoints/{model}.json",
        manifest="results/images/manifest.csv",
        scores=[] if "similarity" in IMAGES else "results/images/scores.csv",
        similarity=IMAGES.get("similarity", []),
    output:
        alignment="results/heads/{model}.npz",
    log:
        "logs/heads/{model}-alignment.log",
    wildcard_constraints:
        model=one_of(COMPUTED),
    conda:
        "../envs/explain.yaml"
    threads: 1
    resources:
        gpu=1,
    params:
        seed=SEED,
        size=IMAGES["size"],
        resamples=config["inference"]["bootstrap"],
        source=fingerprint("scripts/measure_alignment.py"),
    script:
        "../scripts/measure_alignment.py"


rule measure_heads:
    """Measure how well every head predicts held-out scores, and what pruning does to it, with bootstrap intervals."""
    input:
        predicted=expand("results/heads/{model}.csv", model=COMPUTED),
        sidecars=expand("results/checkpoints/{model}.json", model=COMPUTED),
        alignments=expand("results/heads/{model}.npz", model=COMPUTED if PRUNING.get("by") == "ais_alignment" else []),
    output:
        heads="results/heads.csv",
        pruning="results/inference/pruning.csv",
    log:
        "logs/heads.log",
    conda:
        "../envs/compare.yaml"
    params:
        seed=SEED,
        resamples=config["inference"]["bootstrap"],
        models=COMPUTED,
        variants=VARIANTS,
        source=fingerprint("scripts/measure_heads.py"),
    script:
        "../scripts/measure_heads.py"


rule compare_variants:
    """Compare the maps of every model with those of its pruned variants, by score and at random."""
    input:
        matrices=every_matrix("results/matrices/{method}/{metric}/{subset}/dissimilarity.csv", computed=True),
        bootstraps=every_matrix("results/matrices/{method}/{metric}/{subset}/bootstrap.npz", computed=True),
    output:
        variants="results/inference/variants.csv",
    log:
        "logs/inference/variants.log",
    conda:
        "../envs/compare.yaml"
    params:
        seed=SEED,
        variants=VARIANTS,
        origins=ORIGINS,
        source=fingerprint("scripts/compare_variants.py"),
    script:
        "../scripts/compare_variants.py"


rule draw_pruning:
    """Draw the channels' importances, and the error by the number of channels that are kept."""
    input:
        channels=expand("results/pruning/{model}/channels.csv", model=HEADED),
        curves=expand("results/pruning/{model}/curve.csv", model=HEADED),
    output:
        figure=multiext("results/figures/pruning", ".svg", ".png"),
    log:
        "logs/figures/pruning.log",
    conda:
        "../envs/plot.yaml"
    params:
        models=HEADED,
        by=PRUNING.get("by"),
        source=fingerprint("scripts/draw_pruning.py"),
    script:
        "../scripts/draw_pruning.py"
