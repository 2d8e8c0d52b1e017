"""Recipes: what a config says of each model, made whole."""

from lookalike.core.errors import InputError, unknown
from lookalike.core.types import Row
from lookalike.inference.factors import PREDICTIONS, UNKNOWN_FAMILY
from lookalike.maps.found_models import find_models
from lookalike.models.tables import COLUMNS
from lookalike.workflow.names import check_name

# What training takes, by its task, and what holds where it is not said.
TRAINING: dict[str, Row] = {
    "classification": {
        "pretrained": True,
        "epochs": 8,
        "freeze_epochs": 1,
        "lr": 0.001,
        "batch": 32,
    },
    "regression": {
        "pretrained": True,
        "epochs": 200,
        "patience": 20,
        "hidden": [64],
        "dropout": 0.2,
        "lr": 0.001,
        "batch": 32,
    },
}
TRAINING_KEYS = set().union(*TRAINING.values())
# The method of maps that are given without one.
DEFAULT_METHOD = "heatmaps"
# What a recipe holds of a model of which it is not said.
UNSAID: Row = {
    "family": UNKNOWN_FAMILY,
    "factors": {},
    "maps": {},
    "layer": None,
    "checkpoint": None,
    "replicate_of": None,
    "pruned_from": None,
}


def resolve_models(config: Row) -> dict[str, Row]:
    """Return the recipes of all models by their sorted names, those that `models_from` finds among
    them.

    Parameters
    ----------
    config : dict
        Its `models`, `models_from`, `matrices`, `finetuning` and `pruning` count.

    Returns
    -------
    dict
        From a name to `timm`, `options`, `checkpoint`, `finetune`, `training`, `layer`,
        `replicate_of`, or to `maps`, from a method to their path; and to `family` and `factors`,
        which is all that is known of a model of user-supplied matrices. A
        pruned variant has the recipe of its model, which `pruned_from` names, and `draw`: 0 for the
        one by score, a number for each at random.

    Raises
    ------
    InputError
        If a model is not told whole, or is told what has no effect.
    """
    models = with_found_models(config)
    given = dict(config["finetuning"])
    task = given.pop("task")
    check_keys("finetuning", given, task)
    recipes = {
        name: (
            resolve_described_model(name, about)
            if config["matrices"] and not about.keys() - {"family", "factors"}
            else resolve_model(name, models, task, TRAINING[task] | given)
        )
        for name, about in models.items()
    }
    return (
        dict(sorted((recipes | pruned_variants(recipes, config["pruning"])).items()))
        if "pruning" in config
        else recipes
    )


def check_keys(place: str, given: Row, task: str) -> None:
    """Refuse what training for another task takes."""
    if idle := sorted(given.keys() & TRAINING_KEYS - TRAINING[task].keys()):
        raise InputError(
            f"config: {place}: {idle[0]!r} has no effect where finetuning.task is {task}"
        )


def pruned_variants(recipes: dict[str, Row], pruning: Row) -> dict[str, Row]:
    """Return the recipes of all pruned variants: the one by score, and as many at random as the
    config says.
    """
    variants: dict[str, Row] = {}
    for name, recipe in recipes.items():
        if not recipe["timm"]:
            continue
        own = recipe | {"pruned_from": name, "replicate_of": None}
        variants |= {f"{name}-pruned": own | {"draw": 0}}
        variants |= {
            f"{name}-random-{draw}": own | {"draw": draw}
            for draw in range(1, pruning["random"] + 1)
        }
    if taken := sorted(variants.keys() & recipes.keys()):
        raise InputError(
            f"config: models.{taken[0]}: is the name of a pruned variant; give the model another"
        )
    return variants


def with_found_models(config: Row) -> dict[str, Row]:
    """Return the models, sorted, with those that `models_from` finds; what the config says of these
    is added.
    """
    found, given = found_models(config.get("models_from")), config["models"]
    models = {}
    for name in sorted({*found, *given}):
        own = given.get(name, {})
        is_known = name in found or own.keys() & {"timm", "maps", "replicate_of"}
        if found and not (is_known or config["matrices"]):
            raise unknown("model of models_from", name, found)
        models[name] = found.get(name, {}) | own
        if factors := found.get(name, {}).get("factors", {}) | own.get("factors", {}):
            models[name]["factors"] = factors
    return models


