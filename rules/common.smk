"""The config, the wildcards and the input functions that several rules share."""

import hashlib
import os
import re
from collections import Counter

from snakemake.exceptions import WorkflowError

from lookalike.core import registry
from lookalike.compare.blocks import block_pairs, blocks_of
from lookalike.workflow.config import raw_is_signed, resolve
from lookalike.images.archives import KNOWN, STAMP
from lookalike.core.errors import InputError, near_names
from lookalike.workflow.fingerprint import fingerprint
from lookalike.maps.existing import find_maps, match_images
from lookalike.images.manifest import image_files
from lookalike.inference.significance import enough_permutations
from lookalike.compare.user_matrices import GIVEN_MATRICES

GIVEN_CONFIG = dict(config)
try:
    config = resolve(config)
    # Snakemake keeps old results without a word when an input is not there, so a wrong path must stop here.
    for place, path in config["paths"].items():
        if not os.path.exists(path):
            hint = near_names(path, ["demo", *KNOWN]) if place == "images.source" else ""
            raise InputError(f"config: {place}: {path} does not exist{hint}")
    # A rule's folder is emptied before it is written, which must not happen to one that somebody made by hand.
    for name in config["archives"]:
        if os.path.exists(f"data/{name}") and not os.path.exists(f"data/{name}/{STAMP}"):
            raise InputError(f"config: images.source: data/{name} is there, but was not unpacked here; give this folder as images.source, or move it away")
    # By path, where the maps of which image are; the images of which all have one, and those that only some have.
    GIVEN_MAPS = {path: find_maps(path) for recipe in config["models"].values() for path in recipe["maps"].values()}
    # Where there are images beside, those that are drawn must be there, which the import sees.
    COMMON_IMAGES, UNMATCHED = match_images(GIVEN_MAPS, common=config["images"]["common"] or config["images"]["source"] is not None)
except InputError as error:
    raise WorkflowError(str(error)) from None

MODELS = config["models"]
MAPPED = [name for name, recipe in MODELS.items() if recipe["maps"]]
COMPUTED = [name for name in MODELS if name not in MAPPED]
# Variants of a model without some of its channels; other models learn a score, or classes, or come as they are.
PRUNED = [name for name in COMPUTED if MODELS[name]["pruned_from"]]
VARIANTS = {name: {key: MODELS[name][key] for key in ("pruned_from", "draw")} for name in PRUNED}
TRAINED = [name for name in COMPUTED if MODELS[name]["finetune"] and name not in PRUNED]
IMPORTED = [name for name in COMPUTED if name not in TRAINED + PRUNED]
PREDICTS_SCORES = config["finetuning"]["task"] == "regression"
HEADED = TRAINED if PREDICTS_SCORES else []
FINETUNED = [] if PREDICTS_SCORES else TRAINED
PRUNING = config.get("pruning", {})
# A replicate is of its original, a pruned variant of the model that it was, a replicate's variant of both.
ORIGINS = {name: recipe["replicate_of"] or recipe["pruned_from"] or name for name, recipe in MODELS.items()}
ORIGINS = {name: ORIGINS[origin] for name, origin in ORIGINS.items()}
REPLICATES = [name for name, recipe in MODELS.items() if recipe["replicate_of"]]
# Models that are near to another by their make, and so no evidence of what makes models alike.
ALIKE = [name for name in MODELS if ORIGINS[name] != name]
PREDICTING = [name for name in COMPUTED if name not in ALIKE]
METHODS = config["methods"]
EXPLANATIONS = config["explanations"]
METRICS = config["metrics"]
COMPARISONS = config["comparisons"]
LINKAGES = config["groups"]["linkages"]
BLOCKS = {name: blocks_of(method["models"], config["compare"]["block"]) for name, method in METHODS.items()}
SEED = config["seed"]
IMAGES = config["images"]
ARCHIVES = config["archives"]
IS_DEMO = IMAGES["source"] == "demo"
HAS_MASKS = IS_DEMO or "masks" in IMAGES
# Every matrix by method, metric and subset: those that are computed here, and somebody's.
MATRICES = [(method, metric, subset) for method, metric in COMPARISONS for subset in METHODS[method]["subsets"]]
MATRICES += [(GIVEN_MATRICES, name, "all") for name in config["matrices"]]
SUBSETS = Counter(subset for _, _, subset in MATRICES)
# Of which the findings tell: the one that every matrix is over, where it is asked for.
FIRST_SUBSET = "all" if "all" in SUBSETS else next(iter(SUBSETS), "all")
# Those with more than one matrix, which may agree or not.
COMPARED_SUBSETS = [subset for subset, count in SUBSETS.items() if count > 1]
# How often models are permuted, so that the tests of all matrices can be corrected for being several.
PERMUTATIONS = enough_permutations(config["inference"]["permutations"], max(SUBSETS.values(), default=1))
# The p values of each kind of test, and the columns by which those are told apart that are reported, and corrected, together.
TESTS = {
    "structure": {"tests": ["variance", "silhouette"], "family": ["subset"]},
    "factors": {"tests": [""], "family": ["factor", "test", "subset"]},
}


