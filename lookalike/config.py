"""The config: checked against the schema, completed, and turned into what each job needs."""

import copy
import re
from pathlib import Path

import yaml

from lookalike import registry
from lookalike.download import find_archive
from lookalike.errors import InputError, unknown
from lookalike.groups import EUCLIDEAN_LINKAGES, LINKAGES
from lookalike.maps import UNBOUNDED_SCALES, is_signed

SCHEMA = Path(__file__).parent.parent / "schemas" / "config.schema.yaml"
VIEW_KEYS = ("size", "sign", "clip", "sobel", "scale", "repair")
EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")
TRAINING_KEYS = ("pretrained", "epochs", "freeze_epochs", "lr", "batch")


def resolve(config):
    """Check a config and return it complete, with models, methods and metrics ready to use.

    Parameters
    ----------
    config : dict
        As read from YAML. It is not changed.

    Returns
    -------
    dict
        The same keys with their defaults, and: `models[name]` a recipe; `explanations[name]` with `method` and
        `options`; `methods[name]` with `explanation` and `view`; `metrics[name]` with `metric` and `options`; `comparisons`, the
        pairs of method and metric to compute; `left_out`, a sentence for each pair that makes no sense; `archives`, where
        images come from one, as `find_archive` tells; `paths`, from place to what must exist.

    Raises
    ------
    InputError
        On the first thing that is wrong, with the place and the remedy.
    """
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    config = fill_defaults(numbers_from_text(copy.deepcopy(dict(config))), schema)
    check_schema(config, schema)
    config["models"] = {name: resolve_model(name, config) for name in sorted(config["models"])}
    config["explanations"], config["methods"] = resolve_methods(config)
    config["metrics"] = resolve_metrics(config["metrics"])
    check_linkages(config["groups"]["linkages"])
    config["comparisons"], config["left_out"] = choose_comparisons(config)
    config["archives"] = find_archive(config["images"]["source"], config["images"].get("checksum"))
    config["paths"] = paths_of(config)
    return config


def fill_defaults(value, schema):
    """Add the schema's defaults to a config, at every level that is an object."""
    for key, part in schema.get("properties", {}).items():
        if isinstance(value, dict):
            if "default" in part:
                value.setdefault(key, copy.deepcopy(part["default"]))
            if key in value:
                fill_defaults(value[key], part)
    return value


def numbers_from_text(value):
    """Return a config with numbers such as 2e-3, which YAML reads as text."""
    if isinstance(value, dict):
        return {key: numbers_from_text(part) for key, part in value.items()}
    if isinstance(value, list):
        return [numbers_from_text(part) for part in value]
    return float(value) if isinstance(value, str) and EXPONENT.fullmatch(value) else value


def check_schema(config, schema):
    """Refuse a config that does not fit the schema, in one line."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(schema).iter_errors(config))
    if error is None:
        return
    place = ".".join(map(str, error.absolute_path)) or "the top level"
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        raise unknown(f"config key at {place}", next(key for key in error.instance if key not in known), known)
    if error.validator == "pattern" and "propertyNames" in error.schema_path:
        raise InputError(f"config: {error.instance!r} at {place} is no valid name: letters, digits, '_', '.' and '-' only, the first a letter or digit")
    raise InputError(f"config: {place}: {error.message}")


def resolve_model(name, config):
    """Return a model's recipe: a replicate takes its original's, and finetuning's keys are filled in."""
    models = config["models"]
    given = models[name]
    original = given.get("replicate_of")
    if original is not None:
        if original not in models:
            raise unknown(f"original of replicate {name!r}", original, models)
        if "replicate_of" in models[original] or "checkpoint" in models[original] or models[original].get("finetune") is False:
            raise InputError(f"config: models.{name}: replicate_of must name a model that is fine-tuned here, which {original!r} is not")
        if extra := sorted(given.keys() - {"replicate_of", "family"}):
            raise InputError(f"config: models.{name}: a replicate shares its original's recipe and takes no {extra[0]!r}")
        given = models[original] | given
    if "timm" not in given:
        raise InputError(f"config: models.{name}: wants `timm: NAME` or `replicate_of: MODEL`")
    recipe = {"family": "unknown", "options": {}, "layer": None, "checkpoint": None, "replicate_of": None, "finetune": "checkpoint" not in given} | given
    if recipe["finetune"] and recipe["checkpoint"]:
        raise InputError(f"config: models.{name}: a checkpoint is used as it is; give either `checkpoint` or `finetune: true`")
    training = {key: given.get(key, config["finetuning"][key]) for key in TRAINING_KEYS}
    if not recipe["finetune"]:
        training["pretrained"] = given.get("pretrained", True)
        if unused := [key for key in TRAINING_KEYS if key in given and (key != "pretrained" or recipe["checkpoint"])]:
            raise InputError(f"config: models.{name}: {unused[0]!r} has no effect on a model that is not fine-tuned here")
    return {key: value for key, value in recipe.items() if key not in TRAINING_KEYS} | {"training": training}


