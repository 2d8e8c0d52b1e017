"""Regression heads on frozen backbones, and variants of models without harmful channels."""


rule extract_features:
    """Run a frozen backbone over the training split once: no epoch of a head costs a pass."""
    input:
        manifest=training_manifest,
        images=OWN_IMAGES,
        weights=checkpoint_of,
    output:
        features="results/features/{model}.npz",
    log:
        "logs/features/{model}.log",
    benchmark:
        "benchmarks/features/{model}.tsv"
    wildcard_constraints:
        model=one_of(PLAN.headed),
    priority: 2
    conda:
        "../envs/explain.yaml"
    threads: 1
    resources:
        gpu=cards_needed,
        mem_mb=memory_of("extract_features"),
        runtime=minutes_of("extract_features"),
    params:
        seed=PLAN.seed,
        size=PLAN.images.size,
        fit=PLAN.images.fit,
        recipe=recipe_of,
        pretrained=pretrained_of,
        images=TRAINING_IMAGES,
        contents=checkpoint_content,
        source=fingerprint("scripts/extract_features.py"),
    script:
        "../scripts/extract_features.py"


rule train_head:
    """Train a regression head on cached features; the best epoch on the part held back is kept."""
    input:
        manifest=training_manifest,
        scores="results/images/scores.csv",
        features="results/features/{model}.npz",
        weights=checkpoint_of,
    output:
        weights="results/checkpoints/{model}.safetensors",
        sidecar="results/checkpoints/{model}.json",
    log:
        "logs/checkpoints/{model}.log",
    benchmark:
        "benchmarks/checkpoints/{model}.tsv"
    wildcard_constraints:
        model=one_of(PLAN.headed),
    priority: 2
    conda:
        "../envs/explain.yaml"
    threads: 1
    resources:
        mem_mb=memory_of("train_head"),
        runtime=minutes_of("train_head"),
    params:
        seed=PLAN.seed,
        recipe=recipe_of,
        training=training_of,
        images=TRAINING_IMAGES,
        contents=checkpoint_content,
        source=fingerprint("scripts/train_head.py"),
    script:
        "../scripts/train_head.py"


rule rank_channels:
    """Rank the channels of a model's target layer, and choose how many to keep."""
    input:
        weights="results/checkpoints/{model}.safetensors",
        sidecar="results/checkpoints/{model}.json",
        manifest=training_manifest,
        images=OWN_IMAGES,
        scores="results/images/scores.csv",
        similarity=similarity_if(ALIGNS),
    output:
        channels="results/pruning/{model}/channels.csv",
        curve="results/pruning/{model}/curve.csv",
    log:
        "logs/pruning/{model}.log",
    benchmark:
        "benchmarks/pruning/{model}.tsv"
    wildcard_constraints:
        model=one_of(PLAN.headed),
    priority: 2
    conda:
        "../envs/explain.yaml"
    threads: 1
    resources:
        gpu=cards_needed,
        mem_mb=memory_of("rank_channels"),
        runtime=minutes_of("rank_channels"),
    params:
        seed=PLAN.seed,
        size=PLAN.images.size,
        fit=PLAN.images.fit,
        layer=layer_of,
        n=pruning_key("n"),
        by=pruning_key("by"),
        strategy=pruning_key("strategy"),
        images=TRAINING_IMAGES,
        contents=content_of(PLAN.images.similarity) if ALIGNS else None,
        source=fingerprint("scripts/rank_channels.py"),
    script:
        "../scripts/rank_channels.py"


rule prune_model:
    """Describe a variant that lacks the harmful channels, or as many at random."""
    input:
        channels=channels_of_original,
        sidecar=sidecar_of_original,
    output:
        sidecar="results/checkpoints/{model}.json",
    log:
        "logs/checkpoints/{model}.log",
    wildcard_constraints:
        model=one_of(PLAN.pruned),
    priority: 1
    # Cheaper than a submission to a cluster.
    localrule: True
    conda:
        "../envs/explain.yaml"
    resources:
        mem_mb=memory_of("prune_model"),
        runtime=minutes_of("prune_model"),
    params:
        seed=PLAN.seed,
        pruned_from=original_of,
        draw=draw_of,
        source=fingerprint("scripts/prune_model.py"),
    script:
        "../scripts/prune_model.py"


