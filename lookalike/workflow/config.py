"""The config: checked against the schema, completed, and turned into what each job needs."""

import copy
import re
from pathlib import Path

import yaml

from lookalike.compare.user_matrices import GIVEN_MATRICES
from lookalike.core import registry
from lookalike.core.errors import InputError, unknown
from lookalike.groups.trees import EUCLIDEAN_LINKAGES, LINKAGES
from lookalike.images.archives import find_archive
from lookalike.maps.views import UNBOUNDED_SCALES, is_signed
from lookalike.methods.ais_alignment import FEWEST_IMAGES
from lookalike.workflow.recipes import resolve_models

SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.yaml"
VIEW_KEYS = ("size", "sign", "clip", "sobel", "scale", "repair")
EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")


def resolve(config):
    """Check a config and return it complete, with models, methods and metrics ready to use.

    Parameters
    ----------
    config : dict
        As read from YAML. It is not changed.

    Returns
    -------
    dict
        The same keys with their defaults, and: `models[name]` a recipe; `explanations[name]` with
        `method` and `options`; `methods[name]` with `explanation`, `view`, `models` and `subsets`;
        `metrics[name]` with `metric` and `options`; `comparisons`, the pairs of method and metric
        to compute; `left_out`, a sentence for each thing that makes no sense; `archives`, where
        images come from one, as `find_archive` tells; `paths`, from place to what must exist.

    Raises
    ------
    InputError
        On the first thing that is wrong, with the place and the remedy.
    """
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    config = fill_defaults(numbers_from_text(copy.deepcopy(dict(config))), schema)
    check_schema(config, schema)
    config["models"] = resolve_models(config)
    config["images"] = resolve_images(config)
    config["explanations"], config["methods"] = resolve_methods(config)
    config["metrics"] = resolve_metrics(config.get("metrics", []))
    check_linkages(config["groups"]["linkages"])
    check_purpose(config)
    config["comparisons"], config["left_out"] = choose_comparisons(config)
    config["archives"] = find_archive(
        config["images"]["source"] or "", config["images"].get("checksum")
    )
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
    if isinstance(value, dict) and isinstance(schema.get("additionalProperties"), dict):
        for key in value.keys() - schema.get("properties", {}).keys():
            fill_defaults(value[key], schema["additionalProperties"])
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
        raise unknown(
            f"config key at {place}", next(key for key in error.instance if key not in known), known
        )
    if error.validator == "pattern" and "propertyNames" in error.schema_path:
        raise InputError(
            f"config: {error.instance!r} at {place} is no valid name: letters, digits, '_', "
            "'.' and '-' only, the first a letter or digit"
        )
    raise InputError(f"config: {place}: {error.message}")


def resolve_images(config):
    """Return the part about images: all maps that are given want no images, and all of them are
    compared.
    """
    all_given = all(recipe["maps"] for recipe in config["models"].values())
    source = config["images"].get("source", None if all_given else "demo")
    return {"source": source, "n": 48 if source else "all"} | config["images"]


def resolve_methods(config):
    """Split methods into explanation runs, which cost, and views of them, which do not; each with
    its models.
    """
    mapped = dict.fromkeys(
        method for recipe in config["models"].values() for method in recipe["maps"]
    )
    given_methods = config["methods"] | {
        name: {} for name in mapped if name not in config["methods"]
    }
    explanations, methods = {}, {}
    for name, given in given_methods.items():
        if "explain" in given and "from" in given:
            raise InputError(
                f"config: methods.{name}: wants either `explain: METHOD` or `from: NAME`"
            )
        if "from" in given and name in mapped:
            raise InputError(
                f"config: methods.{name}: is a view of {given['from']!r}, so that the maps "
                "that models give by this name are never read; rename one"
            )
        if not (given.keys() & {"explain", "from"} or name in mapped):
            raise InputError(
                f"config: methods.{name}: wants `explain: METHOD`, `from: NAME`, or models "
                f"with `maps: {{{name}: FOLDER}}`"
            )
        options = {
            key: value for key, value in given.items() if key not in (*VIEW_KEYS, "explain", "from")
        }
        if "explain" in given:
            explanations[name] = {
                "method": given["explain"],
                "options": registry.with_defaults("method", given["explain"], options),
            }
        elif options:
            raise unknown(f"key of the view methods.{name}", next(iter(options)), VIEW_KEYS)
        elif "from" not in given:
            explanations[name] = {"method": None, "options": {}}
    for name, given in given_methods.items():
        explanation = given.get("from", name)
        if explanation not in explanations:
            raise unknown(f"explanation run (methods.{name}.from)", explanation, explanations)
        view = config["maps"] | {
            key: source[key]
            for source in (given_methods[explanation], given)
            for key in VIEW_KEYS
            if key in source
        }
        for model in view.get("repair", {}):
            if model not in config["models"]:
                raise unknown(f"model of methods.{name}.repair", model, config["models"])
        models = models_of(explanation, explanations[explanation]["method"], config["models"])
        if len(models) < 2:
            raise InputError(
                f"config: methods.{name}: it has maps of {len(models)} of the models; a "
                "comparison wants two or more"
            )
        methods[name] = {"explanation": explanation, "view": view, "models": models}
    return explanations, methods