def resolve_methods(config):
    """Split methods into explanation runs, which cost, and views of them, which do not."""
    explanations, methods = {}, {}
    for name, given in config["methods"].items():
        if ("explain" in given) == ("from" in given):
            raise InputError(f"config: methods.{name}: wants either `explain: METHOD` or `from: NAME`")
        options = {key: value for key, value in given.items() if key not in (*VIEW_KEYS, "explain", "from")}
        if "explain" in given:
            explanations[name] = {"method": given["explain"], "options": registry.with_defaults("method", given["explain"], options)}
        elif options:
            raise unknown(f"key of the view methods.{name}", next(iter(options)), VIEW_KEYS)
    for name, given in config["methods"].items():
        explanation = given.get("from", name)
        if explanation not in explanations:
            raise unknown(f"explanation run (methods.{name}.from)", explanation, explanations)
        view = config["maps"] | {key: source[key] for source in (config["methods"][explanation], given) for key in VIEW_KEYS if key in source}
        for model in view.get("repair", {}):
            if model not in config["models"]:
                raise unknown(f"model of methods.{name}.repair", model, config["models"])
        methods[name] = {"explanation": explanation, "view": view}
    return explanations, methods


def resolve_metrics(given):
    """Return metrics by name, from a list of names or a mapping of names to options."""
    items = given if isinstance(given, list) else [{name: options} for name, options in given.items()]
    pairs = [(item, {}) if isinstance(item, str) else next(iter(item.items())) for item in items]
    if len(dict(pairs)) < len(pairs):
        raise InputError("config: metrics: a name stands there twice; name one of them otherwise, as {NAME: {metric: METRIC, ...}}")
    resolved = {}
    for name, options in pairs:
        metric = options.get("metric", name)
        options = {key: value for key, value in options.items() if key != "metric"}
        resolved[name] = {"metric": metric, "options": registry.with_defaults("metric", metric, options)}
    return resolved


def check_linkages(linkages):
    """Refuse linkages that do not exist, and those that need Euclidean distances."""
    for linkage in linkages:
        if linkage in EUCLIDEAN_LINKAGES:
            raise InputError(
                f"config: groups.linkages: {linkage!r} wants Euclidean distances, which these dissimilarities are not; use one of {', '.join(LINKAGES)}"
            )
        if linkage not in LINKAGES:
            raise unknown("linkage", linkage, LINKAGES)


def choose_comparisons(config):
    """Return the pairs of method and metric that make sense, and why the others do not."""
    chosen, left_out = [], []
    for name, method in config["methods"].items():
        signed = is_signed(registry.get("method", config["explanations"][method["explanation"]]["method"]).signed, **method["view"])
        for metric, about in config["metrics"].items():
            card = registry.get("metric", about["metric"])
            if card.bounded and method["view"]["scale"] in UNBOUNDED_SCALES:
                left_out.append(f"{metric} on {name}: it wants maps of a known range, as scale max_abs or minmax gives")
            elif card.views != "any" and (card.views == "signed") != signed:
                left_out.append(f"{metric} on {name}: it speaks of {card.views} maps only")
            else:
                chosen.append((name, metric))
    if not chosen:
        raise InputError(f"config: no metric fits any method; {left_out[0]}")
    return chosen, left_out


def paths_of(config):
    """Return every file and folder that the config names, by its place."""
    images = config["images"]
    is_path = images["source"] != "demo" and not any(archive["url"] for archive in config["archives"].values())
    given = {"images.source": images["source"] if is_path else None, "images.masks": images.get("masks")}
    given |= {f"models.{name}.checkpoint": recipe["checkpoint"] for name, recipe in config["models"].items()}
    given |= {f"metric_validation.{key}": config["metric_validation"].get(key) for key in ("maps", "labels")}
    return {place: path for place, path in given.items() if path}


def blocks_of(models, size):
    """Cut sorted model names into blocks.

    Returns
    -------
    dict
        From a block's name, its first model's with `+k` where k more follow, to its models.
    """
    models = sorted(models)
    chunks = [models[start : start + size] for start in range(0, len(models), size)]
    return {chunk[0] + (f"+{len(chunk) - 1}" if len(chunk) > 1 else ""): chunk for chunk in chunks}


def block_pairs(blocks):
    """Return the pairs of blocks to compare: each with each later one, and with itself where it holds a pair."""
    names = list(blocks)
    return [(a, b) for place, a in enumerate(names) for b in names[place:] if a != b or len(blocks[a]) > 1]
