"""May one transform bring images to all models? Accuracies and maps of each way of doing it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lookalike.compare.resampling import unit_weights, with_interval
from lookalike.core.cards import Metric
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.inference.significance import LEVEL, holm
from lookalike.studies.movement import MOVED_COLUMNS, compare_all, measure_movement
from lookalike.studies.names import named
from lookalike.studies.shares import wilson_interval
from lookalike.studies.transform_ways import COMMON, OWN, SAME, SHARED, Stacks

COLUMNS = (
    "split",
    "model",
    "way",
    "size",
    "images",
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "difference",
    "difference_low",
    "difference_high",
    "lost",
    "won",
    "p",
    "p_holm",
    "remark",
    "untested",
)
MOVEMENT_COLUMNS = ("method", "metric", "models", *MOVED_COLUMNS, "untested")
# What each way is called, and where it is that of all models.
CALLED = {OWN: "in its own geometry", COMMON: "with ImageNet's normalisation"}
SAME_FOR_ALL = {
    OWN: "the own geometry of every model is the shared one",
    COMMON: "every model has ImageNet's normalisation as its own",
}


def draw_images(rows: Sequence[Row], split: str, most: int, seed: int) -> list[Row]:
    """Draw labelled images of a split, evenly from all classes, in the order of the manifest."""
    labelled = [row for row in rows if row["split"] == split and row["label"]]
    turns = []
    for label in sorted({row["label"] for row in labelled}):
        own = [place for place, row in enumerate(labelled) if row["label"] == label]
        order = rng_of(seed, "shared_transforms", split, label).permutation(own)
        turns += [(turn, label, int(place)) for turn, place in enumerate(order)]
    return [labelled[place] for place in sorted(place for *_, place in sorted(turns)[:most])]


def compare_ways(rows: Sequence[Row], resamples: int, seed: int) -> list[Row]:
    """Add accuracies, and their differences to that of the shared way on the same images.

    Parameters
    ----------
    rows : list of dict
        Of `classify`, all models.
    resamples : int
        Of the images.
    seed : int

    Returns
    -------
    list of dict
        Shares, with Wilson's 95% interval of an `accuracy`. For the interval of a `difference`, two
        images count as classified otherwise, one in each direction, so that none that changes is
        not taken for certainty. `lost` and `won`: images that only the shared way, or only this
        one, classifies rightly; `p` of the exact McNemar test, and after Holm's correction over all
        tests of a split.

    References
    ----------
    Bonett and Price 2012, doi:10.3102/1076998611411915 (the two images)
    """
    from scipy.stats import binomtest

    found: list[Row] = [dict.fromkeys(COLUMNS) | row for row in rows]
    shared: dict[tuple[str, str], np.ndarray] = {}
    for row in found:
        if row["untested"]:
            continue
        n, right = row["images"], row["right"]
        low, high = wilson_interval(int(right.sum()), n)
        row |= {"accuracy": float(right.mean()), "accuracy_low": low, "accuracy_high": high}
        if row["way"] == SHARED:
            shared[row["split"], row["model"]] = right
        elif row["remark"] == SAME:
            row["difference"] = 0.0
        else:
            changes = right.astype(int) - shared[row["split"], row["model"]]
            lost, won = int((changes < 0).sum()), int((changes > 0).sum())
            weights = unit_weights(np.arange(n + 2), resamples, seed)
            drawn = weights @ [*changes, 1, -1] / (n + 2)
            row |= with_interval(np.array([changes.mean(), *drawn]), "difference", n + 2)
            row["difference_low"] = min(row["difference_low"], row["difference"])
            row["difference_high"] = max(row["difference_high"], row["difference"])
            row |= {"lost": lost, "won": won, "p": 1.0}
            if lost + won:
                row["p"] = float(binomtest(won, lost + won).pvalue)
    for split in dict.fromkeys(row["split"] for row in found):
        tested = [row for row in found if row["split"] == split and row["p"] is not None]
        for row, p in zip(tested, holm([row["p"] for row in tested]), strict=True):
            row["p_holm"] = float(p)
    return found


def measure_movements(
    method: str,
    metrics: Mapping[str, tuple[Metric, dict[str, Any]]],
    stacks: Stacks,
    units: np.ndarray,
    aggregate: str,
    resamples: int,
    seed: int,
) -> list[Row]:
    """Measure how far each matrix moves from the shared geometry to the models' own.

    Parameters
    ----------
    method : str
        Its name.
    metrics : dict
        By name, each with its options.
    stacks : dict
        Of `run_models`.
    units, aggregate, resamples, seed
        As for `measure_movement`.

    Returns
    -------
    list of dict
        With `MOVEMENT_COLUMNS`, one for each metric.
    """
    reason = ""
    if len(stacks) < 2:
        reason = f"needs at least 2 models that take images in their own geometry; {len(stacks)}"
    elif all(before is after for before, after in stacks.values()):
        reason = SAME_FOR_ALL[OWN]
    about = dict.fromkeys(MOVEMENT_COLUMNS) | {"method": method, "models": len(stacks)}
    rows = [about | {"metric": name, "untested": reason} for name in metrics]
    if reason or not rows:
        return rows
    befores, afters = (list(side) for side in zip(*stacks.values(), strict=True))
    before, after = (compare_all([*metrics.values()], side) for side in (befores, afters))
    return [
        row | measure_movement(values, moved, units, aggregate, resamples, seed)
        if np.isfinite(values + moved).any()
        else row | {"untested": "the metric is not defined for these maps"}
        for row, values, moved in zip(rows, before, after, strict=True)
    ]


def conclude(rows: Sequence[Row], moved: Sequence[Row], trained: Sequence[str] = ()) -> list[str]:
    """Say what each way does to accuracies and to matrices.

    Parameters
    ----------
    rows : list of dict
        Of `compare_ways`.
    moved : list of dict
        Of `measure_movements`.
    trained : list of str
        Models that were trained in the shared geometry.
    """
    sentences = []
    for way, called in CALLED.items():
        own = [row for row in rows if row["way"] == way]
        splits = list(dict.fromkeys(row["split"] for row in own))
        if all(row["remark"] == SAME for row in own):
            sentences.append(f"{SAME_FOR_ALL[way][0].upper()}{SAME_FOR_ALL[way][1:]}.")
            continue
        sentences += [
            about_accuracy([row for row in own if row["split"] == split]) for split in splits
        ]
        reasons = dict.fromkeys(
            f"{row['model']}: {row['untested']}"
            for row in own
            if row["untested"]
            and any(one["p"] is not None for one in own if one["split"] == row["split"])
        )
        if reasons:
            sentences.append(
                f"Cannot tell what a model classifies {called}: {named([*reasons], '; ')}."
            )
    compared = {row["model"] for row in rows if row["way"] == OWN and row["p"] is not None}
    if favoured := [name for name in trained if name in compared]:
        sentences.append(f"Trained in the shared geometry, which favours it: {named(favoured)}.")
    return sentences + [about_movement(row) for row in moved]


def about_accuracy(rows: Sequence[Row]) -> str:
    """Say in which models a way differs from the shared one, in one split."""
    split, called = rows[0]["split"], CALLED[rows[0]["way"]]
    tested = [row for row in rows if row["p"] is not None]
    if not tested:
        reason = next(row["untested"] for row in rows if row["untested"])
        return f"{split}: cannot tell what a model classifies {called}: {reason}."
    found = [row for row in tested if row["p_holm"] <= LEVEL]
    most = max(found or tested, key=lambda row: abs(row["difference"]))
    change = (
        f"{most['model']} by {100 * most['difference']:+.1f} percentage points (95% interval "
        f"{100 * most['difference_low']:+.1f} to {100 * most['difference_high']:+.1f}; "
        f"{most['images']} images, McNemar's p after Holm {most['p_holm']:.2g})"
    )
    of = f"of {len(tested)} model{'' if len(tested) == 1 else 's'}"
    if not found:
        return f"{split}: {called}, the accuracy of 0 {of} is shown to differ: most, {change}."
    names = f" ({named([row['model'] for row in found])})" if len(found) > 1 else ""
    return f"{split}: {called}, the accuracy of {len(found)} {of} differs{names}: most, {change}."


def about_movement(row: Row) -> str:
    """Say how far a matrix moves, and whether its order stays."""
    about = f"{row['method']}, {row['metric']}"
    if row["untested"]:
        return f"{about}: cannot tell how far the matrix moves: {row['untested']}."
    if not np.isfinite([row["moved"], row["moved_low"]]).all():
        return f"{about}: cannot tell how far the matrix moves: {row['units']} units of images."
    moves = "moves by" if row["moved_low"] > 0 else "is not shown to move:"
    text = (
        f"{about}: from the shared geometry to each model's own, the matrix {moves} "
        f"{row['moved']:.2g} (95% interval {row['moved_low']:.2g} to {row['moved_high']:.2g}; a "
        f"dissimilarity is {row['mean']:.2g} and known to ±{row['width']:.2g}; {row['models']} "
        f"models, {row['units']} units of images)"
    )
    if np.isfinite([row["r"], row["r_low"]]).all():
        return (
            f"{text}; r of both matrices is {row['r']:.2f} (95% interval {row['r_low']:.2f} to "
            f"{row['r_high']:.2f})."
        )
    few = "needs at least 3 models" if row["models"] < 3 else "too few images"
    return f"{text}; cannot tell r of both matrices: {few}."
