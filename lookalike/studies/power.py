"""How many images and how many models are needed to find an effect: studies are simulated from a
finished one.
"""

from collections.abc import Sequence

import numpy as np

from lookalike.compare import laws
from lookalike.compare.image_table import ImageTable
from lookalike.core.cards import Metric
from lookalike.core.condensed import square
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.inference.dependence import image_dependence
from lookalike.inference.exchange import orders, permuted_means
from lookalike.inference.factors import relabellings
from lookalike.inference.permutation_tests import permanova
from lookalike.inference.significance import LEVEL, orders_of, permutation_p
from lookalike.inference.structure import best_cut, why_unresolved
from lookalike.studies.pilot import (
    Pilot,
    draw_dependence,
    draw_models,
    draw_noise,
    pilot_of,
    variation_of_models,
    why_no_pilot,
)

COLUMNS = (
    "method",
    "metric",
    "subset",
    "of",
    "pilot",
    "test",
    "effect",
    "n",
    "power",
    "error",
    "untested",
)
# The share of studies that is to find an effect.
WANTED = 0.8
# Each simulated study is shuffled so often; what these give is put together for the p values.
SHUFFLES = 5
# Studies at once, so that they fit into memory.
AT_ONCE = 25
RESAMPLES = 199
PERMUTATIONS = 999


def study_power(
    table: ImageTable,
    metric: Metric,
    *,
    effect: float,
    images: Sequence[int],
    models: Sequence[int],
    simulations: int,
    seed: int,
) -> list[Row]:
    """Simulate studies from a pilot, with an effect that is wanted and with half of it.

    The effect is a difference as a share of chance, the dissimilarity of maps of different images.
    `dependence`: maps of one image are so much nearer to each other than maps of different images.
    `main_effects`: one half of the models is so much farther from all others than the other half.
    `structure` and `grouping`: pairs of models of one half are so much nearer to each other than
    pairs across the halves. `factor`: the same, of models that differ from one another as those of
    the pilot do, and of halves that are known. Each test is by itself, at the level of .05.

    Parameters
    ----------
    table : ImageTable
        Of independent models, the pilot.
    metric : Metric
        That made the table.
    effect : float
    images, models : sequence of int
        How many of them; where images come in units, the numbers are of units.
    simulations : int
        Studies for each number.
    seed : int

    Returns
    -------
    list of dict
        With `COLUMNS`: `of` says whether `n` is a number of images or of models, of which the
        `pilot` has its own number; `power`, the share
        of studies in which the test finds the effect, with its standard error from their number.
        `untested`: why there is none, or empty.

    Notes
    -----
    The noise is the pilot's, also where the wanted effect is far from its own: of maps that depend
    strongly on the image, a weak dependence is found more often than this says. What a factor adds
    is the same for all pairs across the halves; where it moves models along an axis along which
    they vary anyhow, it is found less often. A pilot of few models knows little of how models vary.

    References
    ----------
    Davison and Hinkley 1997, Bootstrap methods and their application, section 4.6
    """
    reason = why_no_pilot(table)
    if reason:
        return [about(table, of, "", {"untested": reason}) for of in ("images", "models")]
    pilot = pilot_of(table)
    unresolved = why_unresolved(pilot.far[None], metric)
    tests = ("structure", "grouping") if unresolved else ()
    rows = [about(table, "images", test, {"untested": unresolved}) for test in tests]
    for planted in dict.fromkeys((effect, effect / 2)):
        for n in images:
            rng = rng_of(seed, "power", "images", planted, n)
            found = {
                "dependence": find_dependence(
                    pilot, planted, n, simulations, rng, len(table.chance)
                ),
                **find_structure(pilot, metric.law, planted, n, simulations, rng),
            }
            rows += [
                about(table, "images", test, summary(pilot.units, planted, n, hits))
                for test, hits in found.items()
            ]
        for n in models:
            rng = rng_of(seed, "power", "models", planted, n)
            hits = find_factor(pilot, planted, n, simulations, rng)
            rows.append(about(table, "models", "factor", summary(pilot.models, planted, n, hits)))
    return rows


def about(table: ImageTable, of: str, test: str, found: Row) -> Row:
    """Return a row of the table."""
    named = table.key._asdict() | {"of": of, "test": test, "untested": ""}
    return dict.fromkeys(COLUMNS) | named | found


def summary(pilot: int, effect: float, n: int, hits: np.ndarray) -> Row:
    """Return in which share of studies something was found, with its standard error."""
    power = float(hits.mean())
    error = float(np.sqrt(power * (1 - power) / len(hits)))
    return {"pilot": pilot, "effect": effect, "n": n, "power": power, "error": error}


