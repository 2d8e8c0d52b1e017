"""Images: drawn, unpacked or listed; a balanced sample is what gets explained."""


rule draw_demo_images:
    """Draw the demo's images and the masks of their shapes, and score the images."""
    output:
        images=directory("results/images/demo"),
        masks=directory("results/images/demo_masks"),
        scores="results/images/demo_scores.csv",
    log:
        "logs/images/draw_demo_images.log",
    benchmark:
        "benchmarks/images/draw_demo_images.tsv"
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("draw_demo_images"),
        runtime=minutes_of("draw_demo_images"),
    params:
        seed=PLAN.seed,
        size=PLAN.images.size,
        counts=PLAN.images.demo,
        source=fingerprint("scripts/draw_demo_images.py"),
    script:
        "../scripts/draw_demo_images.py"


rule download_images:
    """Download an archive of images, unless it is there, verify it, and unpack it into data/."""
    input:
        archive=archive_if_local,
    output:
        folder=directory("data/{archive}"),
    log:
        "logs/images/download_{archive}.log",
    benchmark:
        "benchmarks/images/download_{archive}.tsv"
    # Nodes of a cluster often have no network.
    localrule: True
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("download_images"),
        runtime=minutes_of("download_images"),
    params:
        archive=archive_of,
        source=fingerprint("scripts/download_images.py"),
    script:
        "../scripts/download_images.py"


if PLAN.images.source:

    rule list_images:
        """Check every image of the source and write the manifest."""
        input:
            folder=image_folder,
        output:
            manifest="results/images/manifest.csv",
            skipped="results/images/skipped.csv",
        log:
            "logs/images/list_images.log",
        benchmark:
            "benchmarks/images/list_images.tsv"
        conda:
            "../envs/compare.yaml"
        # Nothing else can run before the images are listed.
        threads: 4
        resources:
            mem_mb=memory_of("list_images"),
            runtime=minutes_of("list_images"),
        params:
            seed=PLAN.seed,
            split=None if PLAN.trained else PLAN.images.split,
            contents=IMAGE_CONTENTS,
            own=bool(OWN_IMAGES),
            source=fingerprint("scripts/list_images.py"),
        script:
            "../scripts/list_images.py"

else:

    rule list_given_images:
        """Write the manifest of the images whose maps are given, matched across models by name."""
        output:
            manifest="results/images/manifest.csv",
        log:
            "logs/images/list_given_images.log",
        conda:
            "../envs/compare.yaml"
        resources:
            mem_mb=memory_of("list_given_images"),
            runtime=minutes_of("list_given_images"),
        params:
            split=PLAN.images.split,
            images=common_images,
            source=fingerprint("scripts/list_given_images.py"),
        script:
            "../scripts/list_given_images.py"


rule list_masks:
    """Find the mask of every explained image whose object is known."""
    input:
        manifest="results/images/manifest.csv",
        sample="results/images/explained.csv",
        images=OWN_IMAGES,
        masks="results/images/demo_masks" if IS_DEMO else user_file(PLAN.images.masks),
    output:
        masks="results/images/masks.csv",
    log:
        "logs/images/list_masks.log",
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("list_masks"),
        runtime=minutes_of("list_masks"),
    params:
        contents=content_of(PLAN.images.masks),
        own=bool(OWN_MASKS),
        source=fingerprint("scripts/list_masks.py"),
    script:
        "../scripts/list_masks.py"


rule list_scores:
    """Find the score of every image."""
    input:
        manifest="results/images/manifest.csv",
        given=user_file(PLAN.images.scores) or "results/images/demo_scores.csv",
    output:
        scores="results/images/scores.csv",
    log:
        "logs/images/list_scores.log",
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("list_scores"),
        runtime=minutes_of("list_scores"),
    params:
        contents=content_of(PLAN.images.scores),
        source=fingerprint("scripts/list_scores.py"),
    script:
        "../scripts/list_scores.py"


rule list_unmatched_images:
    """List the images that are left out because not all given sets of maps have them."""
    input:
        manifest="results/images/manifest.csv",
    output:
        unmatched="results/images/unmatched.csv",
    log:
        "logs/images/list_unmatched_images.log",
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("list_unmatched_images"),
        runtime=minutes_of("list_unmatched_images"),
    params:
        split=PLAN.images.split,
        common=common_images,
        unmatched=unmatched_images,
        source=fingerprint("scripts/list_unmatched_images.py"),
    script:
        "../scripts/list_unmatched_images.py"


rule sample_images:
    """Draw the images that are explained, balanced over classes."""
    input:
        manifest="results/images/manifest.csv",
    output:
        sample="results/images/explained.csv",
    log:
        "logs/images/sample_images.log",
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("sample_images"),
        runtime=minutes_of("sample_images"),
    params:
        seed=PLAN.seed,
        split=PLAN.images.split,
        n=PLAN.images.n,
        among=common_images_if_asked,
        source=fingerprint("scripts/sample_images.py"),
    script:
        "../scripts/sample_images.py"


if PLAN.images.source:

    rule group_images:
        """Find near-copies, and say which of the explained images belong together."""
        input:
            manifest="results/images/manifest.csv",
            sample="results/images/explained.csv",
            images=OWN_IMAGES,
            table=user_file(GROUP_TABLE),
        output:
            units=UNITS,
        log:
            "logs/images/group_images.log",
        benchmark:
            "benchmarks/images/group_images.tsv"
        conda:
            "../envs/compare.yaml"
        threads: 4
        resources:
            mem_mb=memory_of("group_images"),
            runtime=minutes_of("group_images"),
        params:
            fit=PLAN.images.fit,
            near_copies=PLAN.images.near_copies,
            by_class=PLAN.draws_classes,
            column=GROUP_COLUMN,
            contents=content_of(GROUP_TABLE),
            source=fingerprint("scripts/group_images.py"),
        script:
            "../scripts/group_images.py"

else:

    rule group_given_images:
        """Find near-copies by the maps of all models, and say which images belong together."""
        input:
            manifest="results/images/manifest.csv",
            sample="results/images/explained.csv",
            batches=batches_if_compared,
            cards=cards_if_compared,
            table=user_file(GROUP_TABLE),
        output:
            units=UNITS,
        log:
            "logs/images/group_given_images.log",
        benchmark:
            "benchmarks/images/group_given_images.tsv"
        conda:
            "../envs/compare.yaml"
        resources:
            mem_mb=memory_of("group_given_images"),
            runtime=minutes_of("group_given_images"),
        params:
            near_copies=PLAN.images.near_copies,
            column=GROUP_COLUMN,
            contents=content_of(GROUP_TABLE),
            source=fingerprint("scripts/group_given_images.py"),
        script:
            "../scripts/group_given_images.py"
