"""Recipes: what a config says of each model, made whole."""

from lookalike.errors import InputError, unknown
from lookalike.found import find_models
from lookalike.tables import COLUMNS

TRAINING_KEYS = ("pretrained", "epochs", "freeze_epochs", "lr", "batch")
# The method of maps that are given without one.
DEFAULT_METHOD = "heatmaps"
# What a recipe holds of a model of which it is not said.
UNSAID = {"family": "unknown", "factors": {}, "maps": {}, "layer": None, "checkpoint": None, "replicate_of": None}


def resolve_models(config):
    """Return the recipes of all models by their sorted names, those that `models_from` finds among them.

    Parameters
    ----------
    config : dict
        Its `models`, `models_from` and `finetuning` count.

    Returns
    -------
    dict
        From a name to `timm`, `options`, `checkpoint`, `finetune`, `training`, `layer`, `replicate_of`, or to `maps`, from
        a method to their path; and to `family` and `factors`.

    Raises
    ------
    InputError
        If a model is not told whole, or is told what has no effect.
    """
    models = with_found_models(config)
    return {name: resolve_model(name, models, config["finetuning"]) for name in models}


def with_found_models(config):
    """Return the models, sorted, with those that `models_from` finds; what the config says of these is added."""
    found, given = (find_models(config["models_from"]) if "models_from" in config else {}), config["models"]
    models = {}
    for name in sorted({*found, *given}):
        own = given.get(name, {})
        if found and not (name in found or own.keys() & {"timm", "maps", "replicate_of"}):
            raise unknown("model of models_from", name, found)
        models[name] = found.get(name, {}) | own
        if factors := found.get(name, {}).get("factors", {}) | own.get("factors", {}):
            models[name]["factors"] = factors
    return models


def resolve_model(name, models, finetuning):
    """Return a model's recipe: a replicate takes its original's, and finetuning's keys are filled in."""
    given = models[name]
    if taken := sorted(given.get("factors", {}).keys() & set(COLUMNS)):
        raise InputError(f"config: models.{name}.factors: {taken[0]!r} is a column of models.csv already; name the factor otherwise")
    if "maps" in given:
        return resolve_mapped_model(name, given)
    original = given.get("replicate_of")
    if original is not None:
        if original not in models:
            raise unknown(f"original of replicate {name!r}", original, models)
        if {"replicate_of", "maps"} & models[original].keys() or not models[original].get("finetune", "checkpoint" not in models[original]):
            raise InputError(f"config: models.{name}: replicate_of must name a model that is fine-tuned here, which {original!r} is not")
        if extra := sorted(given.keys() - {"replicate_of", "family", "factors"}):
            raise InputError(f"config: models.{name}: a replicate shares its original's recipe and takes no {extra[0]!r}")
        given = models[original] | given
    if "timm" not in given:
        raise InputError(f"config: models.{name}: wants `timm: NAME`, `replicate_of: MODEL` or `maps: FOLDER`")
    if "num_classes" in given.get("options", {}):
        raise InputError(f"config: models.{name}.options: num_classes follows from the checkpoint or from the images' classes; leave it out")
    recipe = UNSAID | {"options": {}, "finetune": "checkpoint" not in given} | given
    training = {key: given.get(key, finetuning[key]) for key in TRAINING_KEYS}
    if recipe["checkpoint"]:
        training["pretrained"] = False
        if "pretrained" in given:
            raise InputError(f"config: models.{name}: 'pretrained' has no effect beside a checkpoint")
    elif not recipe["finetune"]:
        training["pretrained"] = given.get("pretrained", True)
    if not recipe["finetune"] and (unused := [key for key in TRAINING_KEYS if key in given and key != "pretrained"]):
        raise InputError(f"config: models.{name}: {unused[0]!r} has no effect on a model that is not fine-tuned here")
    return {key: value for key, value in recipe.items() if key not in TRAINING_KEYS} | {"training": training}


def resolve_mapped_model(name, given):
    """Return the recipe of a model whose maps are given: from a method to their path."""
    if extra := sorted(given.keys() - {"maps", "family", "factors"}):
        raise InputError(f"config: models.{name}: its maps are given, so that {extra[0]!r} has no effect")
    maps = given["maps"] if isinstance(given["maps"], dict) else {DEFAULT_METHOD: given["maps"]}
    return UNSAID | {"timm": None, "finetune": False} | given | {"maps": maps}
