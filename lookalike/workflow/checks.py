"""Checks across the sections of a config: what asks for nothing, or for what cannot be."""

import re
from importlib.util import find_spec
from pathlib import Path

from lookalike.compare.user_matrices import GIVEN_MATRICES
from lookalike.core import registry
from lookalike.core.errors import InputError, near_names, unknown
from lookalike.core.types import Row
from lookalike.groups.trees import EUCLIDEAN_LINKAGES, LINKAGES
from lookalike.images.archives import KNOWN, STAMP
from lookalike.inference.factors import FACTORS, PREDICTIONS
from lookalike.methods.ais_alignment import FEWEST_IMAGES
from lookalike.models import catalogue


def check_linkages(linkages: list[str]) -> None:
    """Refuse linkages that do not exist, and those that need Euclidean distances."""
    for linkage in linkages:
        if linkage in EUCLIDEAN_LINKAGES:
            raise InputError(
                f"config: groups.linkages: {linkage!r} needs Euclidean distances, which "
                f"these dissimilarities are not; use one of {', '.join(LINKAGES)}"
            )
        if linkage not in LINKAGES:
            raise unknown("linkage", linkage, LINKAGES)


def check_clips(config: Row) -> None:
    """Refuse bounds between which there is no value."""
    places = {"maps": config["maps"]}
    places |= {f"methods.{name}": about["view"] for name, about in config["methods"].items()}
    for place, view in places.items():
        low, high = view.get("clip", (0, 1))
        if low >= high:
            raise InputError(
                f"config: {place}.clip: [{low:g}, {high:g}] leaves no values; the first bound must "
                "be below the second"
            )


def check_purpose(config: Row) -> None:
    """Refuse a config that asks for nothing, for what nobody would see, or for what cannot be."""
    images, methods = config["images"], config["methods"]
    if not (config["models"] or config["matrices"]):
        raise InputError(
            "config: nothing to compare; name two models or more under `models`, or "
            "`models_from`, or `matrices`"
        )
    if GIVEN_MATRICES in methods:
        raise InputError(
            f"config: methods.{GIVEN_MATRICES}: user-supplied matrices go by this name; give the "
            "method another"
        )
    if methods and not config["metrics"]:
        raise InputError("config: metrics: name at least one")
    check_scores(config)
    used = {model for method in methods.values() for model in method["models"]}
    idle = [
        model
        for model, recipe in config["models"].items()
        if model not in used and (recipe["timm"] or recipe["maps"])
    ]
    if idle:
        raise InputError(
            f"config: models.{idle[0]}: no method explains it; add one under `methods`, such "
            "as {gradcam: {explain: gradcam}}"
        )
    if images["source"] is None and (
        lost := [key for key in ("masks", "scores", "similarity") if key in images]
    ):
        raise InputError(
            f"config: images.{lost[0]}: need the images of `images.source`, and there are none"
        )
    by_classes = config["inference"]["population"] == "classes"
    if images["source"] is None and (by_classes or images.get("group") == "class"):
        raise InputError(
            f"config: {'inference.population' if by_classes else 'images.group'}: classes are "
            "those of the images of `images.source`, and there are none; name a table and its "
            "column in images.group"
        )
    if by_classes and isinstance(images.get("group"), dict):
        raise InputError(
            "config: images.group: has no effect with `population: classes`, which draws whole "
            "classes; leave one of the two out"
        )
    if "group" in images and not methods:
        raise InputError(
            "config: images.group: has no effect, since no maps are compared; leave it out"
        )
    validates = "metric_validation" in config["studies"]
    if images["source"] is None and validates and "maps" not in config["metric_validation"]:
        raise InputError(
            "config: studies: metric_validation needs the classes of images "
            "(`images.source`), or `maps` and `labels` of its own"
        )


def check_scores(config: Row) -> None:
    """Refuse what needs scores or similarities that there are none of, those that nothing needs,
    and a class to explain where none is explained.
    """
    images, target = config["images"], config["target"]
    computed = any(recipe["timm"] for recipe in config["models"].values())
    regression = config["finetuning"]["task"] == "regression" and computed
    has_scores = "scores" in images or images["source"] == "demo"
    explained_by = {
        name: registry.get("method", about["method"]).targets
        for name, about in config["explanations"].items()
        if about["method"]
    }
    if regression and not has_scores:
        raise InputError(
            "config: images.scores: finetuning.task is regression, which needs a CSV with "
            "the columns image and score"
        )
    if target != "predicted" and (regression or not computed):
        reason = "finetuning.task is regression" if regression else "no model runs here"
        raise InputError(f"config: target: {target} has no effect where {reason}; leave it out")
    if "pruning" in config and not regression:
        raise InputError(
            "config: pruning: needs the error of a predicted score; set finetuning: "
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
                f"config: methods.{name}: needs images.similarity, a CSV of human "
                "similarities, or images.scores to make it from"
            )
    if (
        "similarity" in explained_by.values()
        and images["n"] != "all"
        and images["n"] < FEWEST_IMAGES
    ):
        raise InputError(
            f"config: images.n: ais_alignment needs at least {FEWEST_IMAGES} images, whose "
            "similarities it correlates"
        )
    by_similarity = (
        "similarity" in explained_by.values()
        or config.get("pruning", {}).get("by") == "ais_alignment"
    )
    if "similarity" in images and not by_similarity:
        raise InputError(
            "config: images.similarity: has no effect, since no method uses it; ais_alignment would"
        )
    if "scores" in images and not (regression or by_similarity):
        raise InputError(
            "config: images.scores: have no effect; set finetuning: {task: regression} to "
            "train heads that predict them"
        )