def one_of(names):
    """Return a regular expression for exactly these names; it matches nothing where there is none."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    model=one_of(MODELS),
    explanation=one_of(EXPLANATIONS),
    method=one_of([*METHODS, GIVEN_MATRICES]),
    metric=one_of([*METRICS, *config["matrices"]]),
    subset="all|agreeing",
    linkage=one_of(LINKAGES),
    a=one_of({name for blocks in BLOCKS.values() for name in blocks}),
    b=one_of({name for blocks in BLOCKS.values() for name in blocks}),
    archive=one_of(ARCHIVES),


def listing(files):
    """Hash names, sizes and times of a folder's files, since a folder's own time says nothing of what lies deeper."""
    stats = [(path, os.stat(path)) for path in files]
    lines = (f"{path} {stat.st_size} {stat.st_mtime_ns}" for path, stat in stats)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def image_folder(wildcards):
    """Return the folder of the images: the demo's, an archive's, or a given one, whose own time says nothing."""
    if IS_DEMO:
        return "results/images/demo"
    return f"data/{next(iter(ARCHIVES))}" if ARCHIVES else ancient(IMAGES["source"])


def image_listings():
    """Return what changes when the given images and masks do.

    For an archive, its checksum or time: by its folder alone, old results would pass for new ones where unpacking failed.
    """
    if IS_DEMO:
        return []
    source, masks = IMAGES["source"], IMAGES.get("masks")
    archives = [archive["checksum"] or str(os.stat(archive["path"]).st_mtime_ns) for archive in ARCHIVES.values()]
    return (archives or [listing(image_files(source))]) + ([listing(image_files(masks))] if masks else [])


def archive_of(wildcards):
    """Return where an archive of images comes from, where it lies, and its checksum."""
    return ARCHIVES[wildcards.archive]


def archive_if_local(wildcards):
    """Return an archive of images that no rule downloads."""
    archive = archive_of(wildcards)
    return [] if archive["url"] else archive["path"]


def explanation_options(wildcards):
    """Return the options of an explanation run for one model, whose own target layer stands for the full depth."""
    options = EXPLANATIONS[wildcards.explanation]["options"]
    layer = MODELS[wildcards.model]["layer"]
    if layer and "layer" in options and options["layer"] is None and options["depth"] == 1:
        return options | {"layer": layer}
    return options


def explanation_method(wildcards):
    """Return the name of the method behind an explanation run."""
    return EXPLANATIONS[wildcards.explanation]["method"]


def model_weights(wildcards):
    """Return the weights of a model."""
    return weights_of(wildcards.model)


def weights_of(model):
    """Return the weights of a model, by name; a pruned variant has those of the model that it was."""
    return f"results/checkpoints/{MODELS[model]['pruned_from'] or model}.safetensors"


def model_if_needed(wildcards):
    """Return the model's checkpoint and predictions, unless the method needs no model; and what it explains beside classes."""
    method = registry.get("method", explanation_method(wildcards))
    if not method.needs_model:
        return {}
    read = {
        "weights": model_weights(wildcards),
        "sidecar": f"results/checkpoints/{wildcards.model}.json",
        "predictions": f"results/predictions/{wildcards.model}.npz",
    }
    if method.targets == "similarity" and "similarity" in IMAGES:
        return read | {"similarity": IMAGES["similarity"]}
    return read if method.targets == "classes" else read | {"scores": "results/images/scores.csv"}


