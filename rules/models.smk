"""Models: fine-tuned here or brought along, each a checkpoint with its predictions."""


rule finetune_model:
    """Fine-tune a timm model, or a checkpoint, on the training split; the best epoch is kept."""
    input:
        manifest="results/images/manifest.csv",
        weights=lambda wildcards: MODELS[wildcards.model]["checkpoint"] or [],
    output:
        weights="results/checkpoints/{model}.safetensors",
        sidecar="results/checkpoints/{model}.json",
    log:
        "logs/checkpoints/{model}.log",
    benchmark:
        "benchmarks/checkpoints/{model}.tsv"
    wildcard_constraints:
        model=one_of(FINETUNED),
    # Training is the longest way to the report, so it goes first.
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
        training=lambda wildcards: MODELS[wildcards.model]["training"],
        source=fingerprint("scripts/finetune_model.py"),
    script:
        "../scripts/finetune_model.py"


rule import_checkpoint:
    """Take a checkpoint, or timm's pretrained weights, as they are."""
    input:
        manifest="results/images/manifest.csv",
        weights=lambda wildcards: MODELS[wildcards.model]["checkpoint"] or [],
    output:
        weights="results/checkpoints/{model}.safetensors",
        sidecar="results/checkpoints/{model}.json",
    log:
        "logs/checkpoints/{model}.log",
    wildcard_constraints:
        model=one_of(IMPORTED),
    conda:
        "../envs/explain.yaml"
    params:
        recipe=lambda wildcards: {key: MODELS[wildcards.model][key] for key in ("timm", "options")},
        pretrained=lambda wildcards: MODELS[wildcards.model]["training"]["pretrained"],
        size=IMAGES["size"],
        source=fingerprint("scripts/import_checkpoint.py"),
    script:
        "../scripts/import_checkpoint.py"


rule predict_images:
    """Classify the images that are explained, or predict their scores."""
    input:
        weights=model_weights,
        sidecar="results/checkpoints/{model}.json",
        sample="results/images/explained.csv",
    output:
        predictions="results/predictions/{model}.npz",
    log:
        "logs/predictions/{model}.log",
    priority: 1
    conda:
        "../envs/explain.yaml"
    threads: 1
    resources:
        gpu=1,
    params:
        size=IMAGES["size"],
        source=fingerprint("scripts/predict_images.py"),
    script:
        "../scripts/predict_images.py"


rule find_target_layers:
    """Find the layer that GradCAM explains at full depth in every model, and its grid; one job, since its start costs most."""
    input:
        weights=[weights_of(model) for model in COMPUTED],
        sidecars=expand("results/checkpoints/{model}.json", model=COMPUTED),
    output:
        layers="results/layers.csv",
    log:
        "logs/layers.log",
    conda:
        "../envs/explain.yaml"
    params:
        size=IMAGES["size"],
        layers={name: MODELS[name]["layer"] for name in COMPUTED},
        source=fingerprint("scripts/find_target_layers.py"),
    script:
        "../scripts/find_target_layers.py"


rule tabulate_models:
    """Write one table of all models: factors, size, target layer and its grid, accuracy before and after."""
    input:
        sidecars=expand("results/checkpoints/{model}.json", model=COMPUTED),
        predictions=expand("results/predictions/{model}.npz", model=COMPUTED),
        layers="results/layers.csv" if COMPUTED else [],
        cards=[f"results/maps/{next(iter(MODELS[model]['maps']))}/{model}/batch_maps.json" for model in MAPPED],
    output:
        models="results/models.csv",
    log:
        "logs/models.log",
    conda:
        "../envs/compare.yaml"
    params:
        models={name: {key: recipe[key] for key in ("timm", "family", "replicate_of", "pruned_from", "factors")} for name, recipe in MODELS.items()},
        computed=COMPUTED,
        mapped=MAPPED,
        source=fingerprint("scripts/tabulate_models.py"),
    script:
        "../scripts/tabulate_models.py"