rule predict_scores:
    """Predict the scores of the held-out images, which no head and no ranking has seen."""
    input:
        weights=model_weights,
        sidecar="results/checkpoints/{model}.json",
        manifest="results/images/manifest.csv",
        images=OWN_IMAGES,
        scores="results/images/scores.csv",
    output:
        predicted="results/heads/{model}.csv",
    log:
        "logs/heads/{model}.log",
    benchmark:
        "benchmarks/heads/{model}.tsv"
    wildcard_constraints:
        model=one_of(PLAN.computed),
    conda:
        "../envs/explain.yaml"
    threads: 1
    resources:
        gpu=cards_needed,
        mem_mb=memory_of("predict_scores"),
        runtime=minutes_of("predict_scores"),
    params:
        size=PLAN.images.size,
        fit=PLAN.images.fit,
        source=fingerprint("scripts/predict_scores.py"),
    script:
        "../scripts/predict_scores.py"


rule measure_alignment:
    """Measure how a model's similarities between held-out images agree with human ones."""
    input:
        weights=model_weights,
        sidecar="results/checkpoints/{model}.json",
        manifest="results/images/manifest.csv",
        images=OWN_IMAGES,
        scores=[] if PLAN.images.similarity else "results/images/scores.csv",
        similarity=similarity_if(True),
    output:
        alignment="results/heads/{model}.npz",
    log:
        "logs/heads/{model}-alignment.log",
    benchmark:
        "benchmarks/heads/{model}-alignment.tsv"
    wildcard_constraints:
        model=one_of(PLAN.computed),
    conda:
        "../envs/explain.yaml"
    threads: 1
    resources:
        gpu=cards_needed,
        mem_mb=memory_of("measure_alignment"),
        runtime=minutes_of("measure_alignment"),
    params:
        seed=PLAN.seed,
        size=PLAN.images.size,
        fit=PLAN.images.fit,
        resamples=PLAN.inference.bootstrap,
        contents=content_of(PLAN.images.similarity),
        source=fingerprint("scripts/measure_alignment.py"),
    script:
        "../scripts/measure_alignment.py"


rule measure_heads:
    """Measure how well every head predicts held-out scores, and what pruning does to it."""
    input:
        predicted=expand("results/heads/{model}.csv", model=PLAN.computed),
        sidecars=expand("results/checkpoints/{model}.json", model=PLAN.computed),
        alignments=expand(
            "results/heads/{model}.npz",
            model=PLAN.computed if ALIGNS else [],
        ),
    output:
        heads=table("results/heads.csv", "heads", table="heads"),
        pruning="results/inference/pruning.csv",
    log:
        "logs/heads.log",
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("measure_heads"),
        runtime=minutes_of("measure_heads"),
    params:
        seed=PLAN.seed,
        resamples=PLAN.inference.bootstrap,
        models=PLAN.computed,
        variants=PLAN.variants,
        source=fingerprint("scripts/measure_heads.py"),
    script:
        "../scripts/measure_heads.py"


rule compare_variants:
    """Compare the maps of every model with those of its pruned variants, by score and at random."""
    input:
        matrices=every_matrix(f"{MATRIX}/dissimilarity.csv", computed=True),
        bootstraps=every_matrix(f"{MATRIX}/bootstrap.npz", computed=True),
    output:
        variants="results/inference/variants.csv",
    log:
        "logs/inference/variants.log",
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("compare_variants"),
        runtime=minutes_of("compare_variants"),
    params:
        seed=PLAN.seed,
        matrices=text_of(PLAN.keys_of(computed=True)),
        variants=PLAN.variants,
        origins=PLAN.origins,
        source=fingerprint("scripts/compare_variants.py"),
    script:
        "../scripts/compare_variants.py"


rule draw_pruning:
    """Draw the channels' importances, and the error by the number of channels that are kept."""
    input:
        channels=expand("results/pruning/{model}/channels.csv", model=PLAN.headed),
        curves=expand("results/pruning/{model}/curve.csv", model=PLAN.headed),
    output:
        figure=figure(
            "results/figures/pruning", "pruning", "pruning", "all models", figure="pruning"
        ),
    log:
        "logs/figures/pruning.log",
    benchmark:
        "benchmarks/figures/pruning.tsv"
    conda:
        "../envs/plot.yaml"
    resources:
        mem_mb=memory_of("draw_pruning"),
        runtime=minutes_of("draw_pruning"),
    params:
        models=PLAN.headed,
        by=pruning_key("by"),
        look=look("width"),
        source=fingerprint("scripts/draw_pruning.py"),
    script:
        "../scripts/draw_pruning.py"
