"""The config: completed, and each section turned into what jobs need."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from lookalike.compare.user_matrices import GIVEN_MATRICES
from lookalike.core import registry
from lookalike.core.errors import InputError, unknown
from lookalike.core.types import Row
from lookalike.images.archives import find_archive
from lookalike.maps.patterns import root_of
from lookalike.maps.signs import are_signed
from lookalike.maps.views import UNBOUNDED_SCALES, is_signed
from lookalike.models.catalogue import local_folder
from lookalike.workflow.checks import (
    check_clips,
    check_colours,
    check_hypotheses,
    check_linkages,
    check_purpose,
    check_repeated,
)
from lookalike.workflow.names import check_copies, check_names
from lookalike.workflow.recipes import resolve_models
from lookalike.workflow.schema import complete
from lookalike.workflow.studies import check_studies, methods_by_weights, settings_of

# What becomes of the channels of user-supplied maps, before any view of them.
CHANNELS = "channels"
VIEW_KEYS = ("size", "sign", "clip", "sobel", "scale", "repair")


def resolve(config: Row, signed: Callable[..., bool] = are_signed) -> Row:
    """Check a config and return it complete, with models, methods and metrics ready to use.

    Parameters
    ----------
    config : dict
        As read from YAML. It is not changed.
    signed : callable
        Tells whether the existing maps at a path are signed, given what becomes of channels.

    Returns
    -------
    dict
        The same keys with their defaults, and: `models[name]` a recipe; `explanations[name]` with
        `method`, `options`, `channels` and `signed`; `methods[name]` with `explanation`, `view`,
        `models` and `subsets`; `metrics[name]` with `metric` and `options`; `matrices[name]` with
        `method` and `metric`; `comparisons`, the pairs of method and metric to compute; `left_out`,
        a sentence for each thing that makes no sense; `archives`, where images come from one, as
        `find_archive` tells; `paths`, from place to what must exist.

    Raises
    ------
    InputError
        On the first thing that is wrong, with the place and the remedy.
    """
    config = complete(config)
    config["models"] = resolve_models(config)
    config["images"] = resolve_images(config)
    config["explanations"], config["methods"] = resolve_methods(config)
    for name, explanation in config["explanations"].items():
        explanation["signed"] = raw_is_signed(name, explanation, config["models"], signed)
    config["metrics"] = resolve_metrics(config.get("metrics", []))
    check_names(config)
    check_copies(config)
    check_clips(config)
    check_linkages(config["groups"]["linkages"])
    check_purpose(config)
    check_studies(config)
    config["method_hyperparameters"] |= {"settings": settings_of(config)}
    config["sanity"]["methods"] = config["sanity"]["methods"] or methods_by_weights(config)
    config["comparisons"], config["left_out"] = choose_comparisons(config)
    config["matrices"] = {
        name: {"method": GIVEN_MATRICES, "metric": name} | about
        for name, about in config["matrices"].items()
    }
    check_repeated(config["matrices"], config["comparisons"])
    check_hypotheses(config)
    config["figures"] |= {"width": float(config["figures"]["width"].removesuffix("mm"))}
    check_colours(config)
    config["archives"] = find_archive(
        config["images"]["source"] or "", config["images"].get("checksum")
    )
    config["paths"] = paths_of(config)
    return config


def resolve_images(config: Row) -> Row:
    """Return the part about images: models that do not run here need none, and all are compared."""
    all_given = not any(recipe["timm"] for recipe in config["models"].values())
    source = config["images"].get("source", None if all_given else "demo")
    return {"source": source, "n": 48 if source else "all"} | config["images"]


def resolve_methods(config: Row) -> tuple[dict[str, Row], dict[str, Row]]:
    """Split methods into explanation runs, which cost, and views of them, which do not; each with
    its models.
    """
    mapped = dict.fromkeys(
        method for recipe in config["models"].values() for method in recipe["maps"]
    )
    given_methods = config["methods"] | {
        name: {} for name in mapped if name not in config["methods"]
    }
    check_channels(config, mapped)
    explanations, methods = {}, {}
    for name, given in given_methods.items():
        if "explain" in given and "from" in given:
            raise InputError(
                f"config: methods.{name}: takes either `explain: METHOD` or `from: NAME`"
            )
        if "from" in given and name in mapped:
            raise InputError(
                f"config: methods.{name}: is a view of {given['from']!r}, so that the maps "
                "that models give by this name are never read; rename one"
            )
        if not (given.keys() & {"explain", "from"} or name in mapped):
            raise InputError(
                f"config: methods.{name}: needs `explain: METHOD`, `from: NAME`, or models "
                f"with `maps: {{{name}: FOLDER}}`"
            )
        options = {
            key: value
            for key, value in given.items()
            if key not in (*VIEW_KEYS, CHANNELS, "explain", "from")
            and not (key == "models" and "explain" in given)
        }
        channels = {
            key: value for key, value in (config["maps"] | given).items() if key == CHANNELS
        }
        refuse_unknown(f"methods.{name}.models", given.get("models", ()), config["models"])
        if "explain" in given:
            explanations[name] = channels | {
                "method": given["explain"],
                "options": registry.with_defaults("method", given["explain"], options),
            }
        elif options:
            raise unknown(f"key of the view methods.{name}", next(iter(options)), VIEW_KEYS)
        elif "from" not in given:
            explanations[name] = channels | {"method": None, "options": {}}
    for name, given in given_methods.items():
        explanation = given.get("from", name)
        if explanation not in explanations:
            raise unknown(f"explanation run (methods.{name}.from)", explanation, explanations)
        view = {
            key: source[key]
            for source in (config["maps"], given_methods[explanation], given)
            for key in VIEW_KEYS
            if key in source
        }
        refuse_unknown(f"methods.{name}.repair", view.get("repair", {}), config["models"])
        models = models_of(explanation, given_methods[explanation], config["models"])
        if len(models) < 2:
            raise InputError(
                f"config: methods.{name}: it has maps of {len(models)} of the models; a "
                "comparison needs two or more"
            )
        methods[name] = {"explanation": explanation, "view": view, "models": models}
    return explanations, methods


def check_channels(config: Row, mapped: Collection[str]) -> None:
    """Refuse to join channels of maps that are not given."""
    places = {"maps": (config["maps"], bool(mapped))} | {
        f"methods.{name}": (about, name in mapped) for name, about in config["methods"].items()
    }
    for place, (about, has_given) in places.items():
        if CHANNELS in about and not has_given:
            raise InputError(
                f"config: {place}.{CHANNELS}: has no effect, since no model gives such maps"
            )


def refuse_unknown(place: str, names: Iterable[str], models: dict[str, Row]) -> None:
    """Refuse a name at a place of the config that is no model's."""
    for name in names:
        if name not in models:
            raise unknown(f"model of {place}", name, models)


