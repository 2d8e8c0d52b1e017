"""How much does the score depend on what a map marks? Insertion, deletion and ROAD, with chance."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, product

import numpy as np

from lookalike.compare.resampling import unit_weights, with_interval
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.inference.significance import LEVEL, standardised, step_down
from lookalike.studies.names import named
from lookalike.studies.pixel_removal import SCORES, Curves, areas

# Of a probability: less, on average over all steps, is not worth the name.
NEGLIGIBLE = 0.02
MORE, NO_MORE, UNTOLD = "more", "no more", "cannot tell"
ALL_MODELS = "all models"
COLUMNS = (
    "method",
    "model",
    "score",
    "units",
    "area",
    "area_low",
    "area_high",
    "shifted",
    "shifted_low",
    "shifted_high",
    "gain",
    "gain_low",
    "gain_high",
    "corrected",
    "verdict",
)
COMPARED = (
    "method",
    "other",
    "score",
    "models",
    "units",
    "difference",
    "difference_low",
    "difference_high",
    "corrected",
)
CURVES = ("method", "model", "score", "share", "probability", "shifted", "correct")


def gains_of(curves: Curves) -> dict[tuple[str, str, str], np.ndarray]:
    """Return, by method, model and score, by how much better each image's area is by its own map
    than by the same map shifted, shape (n,); larger is better in all scores. The mean of a method's
    models stands under `ALL_MODELS`.
    """
    found: dict[tuple[str, str, str], np.ndarray] = {}
    pooled: dict[tuple[str, str, str], list[np.ndarray]] = {}
    for (method, model), tables in curves.items():
        for score, (probabilities, _) in tables.items():
            own, shifted = areas(probabilities).T
            found[method, model, score] = SCORES[score] * (own - shifted)
            pooled.setdefault((method, ALL_MODELS, score), []).append(found[method, model, score])
    return found | {key: np.mean(values, axis=0) for key, values in pooled.items()}


def sign_flips(units: int, permutations: int, seed: int) -> np.ndarray:
    """Return signs of the units of images, all ways if there are no more than asked for, first that
    of no change, shape (1 + P, units).
    """
    if 2**units - 1 <= permutations:
        return np.array([*product((1.0, -1.0), repeat=units)])
    rng = rng_of(seed, "signs", units)
    drawn = rng.choice((1.0, -1.0), (permutations, units))
    return np.vstack([np.ones((1, units)), drawn])


def corrected_p(
    values: np.ndarray, units: np.ndarray, permutations: int, seed: int, two_sided: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Test whether means over images are above 0, or unlike 0: where a map is as any shifted one,
    the gains of each unit may as well have the other sign.

    Parameters
    ----------
    values : ndarray, shape (tests, n)
    units : ndarray of int, shape (n,)
        Numbered from 0.
    permutations : int
    seed : int
    two_sided : bool

    Returns
    -------
    corrected, least : ndarray, shape (tests,)
        As of `step_down`.
    """
    sums = np.zeros((int(units.max()) + 1, len(values)))
    np.add.at(sums, units, values.T)
    observed, *null = sign_flips(len(sums), permutations, seed) @ sums
    flipped = np.array(null).reshape(-1, len(values)).T
    statistics = np.column_stack(
        [standardised(own, row) for own, row in zip(observed, flipped, strict=True)]
    )
    return step_down(np.abs(statistics) if two_sided else statistics)


def measure(
    curves: Curves, units: np.ndarray, resamples: int, permutations: int, seed: int
) -> tuple[list[Row], list[Row]]:
    """Measure how much the score depends on what the maps mark, and compare the methods.

    Parameters
    ----------
    curves : dict
    units : ndarray of int, shape (n,)
        Numbered from 0.
    resamples, permutations : int
        Of the units of images.
    seed : int

    Returns
    -------
    rows : list of dict
        With `COLUMNS`, for each method, model and score, and over all models: `area` under the
        curve, that of the `shifted` maps, and the `gain`, positive where the own map is better;
        each with its 95% interval over other images. `corrected`: p value of the gain, over all
        rows. `verdict`: `MORE` if that is at most .05; `NO_MORE` if the interval ends below
        `NEGLIGIBLE`, which is too small a difference to matter; else `UNTOLD`.
    compared : list of dict
        With `COMPARED`, for every two methods: the difference of their gains over the models that
        both explain, on the same images.
    """
    if not curves:
        return [], []
    gains, number = gains_of(curves), int(units.max()) + 1
    weights = np.vstack([np.ones((1, len(units))), unit_weights(units, resamples, seed)])
    weights /= weights.sum(axis=1, keepdims=True)

    def interval(values: np.ndarray, name: str) -> Row:
        return with_interval(weights @ values, name, number)

    p, least = corrected_p(np.array([*gains.values()]), units, permutations, seed)
    rows = []
    for (method, model, score), gain, corrected, lowest in zip(
        gains, gains.values(), p, least, strict=True
    ):
        models = [one for name, one in curves if name == method and model in (one, ALL_MODELS)]
        own, shifted = np.mean([areas(curves[method, one][score][0]) for one in models], axis=0).T
        row: Row = {"method": method, "model": model, "score": score, "units": number}
        row |= interval(own, "area") | interval(shifted, "shifted") | interval(gain, "gain")
        row["corrected"] = float(corrected) if lowest <= LEVEL else np.nan
        row["verdict"] = verdict_of(row)
        rows.append(row)
    return rows, compare_methods(gains, interval, units, permutations, seed)