def found_models(given: str | list[str] | Row | None) -> dict[str, Row]:
    """Return the models that `models_from` finds."""
    if given is None:
        return {}
    about = given if isinstance(given, dict) else {"folder": given}
    return find_models(about["folder"], about.get("exclude", ()))


def resolve_model(name: str, models: dict[str, Row], task: str, defaults: Row) -> Row:
    """Return a model's recipe: a replicate takes its original's, and finetuning's keys are filled
    in.
    """
    given = models[name]
    check_name(name, "models")
    check_keys(f"models.{name}", given, task)
    check_factors(name, given)
    if "maps" in given:
        return resolve_mapped_model(name, given)
    if "replicate_of" in given:
        given = with_original(name, models, task)
    if "timm" not in given:
        raise InputError(
            f"config: models.{name}: needs `timm: NAME`, `replicate_of: MODEL` or `maps: FOLDER`, "
            "unless it is a model of `matrices`"
        )
    if "num_classes" in given.get("options", {}):
        raise InputError(
            f"config: models.{name}.options: num_classes follows from the checkpoint or from "
            "the images' classes; leave it out"
        )
    if task == "regression" and not given.get("finetune", True):
        raise InputError(
            f"config: models.{name}: finetuning.task is regression, which trains a head for "
            "every model; leave out `finetune: false`"
        )
    recipe = (
        UNSAID
        | {"options": {}, "finetune": "checkpoint" not in given or task == "regression"}
        | given
    )
    training = {key: given.get(key, default) for key, default in defaults.items()}
    if recipe["checkpoint"]:
        training["pretrained"] = False
        if "pretrained" in given:
            raise InputError(
                f"config: models.{name}: 'pretrained' has no effect next to a checkpoint"
            )
    elif not recipe["finetune"]:
        training["pretrained"] = given.get("pretrained", True)
    if not recipe["finetune"] and (unused := sorted(given.keys() & TRAINING_KEYS - {"pretrained"})):
        raise InputError(
            f"config: models.{name}: {unused[0]!r} has no effect on a model that is not "
            "fine-tuned here"
        )
    return {key: value for key, value in recipe.items() if key not in TRAINING_KEYS} | {
        "training": training
    }


def with_original(name: str, models: dict[str, Row], task: str) -> Row:
    """Return what is said of a replicate, with the recipe of its original."""
    given, original = models[name], models[name]["replicate_of"]
    if original not in models:
        raise unknown(f"original of replicate {name!r}", original, models)
    trained = task == "regression" or models[original].get(
        "finetune", "checkpoint" not in models[original]
    )
    if {"replicate_of", "maps"} & models[original].keys():
        raise InputError(
            f"config: models.{name}: replicate_of must name a model that is fine-tuned here, "
            f"which {original!r} is not"
        )
    if not trained:
        raise InputError(
            f"config: models.{name}: a replicate is trained again with another seed, and "
            f"{original!r} is not fine-tuned here, so that both would have the same weights; set "
            f"`finetune: true` for {original!r}, or leave {name!r} out"
        )
    if extra := sorted(given.keys() - {"replicate_of", "family", "factors"}):
        raise InputError(
            f"config: models.{name}: a replicate shares its original's recipe and takes no "
            f"{extra[0]!r}"
        )
    return models[original] | given


def check_factors(name: str, given: Row) -> None:
    """Refuse factors of a model that are called like a column of `models.csv`."""
    if taken := sorted(given.get("factors", {}).keys() & {*COLUMNS, PREDICTIONS}):
        raise InputError(
            f"config: models.{name}.factors: {taken[0]!r} is a column of models.csv already; "
            "name the factor otherwise"
        )


def resolve_described_model(name: str, given: Row) -> Row:
    """Return the recipe of a model that only user-supplied matrices hold, under any name."""
    check_factors(name, given)
    return UNSAID | {"timm": None, "finetune": False} | given


def resolve_mapped_model(name: str, given: Row) -> Row:
    """Return the recipe of a model whose maps are given: from a method to their path."""
    if extra := sorted(given.keys() - {"maps", "family", "factors"}):
        raise InputError(
            f"config: models.{name}: its maps are given, so that {extra[0]!r} has no effect"
        )
    maps = given["maps"] if isinstance(given["maps"], dict) else {DEFAULT_METHOD: given["maps"]}
    return UNSAID | {"timm": None, "finetune": False} | given | {"maps": maps}
