"""Which metric tells maps apart: a nearest-prototype test on maps whose classes are known."""

from itertools import combinations

import numpy as np

from lookalike.compare.pairs import compare_maps
from lookalike.core.errors import InputError
from lookalike.core.seeding import rng_of
from lookalike.maps.views import view

STEPS = {"C": {"clip": (-1.0, 1.0)}, "N": {"scale": "minmax"}, "S": {"sobel": True}}
PREPROCESSINGS = [
    "none",
    *("".join(chosen) for count in (1, 2, 3) for chosen in combinations(STEPS, count)),
]


def preprocess(raw, name, size):
    """Return maps (n, size, size) after clipping to [-1, 1] (C), Sobel magnitude (S) and min-max
    scaling (N).

    The order is that of every view: clip, Sobel, scale; prototypes and queries go through the same.
    """
    steps = {"scale": "none"}
    for letter in () if name == "none" else name:
        steps |= STEPS[letter]
    return np.stack([view(saliency, size=size, **steps) for saliency in raw])


def fits(metric, maps, preprocessing):
    """Tell whether a metric speaks of maps with these signs, and, where it wants one, of this
    range.
    """
    if metric.bounded and preprocessing != "C" and "N" not in preprocessing:
        return False
    return metric.views == "any" or (metric.views == "signed") == bool((maps < 0).any())


def choose_pool(labels, images, per_class, seed):
    """Return the places of as many maps of each class, or fewer where it has no more, drawn with
    the seed.

    One map an image: a prototype that shows a query's own image by another model would give the
    class away.
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


def validate(metrics, maps, labels, *, prototypes, draws, seed):
    """Classify maps by their nearest prototype, for several draws of the prototypes.

    Parameters
    ----------
    metrics : dict
        From a name to a metric and its options.
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
        If a class has no map beyond its prototypes, or there is one class alone.
    """
    labels = np.asarray(labels)
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2 or counts.min() <= prototypes:
        raise InputError(
            f"metric_validation: {prototypes} prototypes want two classes or more with at "
            f"least {prototypes + 1} maps each; the smallest has {counts.min()}"
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


def score_prototypes(distances, labels, chosen):
    """Return the F1 scores, by name, of giving every map that was not chosen the label of the
    nearest chosen one.
    """
    queries = np.setdiff1d(np.arange(len(labels)), chosen)
    near = distances[np.ix_(queries, chosen)]
    nearest = np.where(np.isnan(near), np.inf, near).argmin(axis=1)
    # A query without any distance has no nearest prototype: it counts as wrong.
    predicted = np.where(np.isnan(near).all(axis=1), None, labels[chosen][nearest])
    macro, weighted = f1_scores(labels[queries], predicted)
    return {"macro_f1": macro, "weighted_f1": weighted}


def f1_scores(true, predicted):
    """Return the macro and the weighted F1 score over the classes of both; 0 for a class that is
    never right.
    """
    classes = np.unique([*true, *(name for name in predicted if name is not None)])
    hits = np.array([((true == name) & (predicted == name)).sum() for name in classes])
    wanted, given = (
        np.array([(labels == name).sum() for name in classes]) for labels in (true, predicted)
    )
    scores = 2 * hits / (wanted + given)
    return float(scores.mean()), float((scores * wanted).sum() / wanted.sum())
