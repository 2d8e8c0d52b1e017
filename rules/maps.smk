"""Maps: raw ones from the models, views of them on one grid, and what is wrong with them."""


def explanation_of(wildcards):
    """Return the explanation run."""
    return PLAN.explanations[wildcards.explanation]


def explanation_method(wildcards):
    """Return the name of the method behind an explanation run."""
    return explanation_of(wildcards).method


def explanation_options(wildcards):
    """Return the options of an explanation run for one model.

    A target layer that the config names for the model stands for the full depth.
    """
    options, layer = explanation_of(wildcards).options, layer_of(wildcards)
    if layer and "layer" in options and options["layer"] is None and options["depth"] == 1:
        return options | {"layer": layer}
    return options


def explanation_code(wildcards):
    """Return the fingerprint of an explanation run."""
    method = explanation_method(wildcards)
    return fingerprint("scripts/explain_images.py", f"lookalike/methods/{method}.py")


def model_if_needed(wildcards):
    """Return the model, its predictions and what it explains besides classes; or nothing."""
    method = registry.get("method", explanation_method(wildcards))
    if not method.needs_model:
        return {}
    read = {
        "weights": model_weights(wildcards),
        "sidecar": f"results/checkpoints/{wildcards.model}.json",
        "predictions": f"results/predictions/{wildcards.model}.npz",
    }
    if method.targets == "similarity" and PLAN.images.similarity:
        return read | {"similarity": user_file(PLAN.images.similarity)}
    return read if method.targets == "classes" else read | {"scores": "results/images/scores.csv"}


def similarity_content_if_explained(wildcards):
    """Return a hash of the human similarities where they are what is explained."""
    explains = registry.get("method", explanation_method(wildcards)).targets == "similarity"
    return content_of(PLAN.images.similarity) if explains else None


def given_maps(wildcards):
    """Return the file or folder of user-supplied maps."""
    return user_file(MODELS[wildcards.model].maps[wildcards.explanation])


def given_maps_content(wildcards):
    """Return a hash of user-supplied maps, and of the lists of images next to stacks."""
    path = MODELS[wildcards.model].maps[wildcards.explanation]
    places = GIVEN_MAPS[path].values()
    cards = {file.with_suffix(".json") for file, index in places if index is not None}
    files = {file for file, _ in places} | {card for card in cards if card.exists()}
    return CONTENTS.of_files(sorted(files), Path(path).parent)


def given_maps_are_signed(wildcards):
    """Return whether user-supplied maps may be negative."""
    return explanation_of(wildcards).signed


def raw_maps(wildcards):
    """Return the folder of raw maps behind a method's view of one model."""
    return raw_maps_of(wildcards.method, wildcards.model)


def view_of(wildcards):
    """Return the options of a method's view for one model."""
    return METHODS[wildcards.method].view.options(wildcards.model)


def repair_of(wildcards):
    """Return the cell of a model's raw maps that is repaired, if one is."""
    return view_of(wildcards).get("repair")


def is_signed(wildcards):
    """Return whether a method's raw maps can be negative."""
    return PLAN.explanations[METHODS[wildcards.method].explanation].signed


def batches_of_method(wildcards):
    """Return the batches of maps of all models of a method."""
    return batches(wildcards.method)


def models_of_method(wildcards):
    """Return the models of a method, in the order of their batches."""
    return METHODS[wildcards.method].models


rule explain_images:
    """Explain every sampled image; raw maps on the method's native grid, signed."""
    input:
        unpack(model_if_needed),
        sample="results/images/explained.csv",
    output:
        maps=directory("results/maps/{explanation}/{model}/per_image"),
        diagnostics="results/maps/{explanation}/{model}/diagnostics.csv",
    log:
        "logs/maps/{explanation}/{model}/per_image.log",
    benchmark:
        "benchmarks/maps/{explanation}/{model}.tsv"
    wildcard_constraints:
        model=one_of(PLAN.computed),
    priority: 1
    conda:
        "../envs/explain.yaml"
    threads: 1
    resources:
        gpu=1,
    params:
        seed=PLAN.seed,
        size=PLAN.images.size,
        target=PLAN.target,
        method=explanation_method,
        options=explanation_options,
        contents=similarity_content_if_explained,
        source=explanation_code,
    script:
        "../scripts/explain_images.py"


rule import_maps:
    """Take the maps of the sampled images from user-supplied files; raw, on their native grid."""
    input:
        given=given_maps,
        sample="results/images/explained.csv",
    output:
        maps=directory("results/maps/{explanation}/{model}/per_image"),
    log:
        "logs/maps/{explanation}/{model}/per_image.log",
    benchmark:
        "benchmarks/maps/{explanation}/{model}.tsv"
    wildcard_constraints:
        model=one_of(PLAN.given),
    conda:
        "../envs/compare.yaml"
    params:
        contents=given_maps_content,
        signed=given_maps_are_signed,
        source=fingerprint("scripts/import_maps.py"),
    script:
        "../scripts/import_maps.py"


rule batch_maps:
    """Bring one model's raw maps into the view of a method, all in one file."""
    input:
        maps=raw_maps,
        sample="results/images/explained.csv",
    output:
        batch="results/maps/{method}/{model}/batch_maps.npy",
        card="results/maps/{method}/{model}/batch_maps.json",
    log:
        "logs/maps/{method}/{model}/batch_maps.log",
    conda:
        "../envs/compare.yaml"
    params:
        view=view_of,
        signed=is_signed,
        source=fingerprint("scripts/batch_maps.py"),
    script:
        "../scripts/batch_maps.py"


rule audit_maps:
    """Look for zero, constant and equal maps, and for one cell that always wins."""
    input:
        maps=raw_maps,
        batch="results/maps/{method}/{model}/batch_maps.npy",
    output:
        audit="results/audit/{method}/{model}.json",
    log:
        "logs/audit/{method}/{model}.log",
    conda:
        "../envs/compare.yaml"
    params:
        repair=repair_of,
        source=fingerprint("scripts/audit_maps.py"),
    script:
        "../scripts/audit_maps.py"


rule measure_localisation:
    """Measure how much of every map, and of null methods' maps, lies inside the object's mask."""
    input:
        sample="results/images/explained.csv",
        masks="results/images/masks.csv",
        batches=batches_of_method,
    output:
        localisation="results/localisation/{method}.csv",
    log:
        "logs/localisation/{method}.log",
    benchmark:
        "benchmarks/localisation/{method}.tsv"
    conda:
        "../envs/compare.yaml"
    params:
        seed=PLAN.seed,
        models=models_of_method,
        source=fingerprint(
            "scripts/measure_localisation.py",
            "lookalike/methods/random.py",
            "lookalike/methods/centre.py",
        ),
    script:
        "../scripts/measure_localisation.py"
