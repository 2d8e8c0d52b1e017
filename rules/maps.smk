"""Maps: raw ones from the models, views of them on one grid, and what is wrong with them."""


rule explain_images:
    """Explain every sampled image; raw maps on the method's native grid, signed."""
    input:
        unpack(model_if_needed),
        sample="results/images/explained.csv",
        images=OWN_IMAGES,
        consensus=consensus_if_explained,
    output:
        maps=directory("results/maps/{explanation}/{model}/per_image"),
        diagnostics="results/maps/{explanation}/{model}/diagnostics.csv",
        again="results/maps/{explanation}/{model}/again.npz",
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
        gpu=cards_needed,
        mem_mb=memory_of("explain_images"),
        runtime=minutes_of("explain_images"),
    params:
        seed=PLAN.seed,
        size=PLAN.images.size,
        fit=PLAN.images.fit,
        target=PLAN.target,
        method=explanation_method,
        options=explanation_options,
        again=number_explained_again,
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
    resources:
        mem_mb=memory_of("import_maps"),
        runtime=minutes_of("import_maps"),
    params:
        path=given_maps_path,
        channels=given_maps_channels,
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
    wildcard_constraints:
        method=one_of(name for name in METHODS if name not in MANY_BLOCKS),
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("batch_maps"),
        runtime=minutes_of("batch_maps"),
    params:
        view=view_of,
        signed=is_signed,
        source=fingerprint("scripts/batch_maps.py"),
    script:
        "../scripts/batch_maps.py"


rule audit_maps:
    """Look for zero, constant, equal and incomplete maps, and for one cell that always wins."""
    input:
        maps=raw_maps,
        diagnostics=diagnostics_of_maps,
        batch="results/maps/{method}/{model}/batch_maps.npy",
        card="results/maps/{method}/{model}/batch_maps.json",
    output:
        audit="results/audit/{method}/{model}.json",
    log:
        "logs/audit/{method}/{model}.log",
    wildcard_constraints:
        method=one_of(name for name in METHODS if name not in MANY_BLOCKS),
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("audit_maps"),
        runtime=minutes_of("audit_maps"),
    params:
        repair=repair_of,
        same_files=models_with_same_files,
        source=fingerprint("scripts/audit_maps.py"),
    script:
        "../scripts/audit_maps.py"


rule measure_localisation:
    """Measure how much of every raw map lies on the object, and test whether by chance."""
    input:
        masks="results/images/masks.csv",
        images=OWN_IMAGES,
        folder=OWN_MASKS,
        units=UNITS,
        maps=raw_maps_of_method,
    output:
        localisation="results/localisation/{method}.csv",
        tests="results/inference/localisation/{method}.csv",
    log:
        "logs/localisation/{method}.log",
    benchmark:
        "benchmarks/localisation/{method}.tsv"
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("measure_localisation"),
        runtime=minutes_of("measure_localisation"),
    params:
        seed=PLAN.seed,
        fit=PLAN.images.fit,
        models=models_of_method,
        repair=repairs_of_method,
        resamples=PLAN.inference.bootstrap,
        permutations=PLAN.inference.permutations,
        source=fingerprint(
            "scripts/measure_localisation.py",
            "lookalike/methods/random.py",
            "lookalike/methods/centre.py",
        ),
    script:
        "../scripts/measure_localisation.py"
