"""Which metric separates maps: a nearest-prototype test on maps whose classes are known."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from lookalike.compare.pairs import compare_maps
from lookalike.core.cards import Metric
from lookalike.core.errors import InputError
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.maps.views import view

STEPS: dict[str, dict[str, Any]] = {
    "C": {"clip": (-1.0, 1.0)},
    "N": {"scale": "minmax"},
    "S": {"sobel": True},
}
PREPROCESSINGS = [
    "none",
    *("".join(chosen) for count in (1, 2, 3) for chosen in combinations(STEPS, count)),
]


def preprocess(raw: Iterable[np.ndarray], name: str, size: int) -> np.ndarray:
    """Return maps (n, size, size) after clipping to [-1, 1] (C), Sobel magnitude (S) and min-max
    scaling (N).

    The order is that of every view: clip, Sobel, scale; prototypes and queries go through the same.
    """
    steps: dict[str, Any] = {"scale": "none"}
    for letter in () if name == "none" else name:
        steps |= STEPS[letter]
    return np.stack([view(saliency, size=size, **steps) for saliency in raw])


def fits(metric: Metric, maps: np.ndarray, preprocessing: str) -> bool:
    """Return whether a metric is defined for maps with these signs and, where it needs a known
    range, for maps of this preprocessing.
    """
    if metric.bounded and preprocessing != "C" and "N" not in preprocessing:
        return False
    return metric.views == "any" or (metric.views == "signed") == bool((maps < 0).any())


def choose_pool(
    labels: Sequence[str] | np.ndarray,
    images: Sequence[str] | np.ndarray,
    per_class: int,
    seed: int,
) -> np.ndarray:
    """Return the indices of equally many maps of each class, fewer where a class has no more, drawn
    with the seed.

    There is one map of every image: a prototype that shows a query's own image by another model
    would give the class away.
    """
    images = np.asarray(images)
    single = np.sort(
        [
            rng_of(seed, "model", image).choice(np.flatnonzero(images == image))
            for image in np.unique(images)
        ]
    )
    labels = np.asarray(labels)
    pools = [
        rng_of(seed, "pool", name).permutation(single[labels[single] == name])[:per_class]
        for name in np.unique(labels)
    ]
    return np.sort(np.concatenate(pools))


def validate_all(
    metrics: dict[str, tuple[Metric, dict[str, Any]]],
    raw: Sequence[np.ndarray],
    labels: Sequence[str] | np.ndarray,
    *,
    size: int,
    prototypes: int,
    draws: int,
    seed: int,
) -> list[Row]:
    """Validate metrics on maps after every preprocessing for which they are defined.

    Parameters
    ----------
    metrics, labels, prototypes, draws, seed
        As for `validate`.
    raw : sequence of ndarray, shape (h, w)
    size : int
        Side of the maps that are compared.

    Returns
    -------
    list of dict
        `metric`, `preprocessing`, `draw`, `macro_f1`, `weighted_f1`.

    Raises
    ------
    InputError
        If no metric fits the maps under any preprocessing.
    """
    scores = []
    for preprocessing in PREPROCESSINGS:
        maps = preprocess(raw, preprocessing, size)
        fitting = {
            name: about for name, about in metrics.items() if fits(about[0], maps, preprocessing)
        }
        found = validate(fitting, maps, labels, prototypes=prototypes, draws=draws, seed=seed)
        scores += [{"metric": row["metric"], "preprocessing": preprocessing} | row for row in found]
    if not scores:
        raise InputError("metric_validation: no metric fits these maps under any preprocessing")
    return scores


def validate(
    metrics: dict[str, tuple[Metric, dict[str, Any]]],
    maps: np.ndarray,
    labels: Sequence[str] | np.ndarray,
    *,
    prototypes: int,
    draws: int,
    seed: int,
) -> list[Row]:
    """Classify maps by their nearest prototype, for several draws of the prototypes.

    Parameters
    ----------
    metrics : dict
        By name, a metric and its options.
    maps : ndarray, shape (n, H, W)
    labels : sequence of str
    prototypes : int
        Maps drawn of each class; the others are queries.
    draws : int
    seed : int

    Returns
    -------
    list of dict
        `metric`, `draw`, `macro_f1`, `weighted_f1`.

    Raises
    ------
    InputError
        If a class has no map beyond its prototypes, or there is only one class.
    """
    labels = np.asarray(labels)
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2 or counts.min() <= prototypes:
        raise InputError(
            f"metric_validation: {prototypes} prototypes need at least two classes with at "
            f"least {prototypes + 1} maps each; found {len(classes)}, the smallest with "
            f"{counts.min()}"
        )
    data_range = 2.0 if (maps < 0).any() else 1.0
    given = [(metric, options | {"data_range": data_range}) for metric, options in metrics.values()]
    rows = []
    for name, distances in zip(metrics, compare_maps(given, maps), strict=True):
        for draw in range(draws):
            rng = rng_of(seed, "prototypes", draw)
            chosen = np.concatenate(
                [
                    rng.choice(np.flatnonzero(labels == one), prototypes, replace=False)
                    for one in classes
                ]
            )
            rows.append(
                {"metric": name, "draw": draw} | score_prototypes(distances, labels, chosen)
            )
    return rows


def score_prototypes(
    distances: np.ndarray, labels: np.ndarray, chosen: np.ndarray
) -> dict[str, float]:
    """Return the F1 scores, by name, of giving every map that was not chosen the label of the
    nearest chosen one.
    """
    queries = np.setdiff1d(np.arange(len(labels)), chosen)
    near = distances[np.ix_(queries, chosen)]
    nearest = np.where(np.isnan(near), np.inf, near).argmin(axis=1)
    # A query without any distance has no nearest prototype: it counts as wrong.
    predicted = labels[chosen][nearest].astype(object)
    predicted[np.isnan(near).all(axis=1)] = None
    macro, weighted = f1_scores(labels[queries], predicted)
    return {"macro_f1": macro, "weighted_f1": weighted}


def f1_scores(true: np.ndarray, predicted: np.ndarray) -> tuple[float, float]:
    """Return the macro and the weighted F1 score over the classes of both; 0 for a class that is
    never predicted correctly.
    """
    classes = np.unique([*true, *(name for name in predicted if name is not None)])
    hits = np.array([((true == name) & (predicted == name)).sum() for name in classes])
    expected, found = (
        np.array([(labels == name).sum() for name in classes]) for labels in (true, predicted)
    )
    scores = 2 * hits / (expected + found)
    return float(scores.mean()), float((scores * expected).sum() / expected.sum())
