"""Maps of the same images by networks with ever more random weights, next to the trained one's."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lookalike.compare.pairs import Choices, compare_blocks, derangements_of
from lookalike.compare.resampling import FEWEST_UNITS
from lookalike.core import io, registry
from lookalike.core.errors import InputError
from lookalike.core.seeding import seed_of
from lookalike.core.types import Row
from lookalike.methods.explain import Targets
from lookalike.studies.explainer import Explainer
from lookalike.studies.movement import view_maps

if TYPE_CHECKING:
    from lookalike.models.networks import VisionModel

CASCADE, SINGLE = "cascading", "single part"


@dataclass(frozen=True)
class Step:
    """Which weights of a network are random.

    Attributes
    ----------
    way : {"cascading", "single part"}
        From the head down to a part, or this part alone.
    part : int
        From 1, the head, to the one that the images enter.
    first, last : str
        Modules at the ends of the part, from the head down.
    modules : tuple of str
        All with random weights.
    share : float
        Of the parameters that are random.
    """

    way: str
    part: int
    first: str
    last: str
    modules: tuple[str, ...]
    share: float


class Likeness(NamedTuple):
    """How far the maps of each step are from those of the trained network: by metric, `values` (n,
    steps) on each image, and `chance` (derangements, n, steps), from the trained network's map of
    an image to the randomised one's of another. NaN where there is no map, or it is all zero.

    `zero_maps` (steps,) counts those; `untested` says why a step has no maps.
    """

    steps: list[Step]
    values: list[np.ndarray]
    chance: list[np.ndarray]
    zero_maps: list[int]
    untested: list[str]


# From each method to its metrics and, by model, the likeness of its maps.
Found = dict[str, tuple[list[str], dict[str, Likeness]]]


def steps_of(model: "VisionModel", parts: int) -> list[Step]:
    """Return the steps of cascading randomisation, then every part alone but the head, which is the
    first step of the cascade.
    """
    from lookalike.models.randomised import share_of, split_network

    found = split_network(model.net, parts)
    chosen = [(CASCADE, part, [*chain(*found[:part])]) for part in range(1, len(found) + 1)] + [
        (SINGLE, part, found[part - 1]) for part in range(2, len(found) + 1)
    ]
    return [
        Step(way, part, found[part - 1][0], found[part - 1][-1], tuple(modules), share)
        for way, part, modules in chosen
        for share in [share_of(model.net, modules)]
    ]


def explain_steps(
    explainer: Explainer,
    model: "VisionModel",
    about: Row,
    name: str,
    targets: Mapping[str, Targets],
    runs: Mapping[str, Mapping[str, Any]],
    steps: Sequence[Step],
) -> Iterator[dict[str, list[np.ndarray] | str]]:
    """Explain the images by one network with the random weights of one step after another.

    Parameters
    ----------
    explainer : Explainer
    model : VisionModel
        Its network has its own weights again when all steps are done.
    about : dict
        Its sidecar.
    name : str
        Of the model.
    targets : dict
        From each explanation run to the classes of the images, those that the trained network
        explains.
    runs : dict
        From each run to its `method`, and `options` by model.
    steps : list of Step

    Yields
    ------
    dict
        From each run to its raw maps, with the seeds of the trained network's: so that what differs
        is due to the weights. Or to why there are none.
    """
    from lookalike.models.layers import trial
    from lookalike.models.randomised import fresh_state, mixed_state

    # A layer that nobody names is found once for a network: with the trained weights.
    with suppress(InputError):
        trial(model.net, (explainer.size, explainer.size))
    trained = {key: tensor.clone() for key, tensor in model.net.state_dict().items()}
    fresh = fresh_state(about, seed_of(explainer.seed, "random weights", name))
    for step in steps:
        model.net.load_state_dict(mixed_state(trained, fresh, step.modules))
        found: dict[str, list[np.ndarray] | str] = {}
        for run, own in runs.items():
            method = registry.get("method", own["method"])
            used = model if method.needs_model else None
            try:
                found[run] = explainer.explain(
                    method, used, targets[run], (run, name), own["options"][name]
                )
            except InputError as error:
                found[run] = str(error)
        yield found
    model.net.load_state_dict(trained)


def compare_steps(
    images: Sequence[str],
    trained: Sequence[np.ndarray],
    found: Sequence[list[np.ndarray] | str],
    steps: Sequence[Step],
    view: Mapping[str, Any],
    signed: bool,
    metrics: Sequence[tuple[str, Mapping[str, Any]]],
    seed: int,
) -> Likeness:
    """Compare the maps of every step with those of the trained network, image by image.

    Parameters
    ----------
    images : list of str
    trained : list of ndarray
        Raw maps of the trained network.
    found : list
        For each step, its raw maps, or why there are none.
    steps : list of Step
    view : dict
        In which maps are compared.
    signed : bool
        Whether raw maps can be negative.
    metrics : list of (str, dict)
        Each with its options.
    seed : int
        Of the derangements for chance.
    """
    stack, data_range = view_maps(images, trained, view, signed)
    choices: Choices = [
        (registry.get("metric", name), {"data_range": data_range, **options})
        for name, options in metrics
    ]
    count, known = len(images), [place for place, maps in enumerate(found) if maps_of(maps)]
    values = [np.full((count, len(steps)), np.nan) for _ in metrics]
    chance = [
        np.full((derangements_of(metric, count), count, len(steps)), np.nan)
        for metric, _ in choices
    ]
    if known and count >= FEWEST_UNITS:
        drawn = [maps_of(found[place]) for place in known]
        others = [view_maps(images, raw, view, signed)[0] for raw in drawn]
        nothing = np.array([[not one.any() for one in raw] for raw in drawn]).T
        nothing |= np.array([not one.any() for one in trained])[:, None]
        same, different = compare_blocks(choices, [stack], others, seed=seed)
        for index in range(len(metrics)):
            values[index][:, known] = same[index][:, 0]
            chance[index][..., known] = different[index][:, :, 0]
            # A map of nothing is like no other, whatever the metric makes of it.
            values[index][:, known] = np.where(nothing, np.nan, values[index][:, known])
    return Likeness(
        list(steps),
        values,
        chance,
        [sum(not saliency.any() for saliency in maps_of(maps)) for maps in found],
        [maps if isinstance(maps, str) else "" for maps in found],
    )


def maps_of(found: list[np.ndarray] | str) -> list[np.ndarray]:
    """Return the maps of a step; none where there is a reason instead."""
    return [] if isinstance(found, str) else found


def study_models(
    explainer: Explainer,
    models: Sequence[str],
    read: Any,
    runs: Mapping[str, Mapping[str, Any]],
    trained: Mapping[str, Mapping[str, Callable[[str], np.ndarray]]],
    parts: int,
) -> tuple[Found, dict[str, str]]:
    """Explain the images by every model with random weights, and compare with the trained one.

    Parameters
    ----------
    explainer : Explainer
    models : list of str
    read : object
        The `weights`, `sidecars` and `predictions` of each, as the job's inputs have them.
    runs : dict
        From each explanation run to its `method`, its `options` by the models that it explains,
        and by the methods that view its maps `views` of each of these models and `metrics`.
    trained : dict
        From each run and model to a function from an image to its raw map.
    parts : int
        In which networks are split.

    Returns
    -------
    found : dict
        From each method to its metrics and, by model, the likeness of its maps.
    left_out : dict
        From a model that cannot be split to the reason.
    """
    found: Found = {
        method: (list(metrics), {})
        for run in runs.values()
        for method, metrics in run["metrics"].items()
    }
    left_out = {}
    files = iter(zip(read.sidecars, read.predictions, strict=True))
    for name, model in explainer.networks(models, read.weights, read.sidecars):
        sidecar, predictions = next(files)
        asked = {run: about for run, about in runs.items() if name in about["options"]}
        try:
            steps = steps_of(model, parts)
        except InputError as error:
            left_out[name] = str(error)
            continue
        targets = {
            run: explainer.targets(method, model, name, predictions) if method.needs_model else []
            for run, about in asked.items()
            for method in [registry.get("method", about["method"])]
        }
        about = io.read_json(sidecar)
        explained = [*explain_steps(explainer, model, about, name, targets, asked, steps)]
        for run, own in asked.items():
            raw = [trained[run][name](image) for image in explainer.images]
            for method, view in own["views"].items():
                found[method][1][name] = compare_steps(
                    explainer.images,
                    raw,
                    [one[run] for one in explained],
                    steps,
                    view[name],
                    registry.get("method", own["method"]).signed,
                    [*own["metrics"][method].values()],
                    explainer.seed,
                )
    return found, left_out
