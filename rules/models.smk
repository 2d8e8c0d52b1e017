"""Models: fine-tuned here or brought along, each a checkpoint with its predictions."""


rule finetune_model:
    """Fine-tune a timm model, or a checkpoint, on the training split; the best epoch is kept."""
    input:
        manifest=training_manifest,
        images=OWN_IMAGES,
        weights=checkpoint_of,
    output:
        weights="results/checkpoints/{model}.safetensors",
        sidecar="results/checkpoints/{model}.json",
    log:
        "logs/checkpoints/{model}.log",
    benchmark:
        "benchmarks/checkpoints/{model}.tsv"
    wildcard_constraints:
        model=one_of(PLAN.finetuned),
    # Training is the longest way to the report, so it goes first.
    priority: 2
    conda:
        "../envs/explain.yaml"
    threads: 1
    resources:
        gpu=cards_needed,
        mem_mb=memory_of("finetune_model"),
        runtime=minutes_of("finetune_model"),
    params:
        seed=PLAN.seed,
        size=PLAN.images.size,
        fit=PLAN.images.fit,
        images=TRAINING_IMAGES,
        contents=checkpoint_content,
        recipe=recipe_of,
        training=training_of,
        # No output, which Snakemake would remove with a job that failed.
        unfinished=placed("results/checkpoints/{model}.unfinished.pt"),
        source=fingerprint("scripts/finetune_model.py"),
    script:
        "../scripts/finetune_model.py"


rule import_checkpoint:
    """Take a checkpoint, or timm's pretrained weights, as they are."""
    input:
        manifest=training_manifest,
        weights=checkpoint_of,
    output:
        weights="results/checkpoints/{model}.safetensors",
        sidecar="results/checkpoints/{model}.json",
    log:
        "logs/checkpoints/{model}.log",
    benchmark:
        "benchmarks/checkpoints/{model}.tsv"
    wildcard_constraints:
        model=one_of(PLAN.imported),
    conda:
        "../envs/explain.yaml"
    resources:
        mem_mb=memory_of("import_checkpoint"),
        runtime=minutes_of("import_checkpoint"),
    params:
        images=TRAINING_IMAGES,
        contents=checkpoint_content,
        recipe=recipe_of,
        pretrained=pretrained_of,
        size=PLAN.images.size,
        source=fingerprint("scripts/import_checkpoint.py"),
    script:
        "../scripts/import_checkpoint.py"


rule predict_images:
    """Classify the images that are explained, or predict their scores; describe the layers."""
    input:
        weights=model_weights,
        sidecar="results/checkpoints/{model}.json",
        sample="results/images/explained.csv",
        images=OWN_IMAGES,
    output:
        predictions="results/predictions/{model}.npz",
        layers="results/layers/{model}.json",
    log:
        "logs/predictions/{model}.log",
    benchmark:
        "benchmarks/predictions/{model}.tsv"
    wildcard_constraints:
        model=one_of(PLAN.computed),
    priority: 1
    conda:
        "../envs/explain.yaml"
    threads: 1
    resources:
        gpu=cards_needed,
        mem_mb=memory_of("predict_images"),
        runtime=minutes_of("predict_images"),
    params:
        size=PLAN.images.size,
        fit=PLAN.images.fit,
        source=fingerprint("scripts/predict_images.py"),
    script:
        "../scripts/predict_images.py"


rule tabulate_models:
    """Write a table of all models (factors, size, target layer, accuracy), one of predictions."""
    input:
        sidecars=expand("results/checkpoints/{model}.json", model=PLAN.computed),
        predictions=expand("results/predictions/{model}.npz", model=PLAN.computed),
        layers=expand("results/layers/{model}.json", model=PLAN.computed),
        cards=cards_of_given(),
    output:
        models=table("results/models.csv", "models", table="models"),
        predictions="results/predictions.csv",
    log:
        "logs/models.log",
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("tabulate_models"),
        runtime=minutes_of("tabulate_models"),
    params:
        models=facts_of_models(),
        computed=PLAN.computed,
        mapped=PLAN.given,
        source=fingerprint("scripts/tabulate_models.py"),
    script:
        "../scripts/tabulate_models.py"