def raw_maps(wildcards):
    """Return the folder of raw maps behind a method's view of one model."""
    return raw_maps_of(wildcards.method, wildcards.model)


def raw_maps_of(method, model):
    """Return the folder of raw maps behind a method's view of one model, by name."""
    return f"results/maps/{METHODS[method]['explanation']}/{model}/per_image"


def given_maps(wildcards):
    """Return the file or folder of somebody's maps."""
    return MODELS[wildcards.model]["maps"][wildcards.explanation]


def listing_of_maps(path):
    """Hash names, sizes and times of given maps, and of the lists of images beside stacks."""
    found = GIVEN_MAPS[path].values()
    cards = {file.with_suffix(".json") for file, place in found if place is not None}
    return listing(sorted({str(file) for file, _ in found} | {str(card) for card in cards if card.exists()}))


def view_of(wildcards):
    """Return the view of a method for one model, which takes only its own repair."""
    view = dict(METHODS[wildcards.method]["view"])
    repair = view.pop("repair", {}).get(wildcards.model)
    return view | {"repair": repair["cell"]} if repair else view


def is_signed(wildcards):
    """Tell whether a method's raw maps can be negative."""
    return raw_is_signed(EXPLANATIONS[METHODS[wildcards.method]["explanation"]]["method"])


def batches(method, models=None):
    """Return the batches of maps of several models, or of all that the method has."""
    return [f"results/maps/{method}/{model}/batch_maps.npy" for model in models or METHODS[method]["models"]]


def pair_files(wildcards):
    """Return the files of all pairs of blocks under a method and a metric."""
    return pair_files_of(wildcards.method, wildcards.metric)


def pair_files_of(method, metric):
    """Return the files of all pairs of blocks under a method and a metric, by name."""
    return [f"results/pairs/{method}/{metric}/{a}~{b}.npz" for a, b in block_pairs(BLOCKS[method])]


def metrics_of(method):
    """Return the metrics that go together with a method."""
    return [metric for name, metric in COMPARISONS if name == method]


def predictions_if_agreeing(wildcards):
    """Return the predictions that decide which images belong to a subset."""
    return [f"results/predictions/{model}.npz" for model in METHODS[wildcards.method]["models"]] if wildcards.subset == "agreeing" else []


def every_matrix(pattern, computed=False, subset=None):
    """Fill a pattern for every matrix; or for those alone that are computed here, or over one subset of the images."""
    places = [place for place in MATRICES if not (computed and place[0] == GIVEN_MATRICES) and subset in (None, place[2])]
    return [pattern.format(method=method, metric=metric, subset=subset) for method, metric, subset in places]


def images_behind(wildcards):
    """Return how many images are behind each value of a matrix, which is not known of somebody's."""
    place = f"results/matrices/{wildcards.method}/{wildcards.metric}/{wildcards.subset}"
    return {} if wildcards.method == GIVEN_MATRICES else {"n": f"{place}/n.csv"}


def tests_of(kind):
    """Return the tables of one kind of test; structure shows in the values of single images alone, which somebody's matrices lack."""
    return every_matrix(f"results/inference/{kind}/{{method}}/{{metric}}/{{subset}}.csv", computed=kind == "structure")
