"""Images: the demo's are drawn, an archive's unpacked; a folder's are listed; a balanced sample is what gets explained."""


# Nodes of a cluster often have no network.
localrules:
    download_images,


rule draw_demo_images:
    """Draw the demo's images and the masks of their shapes, and score the images."""
    output:
        images=directory("results/images/demo"),
        masks=directory("results/images/demo_masks"),
        scores="results/images/demo_scores.csv",
    log:
        "logs/images/draw_demo_images.log",
    conda:
        "../envs/compare.yaml"
    params:
        seed=SEED,
        size=IMAGES["size"],
        counts=IMAGES["demo"],
        source=fingerprint("scripts/draw_demo_images.py"),
    script:
        "../scripts/draw_demo_images.py"


rule download_images:
    """Download an archive of images, unless it is there, verify and unpack it: in data/, which outlives results/."""
    input:
        archive=archive_if_local,
    output:
        folder=directory("data/{archive}"),
    log:
        "logs/images/download_{archive}.log",
    conda:
        "../envs/compare.yaml"
    params:
        archive=archive_of,
        source=fingerprint("scripts/download_images.py"),
    script:
        "../scripts/download_images.py"


if IMAGES["source"]:

    rule list_images:
        """Check every image of the source and write the manifest."""
        input:
            folder=image_folder,
            masks="results/images/demo_masks" if IS_DEMO else ancient(IMAGES.get("masks", [])),
        output:
            manifest="results/images/manifest.csv",
        log:
            "logs/images/list_images.log",
        conda:
            "../envs/compare.yaml"
        params:
            seed=SEED,
            listing=image_listings(),
            source=fingerprint("scripts/list_images.py"),
        script:
            "../scripts/list_images.py"

else:

    rule list_given_images:
        """Write the manifest of the images of which maps are given, matched across models by name."""
        output:
            manifest="results/images/manifest.csv",
        log:
            "logs/images/list_given_images.log",
        conda:
            "../envs/compare.yaml"
        params:
            split=IMAGES["split"],
            images=COMMON_IMAGES,
            source=fingerprint("scripts/list_given_images.py"),
        script:
            "../scripts/list_given_images.py"


rule list_scores:
    """Find the score of every image."""
    input:
        manifest="results/images/manifest.csv",
        given=IMAGES.get("scores", "results/images/demo_scores.csv"),
    output:
        scores="results/images/scores.csv",
    log:
        "logs/images/list_scores.log",
    conda:
        "../envs/compare.yaml"
    params:
        source=fingerprint("scripts/list_scores.py"),
    script:
        "../scripts/list_scores.py"


rule list_unmatched_images:
    """List the images that are left out because not all given sets of maps have them; for the report."""
    input:
        manifest="results/images/manifest.csv",
    output:
        unmatched="results/images/unmatched.csv",
    log:
        "logs/images/list_unmatched_images.log",
    conda:
        "../envs/compare.yaml"
    params:
        split=IMAGES["split"],
        common=COMMON_IMAGES,
        unmatched=UNMATCHED,
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
    params:
        seed=SEED,
        split=IMAGES["split"],
        n=IMAGES["n"],
        among=COMMON_IMAGES if IMAGES["common"] else None,
        source=fingerprint("scripts/sample_images.py"),
    script:
        "../scripts/sample_images.py"
