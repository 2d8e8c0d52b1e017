"""Studies: what each asks, and what it needs, as its section of the schema says."""

from lookalike.core.errors import InputError, unknown
from lookalike.core.types import Row
from lookalike.workflow.schema import read_schema

# By the word of the schema, what a study needs.
NEEDS = {
    "values": "the values of single images, which user-supplied matrices do not hold",
    "maps": "maps, and only matrices are given",
    "predictions": "the predicted classes of models that run here",
    "networks": "models that run here",
    "finetuned": "a classifier that is fine-tuned here",
    "gradcam": "a method that runs gradcam, such as {gradcam: {explain: gradcam}}",
}
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
        "finetuned": classifies and any(recipe["finetune"] for recipe in recipes),
        "gradcam": any(one["method"] == "gradcam" for one in config["explanations"].values()),
    }
    model = config["kernelshap_samples"].get("model")
    computed = [name for name, recipe in config["models"].items() if recipe["timm"]]
    if "kernelshap_samples" in config["studies"] and model and model not in computed:
        raise unknown("model of kernelshap_samples", model, computed)
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
