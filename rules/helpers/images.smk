"""Inputs and parameters of the rules of images."""


def common_images(wildcards):
    """Return the images that all given sets of maps have.

    A function, since Snakemake would take braces in a list of names for wildcards.
    """
    return COMMON_IMAGES


def unmatched_images(wildcards):
    """Return the images that some of the given sets of maps lack, and the sets."""
    return UNMATCHED


def common_images_if_asked(wildcards):
    """Return the images that all given sets of maps have, where others are left out."""
    return COMMON_IMAGES if PLAN.images.common else None


GROUP_TABLE, GROUP_COLUMN = PLAN.group_table


def batches_if_compared(wildcards):
    """Return the maps of all models by all methods, where near-copies are looked for in them."""
    methods = METHODS if PLAN.images.near_copies else []
    return [path for method in methods for path in batches(method)]


def cards_if_compared(wildcards):
    """Return what lies next to the maps in which near-copies are looked for."""
    methods = METHODS if PLAN.images.near_copies else []
    return [path for method in methods for path in batch_cards(method)]


def archive_of(wildcards):
    """Return where an archive of images comes from, where it lies, and its checksum."""
    return PLAN.archives[wildcards.archive]


def archive_if_local(wildcards):
    """Return an archive of images that no rule downloads."""
    archive = archive_of(wildcards)
    return [] if archive["url"] else local(archive["path"])


# The folder of images that a job made, whose files the manifest names below that folder; of
# user-supplied images it names the whole paths. Ancient, since what changes there changes the
# manifest.
MADE = "results/images/demo" if IS_DEMO else "".join(f"data/{name}" for name in PLAN.archives)
OWN_IMAGES = ancient(MADE) if MADE else []
OWN_MASKS = ancient("results/images/demo_masks") if IS_DEMO else []


def image_folder(wildcards):
    """Return the folder of the images: the demo's, an archive's, or a user-supplied one."""
    return MADE or user_file(PLAN.images.source)


def image_contents():
    """Return what the images are, whatever their times and the place of their folder.

    For an archive its checksum or content counts: by its folder alone, old results would pass for
    new ones where unpacking failed.
    """
    source = PLAN.images.source
    if IS_DEMO:
        code = fingerprint("scripts/draw_demo_images.py")
        return [PLAN.seed, PLAN.images.size, PLAN.images.demo, code]
    if PLAN.archives:
        archive = next(iter(PLAN.archives.values()))
        return archive["checksum"] or content_of(archive["path"])
    return CONTENTS.of_files(image_files(source), source) if source else None


# What training depends on: the images and how they are split, but neither times, paths nor masks.
IMAGE_CONTENTS = image_contents()
TRAINING_IMAGES = [IMAGE_CONTENTS, PLAN.seed, fingerprint("scripts/list_images.py")]


def training_states():
    """Return for every model what its training depends on, as text."""
    scripts = ("finetune_model", "import_checkpoint", "extract_features", "train_head")
    code = fingerprint(*(f"scripts/{name}.py" for name in (*scripts, "rank_channels")))
    shared = [TRAINING_IMAGES, code, PLAN.images.size, PLAN.images.fit, PLAN.pruning]
    shared += [content_of(PLAN.images.scores), content_of(PLAN.images.similarity)]
    models = {name: MODELS[name] for name in PLAN.computed}
    return {
        name: repr([shared, model, [content_of(path) for path in model.files]])
        for name, model in models.items()
    }


TRAINING_STATES = training_states()


def training_manifest(wildcards):
    """Return the manifest as an input of a model's training.

    If all that the training depends on is as in the last run, a manifest that is written anew, with
    the paths of a folder that was moved, trains nothing again. (Snakemake does not look at the
    parameters of a job below one that runs: if all that it takes from there is ancient, it is left
    out, else it runs.)
    """
    manifest, model = "results/images/manifest.csv", wildcards.model
    known = RECORDED["training"].get(model) == TRAINING_STATES[model]
    return ancient(manifest) if known else manifest
