"""What needs Snakemake: the plan of the config, wildcards, and input functions of several rules."""

import os
import platform
import re
from functools import partial
from pathlib import Path

from snakemake.exceptions import LockException, WorkflowError
from snakemake.logging import logger
from snakemake.path_modifier import PathModifier
from snakemake.settings.types import DeploymentMethod

from lookalike.compare.blocks import block_pairs, choose_blocks
from lookalike.core import io, registry, sums
from lookalike.core.errors import InputError, lacks
from lookalike.core.orphans import VARIABLE
from lookalike.core.replacing import check_folder
from lookalike.images.folders import image_files
from lookalike.maps.existing import find_all
from lookalike.maps.matching import check_classes, match_images
from lookalike.maps.patterns import root_of
from lookalike.maps.signs import are_signed
from lookalike.plots.titles import MANY
from lookalike.workflow import fingerprint as fingerprints
from lookalike.workflow.cards import has_card
from lookalike.workflow.checks import check_networks, check_paths
from lookalike.workflow.contents import Contents
from lookalike.workflow.images import check_images
from lookalike.workflow.owners import claim, locked_in_one_line, remove_unfinished
from lookalike.workflow.matrices import check_matrices
from lookalike.workflow.plan import make_plan, text_of

# Rules write to `results/`, `logs/` and `benchmarks/`; a config with a folder of its own has all three
# there. Rules learn it as those of a module with `replace_prefix` do.
HOME = str(config.get("results", "results"))
if HOME != "results":
    moved = {"results/": f"{HOME}/", "logs/": f"{HOME}/logs/", "benchmarks/": f"{HOME}/benchmarks/"}
    workflow.modifier.path_modifier = PathModifier(
        moved, None, workflow, workflow.modifier.path_modifier
    )


def placed(path):
    """Return where a path below `results/` is, for what Snakemake does not read as a path."""
    return workflow.modifier.path_modifier.replace_prefix(path)


OWNER = None
if workflow.is_main_process:
    try:
        check_folder(".")
    except InputError as error:
        raise WorkflowError(str(error)) from None
    OWNER = claim(".snakemake", HOME)
    if OWNER and OWNER.unlocked:
        logger.warning(
            "This folder was locked by a Snakemake that was killed; its lock is removed."
        )
    workflow.execute = partial(locked_in_one_line, LockException, workflow.execute)
elif workflow.remote_exec:
    # On another host, jobs end with the Snakemake of that host.
    os.environ.pop(VARIABLE, None)
CONTENTS = Contents(f"{HOME}/contents.json")


def are_signed_once(path, channels):
    """Return whether user-supplied maps are signed; they are read once."""
    root = root_of(path)
    if not root.exists():
        return are_signed(path, channels)
    key = f"signed {path} {channels} {CONTENTS.of(root)}"
    return CONTENTS.fact(key, partial(are_signed, path, channels))


try:
    PLAN = make_plan(config, are_signed_once)
    check_paths(PLAN.paths, PLAN.archives)
    # From a path to the place of every image's map; the images that all of them have, and others.
    GIVEN_MAPS = find_all(path for model in PLAN.models.values() for path in model.maps.values())
    check_classes({path: found.folders for path, found in GIVEN_MAPS.items()})
    # Next to images, those that are drawn must have a map, which the import checks.
    COMMON_IMAGES, UNMATCHED = match_images(
        {path: found.maps for path, found in GIVEN_MAPS.items()},
        common=PLAN.images.common or PLAN.images.source is not None,
    )
    # Once, and not again in every job.
    if workflow.is_main_process:
        recipes = {name: model.recipe for name, model in PLAN.models.items()}
        check_networks(recipes, PLAN.images.size)
        check_matrices(PLAN)
        check_images(PLAN, CONTENTS.digest, COMMON_IMAGES)
except InputError as error:
    raise WorkflowError(str(error)) from None
except ModuleNotFoundError as error:
    raise WorkflowError(lacks(error)) from None

MODELS = PLAN.models
METHODS = PLAN.methods
LINKAGES = PLAN.groups.linkages
GIVEN_KEYS = PLAN.given_keys
COMPUTED_KEYS = PLAN.keys_of(computed=True)
IS_DEMO = PLAN.images.source == "demo"
HAS_MASKS = IS_DEMO or PLAN.images.masks is not None
# What earlier runs chose and saw, written when a run starts.
RECORD = f"{HOME}/record.json"
RECORDED = io.read_json(RECORD) if Path(RECORD).exists() else {"blocks": {}, "training": {}}
BLOCKS = {
    name: choose_blocks(method.models, PLAN.block, RECORDED["blocks"].get(name))
    for name, method in METHODS.items()
}
# Methods that view many sets of given maps, which have jobs of their own, by these blocks.
MANY_BLOCKS = {
    name: BLOCKS[name]
    for name, method in METHODS.items()
    if len(method.models) > MANY and all(MODELS[model].maps for model in method.models)
}
CONSENSUS = "results/images/consensus.csv"
UNITS = "results/images/units.csv"
MATRIX = "results/matrices/{method}/{metric}/{subset}"
GROUPS = "results/groups/{method}/{metric}/{subset}"
FIGURES = "results/figures/{method}/{metric}/{subset}"
HAS_CARD = has_card()
# With conda or an image, jobs compute with what the environments pin, and not with what is installed
# here.
DEPLOYED = workflow.deployment_settings.deployment_method
PINS = (
    "requirements.txt" if DEPLOYED & {DeploymentMethod.CONDA, DeploymentMethod.APPTAINER} else None
)

if DeploymentMethod.APPTAINER in DEPLOYED:
    IMAGE = Path(workflow.basedir, "lookalike.sif")
    if not IMAGE.exists():
        raise WorkflowError(
            f"{IMAGE}: there is no such image; build it from the Dockerfile (docs/cluster.md)"
        )

    container: str(IMAGE)


