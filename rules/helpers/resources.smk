"""Memory and time that jobs ask of a cluster. No job runs again when they change."""

from dataclasses import replace

from lookalike.methods.integrated_gradients import MOST as MOST_STEPS
from lookalike.methods.shapley import MOST_SAMPLES
from lookalike.workflow.resources import Work, megabytes, minutes

# Through a network, to explain an image by a method that does not say how many.
PASSES = 100
# Not known before an archive is unpacked; Imagenette has 13,394 images.
IMAGES_OF_ARCHIVE = 15_000


def number_listed():
    """Return how many images the source has."""
    if PLAN.archives:
        return IMAGES_OF_ARCHIVE
    if IS_DEMO:
        return sum(PLAN.images.demo.values())
    return len(image_files(PLAN.images.source) if PLAN.images.source else COMMON_IMAGES)


def whole_work():
    """Return the size of a job that is about everything."""
    listed, inference = number_listed(), PLAN.inference
    return Work(
        images=listed if PLAN.images.n == "all" else min(PLAN.images.n, listed),
        listed=listed,
        side=PLAN.images.size,
        map_side=PLAN.map_size,
        models=len(MODELS),
        matrices=len(PLAN.keys),
        resamples=max(inference.bootstrap, inference.permutations),
    )


WORK = whole_work()


def passes_of(options):
    """Return how many passes through a network an explanation takes, at most where that is auto."""
    if options.get("samples") == "auto":
        return MOST_SAMPLES * options["segments"]
    if options.get("steps") == "auto":
        return MOST_STEPS
    return options.get("samples") or options.get("steps") or PASSES


def work_of(wildcards):
    """Return the size of the job of these wildcards."""
    known = {}
    if "a" in wildcards.keys():
        known["models"] = len(
            {*BLOCKS[wildcards.method][wildcards.a], *BLOCKS[wildcards.method][wildcards.b]}
        )
    elif "model" in wildcards.keys():
        training = MODELS[wildcards.model].training
        known |= {"models": 1, "matrices": 1}
        known |= {key: training[key] for key in ("batch", "epochs") if key in training}
    elif "method" in wildcards.keys():
        known["matrices"] = 1
    if "explanation" in wildcards.keys():
        known["passes"] = passes_of(PLAN.explanations[wildcards.explanation].options)
    return replace(WORK, **known)


def need(amount, rule, known, wildcards, attempt):
    """Return how much of memory or time a job needs."""
    return amount(rule, replace(work_of(wildcards), **known), attempt)


def memory_of(rule, **known):
    """Return the function that gives the megabytes of a rule's jobs; what of their work is known
    in any case may be given.
    """
    return partial(need, megabytes, rule, known)


def minutes_of(rule, **known):
    """Return the function that gives the minutes of a rule's jobs."""
    return partial(need, minutes, rule, known)
