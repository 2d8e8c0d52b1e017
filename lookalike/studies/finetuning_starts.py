"""Maps of the networks that fine-tuning started from, next to those of the networks it made."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lookalike.core import registry
from lookalike.core.cards import Method
from lookalike.core.errors import InputError
from lookalike.core.seeding import seed_of
from lookalike.core.types import StrPath
from lookalike.images.reading import load_images
from lookalike.maps.stacks import raw_reader
from lookalike.studies.explainer import Explainer
from lookalike.studies.movement import view_maps

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import Recipe, VisionModel

OWN, FRESH = "own", "fresh"


@dataclass(frozen=True)
class Start:
    """How a model's training started.

    Attributes
    ----------
    name : str
        Of the model.
    recipe : dict
    pretrained : bool
    checkpoint : path-like or None
        File of weights.
    n_classes : int
        Of the fresh head.
    options : dict
        Of the method that explains it.
    predictions : path-like
        Of the model after training.
    """

    name: str
    recipe: "Recipe"
    pretrained: bool
    checkpoint: StrPath | None
    n_classes: int
    options: Mapping[str, Any]
    predictions: StrPath


class StudiedMaps(NamedTuple):
    """Maps of the same images before and after: by model (n, H, W); `after` also has those of
    replicates and of other models. `heads` are as of `network_of`.
    """

    images: list[str]
    heads: dict[str, str]
    before: dict[str, np.ndarray]
    after: dict[str, np.ndarray]
    data_range: float | None


def network_of(
    start: Start, seed: int, device: "torch.device | str" = "cpu"
) -> tuple[str, "VisionModel"]:
    """Rebuild the network that a model's training started from.

    Parameters
    ----------
    start : Start
    seed : int
        The config's.
    device : torch.device

    Returns
    -------
    head : {"own", "fresh"}
        "own" where the weights that training started from came with a head; training put a fresh
        one in its place, which explains nothing but its random weights.
    model : VisionModel
        With a fresh head, it is bit for bit as training started.
    """
    from lookalike.models.checkpoints import build_from_checkpoint, start_network
    from lookalike.models.networks import build_network, ready
    from lookalike.models.normalisation import normalisation_of
    from lookalike.models.sources import registered
    from lookalike.models.weights import read_weights

    recipe, checkpoint, net, head = start.recipe, start.checkpoint, None, OWN
    # Where the weights have no head, a network with a fresh one is built, or says what is wrong.
    with suppress(InputError):
        if checkpoint:
            net, _ = build_from_checkpoint(recipe, read_weights(checkpoint), checkpoint)
        elif start.pretrained:
            net = build_network(registered(recipe), pretrained=True)
    if net is None or not net.num_classes:
        own_seed = seed_of(seed, "training", start.name)
        net, _ = start_network(recipe, start.n_classes, start.pretrained, checkpoint, own_seed)
        head = FRESH
    classes = [str(index) for index in range(net.num_classes)]
    return head, ready(net, *normalisation_of(net), classes, device)


def explain_start(
    explainer: Explainer, method: Method, run: str, start: Start
) -> tuple[str, list[np.ndarray]]:
    """Explain the images by the network that a model's training started from.

    Parameters
    ----------
    explainer : Explainer
    method : Method
    run : str
        Name of the explanation run, which decides the seeds.
    start : Start

    Returns
    -------
    head : {"own", "fresh"}
    maps : list of ndarray, shape (h, w)
        Of the class that the own head predicts; by a fresh head, of the class that is explained
        after training.
    """
    from lookalike.models.networks import predict

    head, model = network_of(start, explainer.seed, explainer.device)
    if head == OWN:
        images = load_images(explainer.chosen, explainer.size, explainer.fit, explainer.threads)
        targets = predict(model, images).argmax(axis=1)
    else:
        targets = explainer.targets(method, model, start.name, start.predictions)
    return head, explainer.explain(method, model, targets, (run, start.name), start.options)


def read_maps(
    explainer: Explainer,
    run: str,
    method: str,
    signed: bool,
    starts: Sequence[Start],
    folders: Mapping[str, StrPath],
    views: Mapping[str, Mapping[str, Any]],
) -> StudiedMaps:
    """Explain images by the starts, and read the maps of the models after training.

    Parameters
    ----------
    explainer : Explainer
    run, method : str
        The explanation run, and its method.
    signed : bool
        Whether its raw maps can be negative.
    starts : list of Start
    folders : dict
        From every model to the folder of its raw maps.
    views : dict
        From every model to the options of the view.
    """
    images, card = explainer.images, registry.get("method", method)
    heads, before, after, data_range = {}, {}, {}, None
    for start in starts:
        heads[start.name], raw = explain_start(explainer, card, run, start)
        before[start.name], _ = view_maps(images, raw, views[start.name], signed)
    for name, folder in folders.items():
        raw = [*map(raw_reader(folder), images)]
        after[name], data_range = view_maps(images, raw, views[name], signed)
    return StudiedMaps(images, heads, before, after, data_range)