def enough(numbers: Sequence[float], powers: Sequence[float]) -> float:
    """Return the smallest of several numbers of images or models from which on the power is as
    wanted; NaN if there is none.
    """
    least = np.nan
    for number, power in sorted(zip(numbers, powers, strict=True), reverse=True):
        if power < WANTED:
            break
        least = number
    return least


def halves(models: int, rng: np.random.Generator) -> np.ndarray:
    """Return which models are of one half, drawn at random, shape (models,)."""
    return rng.permutation(models) < models // 2


def find_dependence(
    pilot: Pilot,
    effect: float,
    images: int,
    simulations: int,
    rng: np.random.Generator,
    derangements: int,
) -> np.ndarray:
    """Return in which studies maps are found to depend on the image, shape (simulations,)."""
    lows = [
        image_dependence(
            draw_dependence(pilot, effect, images, derangements, rng),
            RESAMPLES,
            int(rng.integers(2**31)),
        )["dependence_low"]
        for _ in range(simulations)
    ]
    return np.array(lows) > 0


def find_structure(
    pilot: Pilot, law: str, effect: float, images: int, simulations: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return in which studies each test of structure finds the effect, shapes (simulations,); of
    main effects alone where the metric has no law.

    Statistics of all studies are compared with those of all their shuffles together: where there is
    no effect a study is one of its shuffles, so that this keeps the level, and few shuffles do.
    """
    sizes = [len(part) for part in np.array_split(range(simulations), -(-simulations // AT_ONCE))]
    parts = [simulate_structure(pilot, law, effect, images, size, rng) for size in sizes]
    return {
        test: compared(*(np.concatenate([part[test][side] for part in parts]) for side in (0, 1)))
        for test in parts[0]
    }


def simulate_structure(
    pilot: Pilot, law: str, effect: float, images: int, simulations: int, rng: np.random.Generator
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the statistics of each test of structure in some studies, shape (simulations,), and in
    their shuffles, (simulations x SHUFFLES,).
    """
    models, pairs = pilot.models, len(pilot.mean)
    rows, columns = np.triu_indices(models, 1)
    half = np.array([halves(models, rng) for _ in range(simulations)])
    one, other = half[:, rows], half[:, columns]
    farther, apart = (
        share * effect * pilot.chance for share in (one.astype(float) + other, one != other)
    )
    noise = np.array([draw_noise(pilot, images, rng) for _ in range(simulations)])
    nothing = np.zeros((images, models), int)
    order = [orders(nothing, SHUFFLES, rng) for _ in range(simulations)]

    def shuffled(values: np.ndarray) -> np.ndarray:
        return np.stack([permuted_means(*study) for study in zip(values, order, strict=True)])

    values = pilot.mean.mean() + farther[:, None] + noise[:, 0]
    found = {
        "main_effects": [
            laws.main_effects(means.reshape(-1, pairs)).std(axis=1)
            for means in (values.mean(axis=1), shuffled(values))
        ]
    }
    if law:
        alone = laws.fitted(pilot.mean[None], pilot.far[None], law)
        # What halves add is no nearer or farther on average.
        planted = alone + apart - apart.mean(axis=1, keepdims=True)
        values = planted[:, None] + noise[:, 0]
        chance = laws.sums(pilot.far[None]) + noise[:, 1]
        near, far = values.mean(axis=1), chance.mean(axis=1)
        expected, sums = laws.fitted(near, far, law)[:, None], laws.sums(far)[:, None]
        beyond = [
            laws.residuals(one.reshape(-1, pairs), other.reshape(-1, pairs), law)
            for one, other in (
                (near, far),
                (expected + shuffled(values - expected), sums + shuffled(chance - sums)),
            )
        ]
        found["structure"] = [left.std(axis=1) for left in beyond]
        found["grouping"] = [np.array([best_cut(one)[0] for one in left]) for left in beyond]
    return {test: (observed, null) for test, (observed, null) in found.items()}


def compared(observed: np.ndarray, null: np.ndarray) -> np.ndarray:
    """Return which statistics are significant among those of shuffled labels."""
    return np.array([permutation_p(one, null) for one in observed]) <= LEVEL


def find_factor(
    pilot: Pilot, effect: float, models: int, simulations: int, rng: np.random.Generator
) -> np.ndarray:
    """Return in which studies a factor of two levels is found, shape (simulations,)."""
    codes = np.arange(models) % 2
    if 1 / relabellings(codes.astype(str).tolist()) > LEVEL:
        return np.zeros(simulations, bool)
    variation = variation_of_models(pilot)
    rows, columns = np.triu_indices(models, 1)
    apart = (codes[rows] != codes[columns]) * effect * pilot.chance
    permuted = orders_of(models, PERMUTATIONS, rng)
    drawn = [draw_models(pilot, variation, models, rng) for _ in range(simulations)]
    p = [
        permanova(square(np.maximum(one + apart, 0), models), codes, permuted)["p"] for one in drawn
    ]
    return np.array(p) <= LEVEL