onstart:
    # By default Snakemake starts at most 100 jobs a second, and to know when, wakes its scheduler
    # once more in every second for each job that has ended, which came to be most of its own time.
    limiter = getattr(workflow.scheduler, "job_rate_limiter", None)
    if workflow.local_exec and limiter and (limiter.max_jobs, limiter.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None
    if OWNER:
        OWNER.start(elsewhere=not workflow.local_exec)
    CONTENTS.save()
    chosen = {name: list(blocks.values()) for name, blocks in BLOCKS.items()}
    blocks = RECORDED["blocks"] | (chosen if PLAN.block == "auto" else {})
    io.write_json(RECORD, {"blocks": blocks, "training": TRAINING_STATES})


# Jobs that failed may have left unfinished files, also those that succeeded when tried again.
onsuccess:
    if OWNER and OWNER.is_alone() and any(job.attempt > 1 for job in workflow.dag.jobs):
        remove_unfinished(HOME)


onerror:
    if OWNER and OWNER.is_alone():
        remove_unfinished(HOME)


def fingerprint(*paths):
    """Return what a job depends on besides its files: its code, and the versions of packages."""
    return fingerprints.fingerprint(*paths, pins=PINS)


def cards_needed(wildcards):
    """Return 1; 0 where jobs run on this machine and it has no card, so that `--resources gpu=1`
    does not make them wait for one another, and on a node, where a job has what was asked for.
    """
    asks = HAS_CARD if workflow.local_exec else not workflow.remote_exec
    return int(asks)


def one_of(names):
    """Return a regular expression for exactly these names; it matches nothing if there is none."""
    return "|".join(map(re.escape, names)) or "(?!)"


def methods_of(keys):
    """Return a regular expression for the method of each of these matrices, before its metric."""
    return (
        "|".join(f"{re.escape(key.method)}(?=/{re.escape(key.metric)}/)" for key in keys) or "(?!)"
    )


wildcard_constraints:
    model=one_of(MODELS),
    explanation=one_of(PLAN.explanations),
    method=one_of(dict.fromkeys([*METHODS, *(key.method for key in GIVEN_KEYS)])),
    metric=one_of(dict.fromkeys([*PLAN.metrics, *(key.metric for key in GIVEN_KEYS)])),
    subset="all|agreeing",
    linkage=one_of(LINKAGES),
    a=one_of({name for blocks in BLOCKS.values() for name in blocks}),
    b=one_of({name for blocks in BLOCKS.values() for name in blocks}),
    archive=one_of(PLAN.archives),


def content_of(path):
    """Return a hash of what a user-supplied file or folder holds; nothing if none is given."""
    return CONTENTS.of(path) if path else None


def user_file(path):
    """Return a user-supplied file as an input known by its content, not by its time.

    It is read where it lies, also where results go to a storage.
    """
    return local(ancient(path)) if path else []


def key_of(wildcards):
    """Return method, metric and subset of a matrix."""
    return [wildcards.method, wildcards.metric, wildcards.subset]


def recipe_of(wildcards):
    """Return what builds a model's network."""
    return MODELS[wildcards.model].recipe


def training_of(wildcards):
    """Return what a model's training takes."""
    return MODELS[wildcards.model].training


def pretrained_of(wildcards):
    """Return whether a model starts from timm's weights."""
    return MODELS[wildcards.model].training["pretrained"]


def layer_of(wildcards):
    """Return the target layer that the config names, if it does."""
    return MODELS[wildcards.model].layer


def checkpoint_of(wildcards):
    """Return the user-supplied weights that a model starts from."""
    return user_file(MODELS[wildcards.model].checkpoint)


def checkpoint_content(wildcards):
    """Return hashes of the user-supplied files that a model starts from."""
    return [content_of(path) for path in MODELS[wildcards.model].files]


def model_weights(wildcards):
    """Return the weights of a model."""
    return f"results/checkpoints/{MODELS[wildcards.model].weights}.safetensors"


def raw_maps_of(method, model):
    """Return the folder of raw maps behind a method's view of one model."""
    return f"results/maps/{METHODS[method].explanation}/{model}/per_image"


def batches(method, models=None):
    """Return the batches of maps of several models, or of all that the method has; of many models,
    the folders of their blocks.
    """
    models = models or METHODS[method].models
    if method in MANY_BLOCKS:
        blocks = MANY_BLOCKS[method].items()
        return [folder_of(method, name) for name, own in blocks if not set(own).isdisjoint(models)]
    return [f"results/maps/{method}/{model}/batch_maps.npy" for model in models]


def folder_of(method, block):
    """Return the folder with the batches and cards of a block of many models."""
    return f"results/maps/{method}/{block}"


def batch_cards(method, models=None):
    """Return what lies next to the batches, and is read with them; those of many models are in the
    same folders.
    """
    found = batches(method, models)
    return [] if method in MANY_BLOCKS else [path.replace(".npy", ".json") for path in found]


def pair_files(wildcards):
    """Return the files of all pairs of blocks under a method and a metric."""
    return [
        f"results/pairs/{wildcards.method}/{wildcards.metric}/{a}~{b}.npz"
        for a, b in block_pairs(BLOCKS[wildcards.method])
    ]


def fill(pattern, keys):
    """Fill a pattern with method, metric and subset of each of several matrices."""
    return [pattern.format(**key._asdict()) for key in keys]


def every_matrix(pattern, computed=False, subset=None):
    """Fill a pattern for every matrix that is computed here, or that is over one subset."""
    return fill(pattern, PLAN.keys_of(computed=computed, subset=subset))
