"""Inputs and parameters of the rules of maps."""

from functools import cache


def explanation_of(wildcards):
    """Return the explanation run."""
    return PLAN.explanations[wildcards.explanation]


def explanation_method(wildcards):
    """Return the name of the method behind an explanation run."""
    return explanation_of(wildcards).method


def explanation_options(wildcards):
    """Return the options of an explanation run for one model.

    A target layer that the config names for the model stands for the full depth.
    """
    options, layer = explanation_of(wildcards).options, layer_of(wildcards)
    if layer and "layer" in options and options["layer"] is None and options["depth"] == 1:
        return options | {"layer": layer}
    return options


def number_explained_again(wildcards):
    """Return how many images are explained a second time; none where the maps would be the same,
    or are of a model that is not independent, and not compared.
    """
    is_again = wildcards.explanation in PLAN.explained_again
    is_compared = wildcards.model in PLAN.predicting
    return PLAN.inference.explained_again if is_again and is_compared else 0


def explanation_code(wildcards):
    """Return the fingerprint of an explanation run."""
    method = explanation_method(wildcards)
    return fingerprint("scripts/explain_images.py", f"lookalike/methods/{method}.py")


def model_if_needed(wildcards):
    """Return the model, its predictions and what it explains besides classes; or nothing."""
    method = registry.get("method", explanation_method(wildcards))
    if not method.needs_model:
        return {}
    read = {
        "weights": model_weights(wildcards),
        "sidecar": f"results/checkpoints/{wildcards.model}.json",
        "predictions": f"results/predictions/{wildcards.model}.npz",
    }
    if method.targets == "similarity" and PLAN.images.similarity:
        return read | {"similarity": user_file(PLAN.images.similarity)}
    return read if method.targets == "classes" else read | {"scores": "results/images/scores.csv"}


def consensus_if_explained(wildcards):
    """Return the classes that most models predict, where these are what is explained."""
    method = registry.get("method", explanation_method(wildcards))
    explains = method.needs_model and method.targets == "classes"
    if PLAN.target == "consensus" and explains:
        return checkpoints.choose_targets.get().output.consensus
    return []


def similarity_content_if_explained(wildcards):
    """Return a hash of the human similarities where they are what is explained."""
    explains = registry.get("method", explanation_method(wildcards)).targets == "similarity"
    return content_of(PLAN.images.similarity) if explains else None


def given_maps_path(wildcards):
    """Return the file, folder or pattern of user-supplied maps."""
    return MODELS[wildcards.model].maps[wildcards.explanation]


def given_maps(wildcards):
    """Return the file or folder of user-supplied maps; of a pattern, the folder it begins with."""
    return user_file(str(root_of(given_maps_path(wildcards))))


def given_maps_content(wildcards):
    """Return a hash of user-supplied maps, and of the lists of images next to stacks."""
    path = given_maps_path(wildcards)
    return CONTENTS.of_files(GIVEN_MAPS[path].files, root_of(path).parent)


def given_maps_channels(wildcards):
    """Return what becomes of the channels of user-supplied maps."""
    return explanation_of(wildcards).channels


def given_maps_are_signed(wildcards):
    """Return whether user-supplied maps may be negative."""
    return explanation_of(wildcards).signed


@cache
def content_of_model(explanation, model):
    """Return hashes of the files that a user supplies in place of a model, whatever their names;
    none if there is no such file, or if the model is trained further.
    """
    given = MODELS[model]
    if given.maps:
        files = {place.path for place in GIVEN_MAPS[given.maps[explanation]].maps.values()}
        return [CONTENTS.digest(file) for file in sorted(files)]
    return [content_of(given.checkpoint)] if given.checkpoint and not given.finetune else []


@cache
def models_by_files(method):
    """Return the models of a method by the hashes of their user-supplied files."""
    found = {}
    for name in METHODS[method].models:
        own = content_of_model(METHODS[method].explanation, name)
        found.setdefault(tuple(own), []).append(name)
    return found


def models_with_same_files(wildcards):
    """Return the other models of a method whose user-supplied files equal those of a model."""
    model = wildcards.model
    own = content_of_model(METHODS[wildcards.method].explanation, model)
    others = models_by_files(wildcards.method)[tuple(own)] if own else []
    return [name for name in others if PLAN.origins[name] != PLAN.origins[model]]


def many_given_maps(method, models):
    """Return the files or folders of the user-supplied maps of several models."""
    explanation = METHODS[method].explanation
    paths = dict.fromkeys(str(root_of(MODELS[name].maps[explanation])) for name in models)
    return [user_file(path) for path in paths]


def many_about(method, models, wildcards):
    """Return where the maps of several models lie, what they hold, and how they are viewed."""
    explanation, files = METHODS[method].explanation, models_by_files(method)
    found = []
    for name in models:
        path, own = MODELS[name].maps[explanation], tuple(content_of_model(explanation, name))
        found.append(
            {
                "path": path,
                "contents": CONTENTS.of_files(GIVEN_MAPS[path].files, root_of(path).parent),
                "view": METHODS[method].view.options(name),
                "same_files": [
                    other for other in files[own] if PLAN.origins[other] != PLAN.origins[name]
                ],
            }
        )
    return found


def raw_maps(wildcards):
    """Return the folder of raw maps behind a method's view of one model."""
    return raw_maps_of(wildcards.method, wildcards.model)


def diagnostics_of_maps(wildcards):
    """Return the diagnostics of the explanation behind a method, where one is computed."""
    explanation, model = METHODS[wildcards.method].explanation, wildcards.model
    is_given = MODELS[model].maps
    return [] if is_given else f"results/maps/{explanation}/{model}/diagnostics.csv"


def view_of(wildcards):
    """Return the options of a method's view for one model."""
    return METHODS[wildcards.method].view.options(wildcards.model)


def repair_of(wildcards):
    """Return the cell of a model's raw maps that is repaired, if one is."""
    return view_of(wildcards).get("repair")


def is_signed(wildcards):
    """Return whether a method's raw maps can be negative."""
    return PLAN.explanations[METHODS[wildcards.method].explanation].signed


def raw_maps_of_method(wildcards):
    """Return the folders of raw maps of all models of a method."""
    return [raw_maps_of(wildcards.method, name) for name in models_of_method(wildcards)]


def repairs_of_method(wildcards):
    """Return the cells of raw maps that a method repairs, by model."""
    return METHODS[wildcards.method].view.repair


def audits_of_method(wildcards):
    """Return the audits of all models of a method."""
    return [f"results/audit/{wildcards.method}/{name}.json" for name in models_of_method(wildcards)]


def models_of_method(wildcards):
    """Return the models of a method, in the order of their batches."""
    return METHODS[wildcards.method].models