def verdict_of(row: Row) -> str:
    """Return whether the score depends on what a map marks, more than on the map shifted."""
    if row["corrected"] <= LEVEL:
        return MORE
    return NO_MORE if row["gain_high"] < NEGLIGIBLE else UNTOLD


def compare_methods(
    gains: Mapping[tuple[str, str, str], np.ndarray],
    interval: Callable[[np.ndarray, str], Row],
    units: np.ndarray,
    permutations: int,
    seed: int,
) -> list[Row]:
    """Compare the gains of every two methods over the models that both explain."""
    models: dict[str, list[str]] = {}
    for method, model, _ in gains:
        if model != ALL_MODELS and model not in models.setdefault(method, []):
            models[method].append(model)
    rows, differences = [], []
    for method, other in combinations(models, 2):
        both = [model for model in models[method] if model in models[other]]
        for score in SCORES if both else ():
            difference = np.mean(
                [gains[method, model, score] - gains[other, model, score] for model in both], axis=0
            )
            row: Row = {"method": method, "other": other, "score": score, "models": len(both)}
            row |= {"units": int(units.max()) + 1} | interval(difference, "difference")
            rows.append(row)
            differences.append(difference)
    if rows:
        tested = corrected_p(np.array(differences), units, permutations, seed, two_sided=True)
        for row, p, least in zip(rows, *tested, strict=True):
            row["corrected"] = float(p) if least <= LEVEL else np.nan
    return rows


def curve_rows(curves: Curves) -> list[Row]:
    """Return mean curves as rows of a table with `CURVES`: the probability by the map and by the
    same map shifted, and by the map the share of images whose class is still the most probable one.
    """
    rows = []
    for (method, model), tables in curves.items():
        steps = max(found.shape[2] for found, _ in tables.values()) - 1
        for score, (found, correct) in tables.items():
            for step, ((own, shifted), (right, _)) in enumerate(
                zip(found.mean(axis=0).T, correct.mean(axis=0).T, strict=True)
            ):
                row = {"method": method, "model": model, "score": score, "share": step / steps}
                rows.append(row | {"probability": own, "shifted": shifted, "correct": right})
    return rows


def conclude(rows: Sequence[Row], compared: Sequence[Row]) -> list[str]:
    """Say of each method whether the score depends on what its maps mark, and which methods
    differ.
    """
    if not rows:
        return ["Cannot tell: no method explains classes of models that run here."]
    sentences = [
        say_method(method, [row for row in rows if row["method"] == method])
        for method in dict.fromkeys(row["method"] for row in rows)
    ]
    return [*sentences, *say_comparison(compared)]


def say_method(method: str, rows: Sequence[Row]) -> str:
    """Say what was found of one method: over all models, and of each model by number."""
    parts = []
    for score in SCORES:
        own = {row["model"]: row for row in rows if row["score"] == score}
        pooled = own.pop(ALL_MODELS)
        better = [model for model, row in own.items() if row["verdict"] == MORE]
        verdict = {
            MORE: "yes",
            NO_MORE: f"no, by less than {NEGLIGIBLE:g}",
            UNTOLD: "cannot tell",
        }[pooled["verdict"]]
        interval = f"{pooled['gain_low']:+.2g} to {pooled['gain_high']:+.2g}"
        which = f": {named(better)}" if 0 < len(better) < len(own) else ""
        parts.append(
            f"{score}: {verdict} ({pooled['gain']:+.2g}, 95% interval {interval}; by itself, "
            f"{len(better)} of {len(own)} models{which})"
        )
    return (
        f"{method}: does the class depend on what its maps mark more than on the same maps shifted "
        f"by chance ({rows[0]['units']} images or units of these)? {'; '.join(parts)}."
    )


def say_comparison(rows: Sequence[Row]) -> list[str]:
    """Say which methods mark better what the class depends on."""
    sentences = []
    for score in dict.fromkeys(row["score"] for row in rows):
        own = [row for row in rows if row["score"] == score]
        found = [
            f"{row['method']} {'above' if row['difference'] > 0 else 'below'} {row['other']} "
            f"({row['difference']:+.2g}, {row['difference_low']:+.2g} to "
            f"{row['difference_high']:+.2g})"
            for row in own
            if row["corrected"] <= LEVEL
        ]
        untold = f"cannot tell for {len(own) - len(found)} of {len(own)} pairs of methods"
        parts = [named(found, "; ")] * bool(found) + [untold] * (len(found) < len(own))
        sentences.append(f"By {score}, on the same images and models: {'; '.join(parts)}.")
    return sentences