def models_of(explanation, method, models):
    """Return the models that have maps by an explanation run: given ones, or computed here."""
    return [
        name
        for name, recipe in models.items()
        if (explanation in recipe["maps"] if recipe["maps"] else method is not None)
    ]


def resolve_metrics(given):
    """Return metrics by name, from a list of names or a mapping of names to options."""
    items = (
        given if isinstance(given, list) else [{name: options} for name, options in given.items()]
    )
    pairs = [(item, {}) if isinstance(item, str) else next(iter(item.items())) for item in items]
    if len(dict(pairs)) < len(pairs):
        raise InputError(
            "config: metrics: a name stands there twice; name one of them otherwise, as "
            "{NAME: {metric: METRIC, ...}}"
        )
    resolved = {}
    for name, options in pairs:
        metric = options.get("metric", name)
        options = {key: value for key, value in options.items() if key != "metric"}
        resolved[name] = {
            "metric": metric,
            "options": registry.with_defaults("metric", metric, options),
        }
    return resolved


def check_linkages(linkages):
    """Refuse linkages that do not exist, and those that need Euclidean distances."""
    for linkage in linkages:
        if linkage in EUCLIDEAN_LINKAGES:
            raise InputError(
                f"config: groups.linkages: {linkage!r} wants Euclidean distances, which "
                f"these dissimilarities are not; use one of {', '.join(LINKAGES)}"
            )
        if linkage not in LINKAGES:
            raise unknown("linkage", linkage, LINKAGES)


def choose_comparisons(config):
    """Return the pairs of method and metric that make sense, and why others do not; give every
    method its subsets.
    """
    chosen, left_out = [], []
    for name, method in config["methods"].items():
        signed = is_signed(
            raw_is_signed(config["explanations"][method["explanation"]]["method"]), **method["view"]
        )
        for metric, about in config["metrics"].items():
            card = registry.get("metric", about["metric"])
            if card.bounded and method["view"]["scale"] in UNBOUNDED_SCALES:
                left_out.append(
                    f"{metric} on {name}: it wants maps of a known range, as scale max_abs "
                    "or minmax gives"
                )
            elif card.views != "any" and (card.views == "signed") != signed:
                left_out.append(f"{metric} on {name}: it speaks of {card.views} maps only")
            else:
                chosen.append((name, metric))
        method["subsets"] = config["subsets"]
        given = [model for model in method["models"] if config["models"][model]["maps"]]
        if given and "agreeing" in config["subsets"]:
            method["subsets"] = [subset for subset in config["subsets"] if subset != "agreeing"]
            left_out.append(
                f"agreeing images of {name}: the maps of {given[0]} are given, and its "
                "predictions are not known"
            )
        elif "agreeing" in config["subsets"] and config["finetuning"]["task"] == "regression":
            method["subsets"] = [subset for subset in config["subsets"] if subset != "agreeing"]
            left_out.append(f"agreeing images of {name}: its models predict a score, and no class")
    if config["methods"] and not chosen:
        raise InputError(f"config: no metric fits any method; {left_out[0]}")
    if config["methods"] and not any(method["subsets"] for method in config["methods"].values()):
        raise InputError(f"config: subsets: nothing is left; {left_out[-1]}; add `all`")
    return chosen, left_out


