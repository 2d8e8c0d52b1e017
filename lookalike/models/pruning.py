"""Pruning: which channels of a layer do harm, how many to keep, and random choices of as many as a
control.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row, StrPath
from lookalike.images.scores import human_similarity, read_scores
from lookalike.models.alignment import misalignment

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel

By = Literal["ais_regression", "ais_alignment"]
Strategy = Literal["best_count", "stepwise"]
Criterion = Callable[[np.ndarray], np.ndarray]
# With fewer, the similarities are too few for a correlation over their pairs to mean much.
FEWEST_IMAGES = 4
# Output values that are held at once, over all images and masks.
OUTPUTS_AT_ONCE = 2**26


def criterion_of(
    by: By, images: list[str], scores: StrPath, similarity: StrPath | None = None
) -> Criterion:
    """Return the criterion of the channels on some images: a function from outputs (n, m, ...) to
    errors (m,).

    Parameters
    ----------
    by : {"ais_regression", "ais_alignment"}
        The mean squared error of predictions, or 1 - r^2 of similarities.
    images : list of str
    scores, similarity : path-like
        Table of the images' scores, and matrix of their human similarities if there is one.
    """
    if by == "ais_regression":
        return squared_errors(read_scores(scores, images))
    if len(images) < FEWEST_IMAGES:
        raise InputError(
            f"pruning by ais_alignment needs at least {FEWEST_IMAGES} images in each part of "
            f"the training split; one has {len(images)}"
        )
    return misalignment(human_similarity(images, similarity, scores))


def squared_errors(scores: np.ndarray) -> Criterion:
    """Return the criterion of a regression head: a function from predictions (n, m, 1) to mean
    squared errors (m,).
    """
    return lambda outputs: ((outputs[:, :, 0] - scores[:, None]) ** 2).mean(axis=0)


def errors_of_masks(
    model: "VisionModel",
    images: np.ndarray,
    layer: "torch.nn.Module",
    kept: np.ndarray,
    criterion: Criterion,
    by: By,
) -> np.ndarray:
    """Measure a model without some of a layer's channels.

    Parameters
    ----------
    model : VisionModel
    images : ndarray, shape (n, H, W, 3), uint8
    layer : torch.nn.Module
        Of the model's network.
    kept : ndarray of bool, shape (M, K)
        Channels that are kept, one mask a row.
    criterion : callable
        From outputs (n, m, ...) to m errors.
    by : {"ais_regression", "ais_alignment"}
        Whether the outputs are predictions or penultimate features.

    Returns
    -------
    ndarray, shape (M,)
    """
    import torch

    from lookalike.models.channels import record, rerun
    from lookalike.models.networks import features_of, to_tensor

    masks_at_once = len(kept)
    read = model.net if by == "ais_regression" else lambda inputs: features_of(model.net, inputs)
    errors, done = [], 0

    def outputs_of(part: slice) -> np.ndarray:
        nonlocal masks_at_once
        inputs = model.normalise(to_tensor(images[part], model.device))
        recording = record(model.net, layer, inputs, read)
        masks_at_once = min(
            masks_at_once,
            max(1, OUTPUTS_AT_ONCE // (len(images) * recording.outputs[0].numel())),
        )
        masks = torch.from_numpy(kept[done : done + masks_at_once]).to(model.device)
        return rerun(recording, masks).double().cpu().numpy()

    while done < len(kept):
        outputs = model.in_batches(outputs_of, len(images), images.shape[2])
        errors.append(criterion(np.concatenate(list(outputs))))
        done += masks_at_once
    return np.concatenate(errors)


def rank_channels(
    model: "VisionModel",
    layer: str | None,
    ranking: tuple[np.ndarray, Criterion],
    choice: tuple[np.ndarray, Criterion],
    *,
    by: By,
    strategy: Strategy,
) -> tuple[list[Row], list[Row]]:
    """Rank the channels of a layer by what happens without each on some images, and choose on other
    images how many to keep.

    Parameters
    ----------
    model : VisionModel
    layer : str or None
        Name of a module; None is the target layer.
    ranking, choice : (ndarray, callable)
        Images (n, H, W, 3), uint8, and the criterion of their outputs.
    by : {"ais_regression", "ais_alignment"}
    strategy : {"best_count", "stepwise"}

    Returns
    -------
    channels : list of dict
        `layer`, `channel`, `importance` (how much the error grows without it: a harmful channel is
        below 0), `place` (1 is the most useful) and `kept` (1 or 0).
    curve : list of dict
        `kept`, how many of the first channels in this order, and `error` with these alone, on the
        images of `choice`.
    """
    from lookalike.models.layers import measure_layer, target_layer

    size = ranking[0].shape[1], ranking[0].shape[2]
    about = measure_layer(model.net, size, layer)
    module = target_layer(model.net, layer=layer, size=size)
    masks = np.vstack([np.ones(about["channels"], bool), ~np.eye(about["channels"], dtype=bool)])
    errors = errors_of_masks(model, ranking[0], module, masks, ranking[1], by)
    importances = errors[1:] - errors[0]
    order = order_of(importances)
    curve = errors_of_masks(model, choice[0], module, cumulative_masks(order), choice[1], by)
    count = choose_count(curve, strategy)
    ranks = np.argsort(order)
    rows = [
        {
            "layer": about["layer"],
            "channel": channel,
            "importance": importances[channel],
            "place": rank + 1,
            "kept": int(rank < count),
        }
        for channel, rank in enumerate(ranks.tolist())
    ]
    return rows, [{"kept": kept, "error": error} for kept, error in enumerate(curve, 1)]


def order_of(importances: np.ndarray) -> np.ndarray:
    """Return the channels, the most useful first; equal ones in their own order."""
    return np.argsort(-importances, kind="stable")


def cumulative_masks(order: np.ndarray) -> np.ndarray:
    """Return the masks that keep the first 1, 2, ... K channels of an order, shape (K, K)."""
    kept = np.zeros((len(order), len(order)), bool)
    kept[:, order] = np.tri(len(order), dtype=bool)
    return kept


def choose_count(errors: np.ndarray, strategy: Strategy) -> int:
    """Choose how many of the ranked channels are kept.

    Parameters
    ----------
    errors : ndarray, shape (K,)
        With the first 1, 2, ... K channels, on images that did not rank them.
    strategy : {"best_count", "stepwise"}
        The count of the least error, the largest if there are several; or from all channels
        downwards, as long as the error falls.

    Returns
    -------
    int
        From 1 to K.
    """
    if strategy == "best_count":
        return len(errors) - int(np.argmin(errors[::-1]))
    count = len(errors)
    while count > 1 and errors[count - 2] < errors[count - 1]:
        count -= 1
    return count


def drop_channels(table: Sequence[Row], draw: int, name: str, seed: int) -> list[int]:
    """Return the channels that a pruned variant lacks.

    Parameters
    ----------
    table : list of dict of str
        `channel` and `kept`, as ranked and chosen.
    draw : int
        0 drops the channels that were not kept; any other number drops as many at random.
    name : str
        Of the model; with the seed it decides the draws.
    seed : int

    Returns
    -------
    list of int
        Sorted.
    """
    dropped = [int(row["channel"]) for row in table if row["kept"] == "0"]
    if draw:
        dropped = (
            rng_of(seed, "pruning", name, draw).permutation(len(table))[: len(dropped)].tolist()
        )
    return sorted(dropped)