def models_of(explanation: str, given: Row, models: dict[str, Row]) -> list[str]:
    """Return the models that have maps by an explanation run, whose section is given: maps of the
    user, or made here for all models, or for those that the section names.
    """
    return [
        name
        for name, recipe in models.items()
        if explanation in recipe["maps"]
        or (recipe["timm"] and "explain" in given and name in given.get("models", models))
    ]


def resolve_metrics(given: list[Any] | dict[str, Row]) -> dict[str, Row]:
    """Return metrics by name, from a list of names or a mapping of names to options."""
    items = (
        given if isinstance(given, list) else [{name: options} for name, options in given.items()]
    )
    pairs = [(item, {}) if isinstance(item, str) else next(iter(item.items())) for item in items]
    if len(dict(pairs)) < len(pairs):
        raise InputError(
            "config: metrics: a name appears twice; name one of them otherwise, as "
            "{NAME: {metric: METRIC, ...}}"
        )
    resolved = {}
    for name, options in pairs:
        options = options or {}
        metric = options.get("metric", name)
        options = {key: value for key, value in options.items() if key != "metric"}
        resolved[name] = {
            "metric": metric,
            "options": registry.with_defaults("metric", metric, options),
        }
    return resolved


def choose_comparisons(config: Row) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the pairs of method and metric that make sense, and why others do not; give every
    method its subsets.
    """
    chosen, left_out = [], []
    for name, method in config["methods"].items():
        signed = is_signed(
            config["explanations"][method["explanation"]]["signed"], **method["view"]
        )
        for metric, about in config["metrics"].items():
            card = registry.get("metric", about["metric"])
            if card.bounded and method["view"]["scale"] in UNBOUNDED_SCALES:
                left_out.append(
                    f"{metric} on {name}: it needs maps of a known range, as scale max_abs "
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


def raw_is_signed(
    name: str, explanation: Row, models: dict[str, Row], signed: Callable[..., bool]
) -> bool:
    """Return whether raw maps of an explanation run can be negative: its method says so, or, where
    all maps are given, those of one model are. All models share the range of their maps.
    """
    if explanation["method"] is not None:
        return registry.get("method", explanation["method"]).signed
    given = [recipe["maps"] for recipe in models.values()]
    return any(signed(maps[name], explanation.get("channels")) for maps in given if name in maps)


def paths_of(config: Row) -> dict[str, str]:
    """Return every file and folder that the config names, by its place."""
    images = config["images"]
    is_path = images["source"] != "demo" and not any(
        archive["url"] for archive in config["archives"].values()
    )
    given = {"images.source": images["source"] if is_path else None}
    given |= {f"images.{key}": images.get(key) for key in ("masks", "scores", "similarity")}
    if isinstance(group := images.get("group"), dict):
        given["images.group.table"] = group["table"]
    given |= {
        f"models.{name}.checkpoint": recipe["checkpoint"]
        for name, recipe in config["models"].items()
    }
    given |= {
        f"models.{name}.timm": f"{folder}/config.json"
        for name, recipe in config["models"].items()
        if (folder := local_folder(recipe["timm"]))
    }
    given |= {
        f"models.{name}.maps.{method}": str(root_of(path))
        for name, recipe in config["models"].items()
        for method, path in recipe["maps"].items()
    }
    given |= {f"matrices.{name}.path": about["path"] for name, about in config["matrices"].items()}
    given |= {
        f"metric_validation.{key}": config["metric_validation"].get(key)
        for key in ("maps", "labels")
    }
    return {place: path for place, path in given.items() if path}