def check_repeated(matrices: dict[str, Row], comparisons: list[tuple[str, str]]) -> None:
    """Refuse user-supplied matrices about one method and metric, or about what is computed here."""
    places = dict.fromkeys(comparisons, "is computed here too")
    methods = {method.casefold(): method for method, _ in comparisons}
    for name, about in matrices.items():
        key = about["method"], about["metric"]
        if key in places:
            raise InputError(
                f"config: matrices.{name}: {', '.join(key)} {places[key]}; give this matrix "
                "another `metric`, such as a name with the study that it is from"
            )
        places[key] = f"is matrices.{name} already"
        known = methods.setdefault(about["method"].casefold(), about["method"])
        if known != about["method"]:
            raise InputError(
                f"config: matrices.{name}.method: {about['method']!r} is another method than "
                f"{known!r}; write both alike"
            )


def check_colours(config: Row) -> None:
    """Refuse a column that no model has to give the colours of figures."""
    column = config["figures"]["colour_by"]
    columns = {"family", *(name for one in config["models"].values() for name in one["factors"])}
    if column not in columns:
        raise unknown("figures.colour_by", column, columns)


def check_hypotheses(config: Row) -> None:
    """Refuse planned hypotheses about what there is not, and two that ask the same."""
    recipes = config["models"].values()
    factors = [*FACTORS, *(factor for recipe in recipes for factor in recipe["factors"])]
    factors += [PREDICTIONS] if any(recipe["timm"] for recipe in recipes) else []
    given = [(about["method"], about["metric"]) for about in config["matrices"].values()]
    keys = [*config["comparisons"], *given]
    methods, metrics = ({key[place] for key in keys} for place in (0, 1))
    asked: dict[tuple[str, str, str], int] = {}
    for number, hypothesis in enumerate(config["inference"]["hypotheses"]):
        place = f"config: inference.hypotheses.{number}"
        for kind, names in (("factor", factors), ("method", methods), ("metric", metrics)):
            if kind in hypothesis and hypothesis[kind] not in names:
                raise unknown(
                    f"{kind} of inference.hypotheses.{number}", hypothesis[kind], set(names)
                )
        about = [
            (hypothesis["factor"], method, metric)
            for method, metric in keys
            if hypothesis.get("method", method) == method
            and hypothesis.get("metric", metric) == metric
        ]
        if not about:
            raise InputError(
                f"{place}: {hypothesis['method']} is not compared by {hypothesis['metric']}; name "
                "a metric that the method has"
            )
        if taken := [asked[one] for one in about if one in asked]:
            raise InputError(
                f"{place}: asks what inference.hypotheses.{taken[0]} asks already; a comparison "
                "belongs to one hypothesis"
            )
        asked |= dict.fromkeys(about, number)


def check_networks(models: dict[str, Row], size: int) -> None:
    """Refuse networks that timm does not have, or that take images of another size.

    Parameters
    ----------
    models : dict
        By name, `timm` and `options`; those without `timm` are not computed here.
    size : int
        Side of the images in pixels.
    """
    for name, recipe in models.items():
        if recipe["timm"]:
            check_network(f"models.{name}.timm", recipe, size)


def check_network(place: str, recipe: Row, size: int) -> None:
    """Refuse a network that timm does not have, or that takes images of another size alone.

    timm is imported, which takes seconds, only to confirm what its code seems to say.

    Parameters
    ----------
    place : str
        In the config, for the error.
    recipe : dict
        `timm` and `options`.
    size : int
        Side of the images in pixels.
    """
    try:
        source, name = catalogue.split_source(recipe["timm"])
        if source == catalogue.HUB or find_spec("timm") is None:
            return
        name = catalogue.architecture_of(name) if source == catalogue.LOCAL else name
        if not catalogue.is_listed(name):
            catalogue.check_name(name)
        own = recipe["options"].keys() & {"img_size", "dynamic_img_size", "strict_img_size"}
        if not (own or source or catalogue.side_of(name) in (None, size)):
            from lookalike.models.networks import build_network, check_size

            check_size(build_network({"timm": name, "options": recipe["options"]}), size)
    except InputError as error:
        raise InputError(f"config: {place}: {error}") from None


def check_paths(paths: dict[str, str], archives: dict[str, Row]) -> None:
    """Refuse files and folders that are not there.

    Snakemake keeps old results without a word when an input is missing. The folder of an archive is
    emptied before it is written, which must not happen to one that was made by hand.
    """
    for key, path in paths.items():
        if not Path(path).exists():
            hint = near_names(path, ["demo", *KNOWN]) if key == "images.source" else ""
            raise InputError(f"config: {key}: {path} does not exist{hint}")
        if braces := re.search(r"\{.*\}", path):
            raise InputError(
                f"config: {key}: {path}: Snakemake would fill in {braces[0]}; rename it, or give a "
                "link to it that has no braces"
            )
    for name in archives:
        folder = Path("data", name)
        if folder.exists() and not (folder / STAMP).exists():
            raise InputError(
                f"config: images.source: {folder} is there, but was not unpacked here; give "
                "this folder as images.source, or move it away"
            )