def check_purpose(config):
    """Refuse a config that asks for nothing, for what nobody would see, or for what cannot be."""
    images, methods = config["images"], config["methods"]
    if not (config["models"] or config["matrices"]):
        raise InputError(
            "config: nothing to compare; name two models or more under `models`, or "
            "`models_from`, or `matrices`"
        )
    if GIVEN_MATRICES in methods:
        raise InputError(
            f"config: methods.{GIVEN_MATRICES}: given matrices go by this name; give the "
            "method another"
        )
    if methods and not config["metrics"]:
        raise InputError("config: metrics: name at least one")
    check_scores(config)
    used = {model for method in methods.values() for model in method["models"]}
    if idle := [model for model in config["models"] if model not in used]:
        raise InputError(
            f"config: models.{idle[0]}: no method explains it; add one under `methods`, such "
            "as {gradcam: {explain: gradcam}}"
        )
    if images["source"] is None and (
        lost := [key for key in ("masks", "scores", "similarity") if key in images]
    ):
        raise InputError(
            f"config: images.{lost[0]}: go with the images of `images.source`, which there "
            "are none of"
        )
    if images["source"] is None and config["studies"] and "maps" not in config["metric_validation"]:
        raise InputError(
            "config: studies: metric_validation wants the classes of images "
            "(`images.source`), or `maps` and `labels` of its own"
        )


def check_scores(config):
    """Refuse what needs scores or similarities that there are none of, and those that nothing
    needs.
    """
    images, target = config["images"], config["target"]
    regression = config["finetuning"]["task"] == "regression" and any(
        not recipe["maps"] for recipe in config["models"].values()
    )
    has_scores = "scores" in images or images["source"] == "demo"
    explained_by = {
        name: registry.get("method", about["method"]).targets
        for name, about in config["explanations"].items()
        if about["method"]
    }
    if regression and not has_scores:
        raise InputError(
            "config: images.scores: finetuning.task is regression, which wants a CSV with "
            "the columns image and score"
        )
    if regression and target == "label":
        raise InputError(
            "config: target: label has no effect where finetuning.task is regression; leave it out"
        )
    if "pruning" in config and not regression:
        raise InputError(
            "config: pruning: is judged by the error of a predicted score; set finetuning: "
            "{task: regression}"
        )
    for name, targets in explained_by.items():
        if targets == "scores" and not regression:
            raise InputError(
                f"config: methods.{name}: explains a predicted score; set finetuning: "
                "{task: regression}"
            )
        if targets == "similarity" and not (has_scores or "similarity" in images):
            raise InputError(
                f"config: methods.{name}: wants images.similarity, a CSV of human "
                "similarities, or images.scores to make it from"
            )
    if (
        "similarity" in explained_by.values()
        and images["n"] != "all"
        and images["n"] < FEWEST_IMAGES
    ):
        raise InputError(
            f"config: images.n: ais_alignment wants {FEWEST_IMAGES} images or more, whose "
            "similarities it correlates"
        )
    by_similarity = (
        "similarity" in explained_by.values()
        or config.get("pruning", {}).get("by") == "ais_alignment"
    )
    if "similarity" in images and not by_similarity:
        raise InputError(
            "config: images.similarity: has no effect, since no method wants it; "
            "ais_alignment would"
        )
    if "scores" in images and not (regression or by_similarity):
        raise InputError(
            "config: images.scores: have no effect; set finetuning: {task: regression} to "
            "train heads that predict them"
        )


def raw_is_signed(method):
    """Tell whether raw maps can be negative; given ones may be, since nobody says."""
    return method is None or registry.get("method", method).signed


def paths_of(config):
    """Return every file and folder that the config names, by its place."""
    images = config["images"]
    is_path = images["source"] != "demo" and not any(
        archive["url"] for archive in config["archives"].values()
    )
    given = {"images.source": images["source"] if is_path else None}
    given |= {f"images.{key}": images.get(key) for key in ("masks", "scores", "similarity")}
    given |= {
        f"models.{name}.checkpoint": recipe["checkpoint"]
        for name, recipe in config["models"].items()
    }
    given |= {
        f"models.{name}.maps.{method}": path
        for name, recipe in config["models"].items()
        for method, path in recipe["maps"].items()
    }
    given |= {f"matrices.{name}.path": about["path"] for name, about in config["matrices"].items()}
    given |= {
        f"metric_validation.{key}": config["metric_validation"].get(key)
        for key in ("maps", "labels")
    }
    return {place: path for place, path in given.items() if path}
