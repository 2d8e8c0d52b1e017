"""Studies: what each asks, and what it needs, as its section of the schema says."""

from lookalike.core import registry
from lookalike.core.errors import InputError, unknown
from lookalike.core.types import Row
from lookalike.workflow.schema import read_schema

# By the word of the schema, what a study needs.
NEEDS = {
    "values": "the values of single images, which user-supplied matrices do not hold",
    "maps": "maps, and only matrices are given",
    "predictions": "the predicted classes of models that run here",
    "networks": "models that run here",
    "settings": "a method with steps, samples, segments or a baseline, such as {ig: {explain: "
    "integrated_gradients}}",
    "finetuned": "a classifier that is fine-tuned here",
    "explained": "classifiers that run here, and a method that explains classes",
    "gradcam": "a method that runs gradcam, such as {gradcam: {explain: gradcam}}",
}
# Numbers of which half are another setting, and what else a baseline may be.
HALVED, BASELINES = ("steps", "samples", "segments"), ("blur", "zero")
ASKS = "study: "
# Of explanations, each with the maps of all models.
MOST_PAGES = 60


def question_of(study: str) -> str:
    """Return what a study asks."""
    return str(section_of(study)["description"]).removeprefix(ASKS)


def section_of(study: str) -> Row:
    """Return the schema of a study's section of the config."""
    section: Row = read_schema()["properties"][study]
    return section


def check_studies(config: Row) -> None:
    """Refuse studies that need what the resolved config does not give."""
    recipes = [recipe for recipe in config["models"].values() if recipe["timm"]]
    runs, classifies = bool(recipes), config["finetuning"]["task"] == "classification"
    given = {
        "values": bool(config["methods"]),
        "maps": bool(config["methods"]),
        "predictions": runs and classifies,
        "networks": runs,
        "settings": any(map(usual_settings, config["explanations"].values())),
        "finetuned": classifies and any(recipe["finetune"] for recipe in recipes),
        "explained": runs and classifies and bool(methods_by_weights(config)),
        "gradcam": any(one["method"] == "gradcam" for one in config["explanations"].values()),
    }
    model = config["kernelshap_samples"].get("model")
    computed = [name for name, recipe in config["models"].items() if recipe["timm"]]
    if "kernelshap_samples" in config["studies"] and model and model not in computed:
        raise unknown("model of kernelshap_samples", model, computed)
    if "method_hyperparameters" in config["studies"]:
        check_settings(config)
    if "sanity" in config["studies"]:
        allowed = methods_by_weights(config)
        for name in config["sanity"]["methods"]:
            if name not in allowed:
                raise unknown("method of sanity", name, allowed)
    for study in config["studies"]:
        need = section_of(study).get("needs")
        if need and not given[need]:
            raise InputError(f"config: studies: {study} needs {NEEDS[need]}; leave it out")
    scan = config["resolution_scan"]
    if scan["lowest"] >= scan["highest"]:
        raise InputError(
            f"config: resolution_scan: lowest, {scan['lowest']:g}, must be below highest, "
            f"{scan['highest']:g}"
        )
    pages = config["explanation_panels"]
    number = pages["agree"] + pages["disagree"] + pages["random"] + len(pages["images"])
    if number > MOST_PAGES:
        raise InputError(
            f"config: explanation_panels: asks for {number} pages; at most {MOST_PAGES} are drawn"
        )


def check_settings(config: Row) -> None:
    """Refuse other settings of what does not run, or takes no such option."""
    for name, settings in config["method_hyperparameters"]["settings"].items():
        runs = {one: about for one, about in config["explanations"].items() if about["method"]}
        if name not in runs:
            raise unknown("explanation run of method_hyperparameters", name, list(runs))
        for setting in settings:
            registry.with_defaults("method", runs[name]["method"], setting)


def methods_by_weights(config: Row) -> list[str]:
    """Return the methods of which it can be asked whether they see the weights: those that explain
    classes by networks here, and those that need no model.
    """
    found = []
    for name, about in config["methods"].items():
        run = config["explanations"][about["explanation"]]["method"]
        card = registry.get("method", run) if run else None
        if card and (card.targets == "classes" or not card.needs_model):
            found.append(name)
    return found


def settings_of(config: Row) -> dict[str, list[Row]]:
    """Return in which other settings each explanation run is tried: those that the config gives, or
    the usual ones; a method that draws at random runs with other seeds first, an empty setting.
    """
    runs = config["explanations"]
    given = config["method_hyperparameters"]["settings"]
    found = given or {name: usual_settings(about) for name, about in runs.items()}
    return {
        name: [{}] * draws_at_random(runs[name]["method"]) + settings
        for name, settings in found.items()
        if settings
    }


def usual_settings(run: Row) -> list[Row]:
    """Return half as many steps, samples and segments, half of the tolerance where one of these is
    auto, and another baseline, where a run has any of these.
    """
    if not run["method"]:
        return []
    card, options = registry.get("method", run["method"]), run["options"]
    if not card.needs_model or card.targets != "classes":
        return []
    halves = [
        {name: options[name] // 2}
        for name in HALVED
        if isinstance(options.get(name), int) and options[name] > 1
    ]
    if "auto" in options.values():
        halves.append({"tolerance": options["tolerance"] / 2})
    others = [other for other in BASELINES if other != options.get("baseline")]
    return halves + [{"baseline": other} for other in others[:1] if "baseline" in options]


def draws_at_random(method: str) -> bool:
    """Return whether the second run of a method differs by its seeds alone."""
    return registry.get("method", method).again == {}
