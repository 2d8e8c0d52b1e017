"""Intervals over images and seeds, from replicates of several models."""

import numpy as np
import pytest
from scipy.stats import t

from lookalike.compare import seeds
from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.compare.resampling import bootstrap, percentile_interval, unit_weights
from lookalike.core.condensed import pair_numbers, square

KEY = Key("gradcam", "cosine")


def matrix_of(values, names, replicates, units=30):
    """Return a matrix of condensed values with bootstrap replicates."""
    return Dissimilarities(
        square(values, len(names)),
        tuple(names),
        KEY,
        replicates,
        units=square(np.full(len(values), units), len(names), units),
    )


def planted(rng, counts, images, spread, *, own=0.5, unequal=None):
    """Return values (n, pairs) of the seeds of some models, their names, their originals, and the
    dissimilarities of the models over all seeds, (m, m).

    A seed is farther from all others by a number of standard deviation `spread`, and from each
    other model by one of `own` times that; `unequal` multiplies both, model by model.
    """
    models = len(counts)
    of = np.repeat(range(models), counts)
    seed = np.concatenate([range(count) for count in counts])
    names = [
        f"m{model}" + (f"-{number}" if number else "")
        for model, number in zip(of, seed, strict=True)
    ]
    originals = {name: name.split("-")[0] for name in names if "-" in name}
    rows, columns = np.triu_indices(len(of), 1)
    spreads = spread * (np.ones(models) if unequal is None else np.array(unequal))[of]
    true = square(0.5 + 0.1 * rng.random(models * (models - 1) // 2), models, 0.2)
    to_all = rng.normal(size=len(of)) * spreads
    to_one = rng.normal(size=(len(of), models)) * own * spreads[:, None]
    both = 0.3 * spread * rng.normal(size=len(rows))
    means = (
        true[of[rows], of[columns]]
        + to_all[rows]
        + to_all[columns]
        + to_one[rows, of[columns]]
        + to_one[columns, of[rows]]
        + both
    )
    noise = 0.1 * rng.normal(size=(images, len(of)))
    values = means + 0.1 * rng.normal(size=(images, 1)) + noise[:, rows] + noise[:, columns]
    return values + 0.1 * rng.normal(size=values.shape), names, originals, true


def crossed(values, names, originals, resamples, rng):
    """Return percentile intervals of a plain bootstrap of images and seeds, by pair of models."""
    own, numbers = seeds.seeds_of(names, originals), pair_numbers(len(names))
    means = unit_weights(np.arange(len(values)), resamples, 0) @ values / len(values)
    drawn = {
        name: rng.multinomial(len(places), np.full(len(places), 1 / len(places)), resamples)
        / len(places)
        for name, places in own.items()
    }
    return {
        (one, other): percentile_interval(
            np.einsum(
                "bi,bij,bj->b",
                drawn[one],
                means[:, numbers[np.ix_(own[one], own[other])]],
                drawn[other],
            )[:, None]
        )[:, 0]
        for place, one in enumerate(own)
        for other in list(own)[place + 1 :]
    }


def coverage(counts, images, spread, draws, resamples=200, **how):
    """Return how often intervals for new seeds, for these weights, and of a plain bootstrap of
    images and seeds hold the dissimilarity over all seeds and images.
    """
    held = []
    for draw in range(draws):
        rng = np.random.default_rng([*counts, images, int(1000 * spread), draw])
        values, names, originals, true = planted(rng, counts, images, spread, **how)
        matrix = matrix_of(
            values.mean(axis=0), names, bootstrap(values, "mean", resamples, draw), images
        )
        plain = crossed(values, names, originals, resamples, rng)
        for row in seeds.compare_seeds(matrix, originals):
            aim = true[int(row["model"][1:]), int(row["other_model"][1:])]
            low, high = plain[row["model"], row["other_model"]]
            held.append(
                (
                    row["seeds_low"] <= aim <= row["seeds_high"],
                    row["weights_low"] <= aim <= row["weights_high"],
                    low <= aim <= high,
                )
            )
    return np.mean(held, axis=0)


def test_the_value_is_the_mean_over_the_seeds_of_both_models():
    names, originals = ["A", "A-b", "B", "B-b", "C"], {"A-b": "A", "B-b": "B"}
    values = np.arange(10.0) / 10
    rows = seeds.compare_seeds(matrix_of(values, names, np.tile(values, (9, 1))), originals)
    full = square(values, 5)
    assert [(row["model"], row["other_model"]) for row in rows] == [
        ("A", "B"),
        ("A", "C"),
        ("B", "C"),
    ]
    assert [row["value"] for row in rows] == pytest.approx(
        [full[:2, 2:4].mean(), full[:2, 4].mean(), full[2:4, 4].mean()]
    )
    assert all(tuple(sorted(row)) == tuple(sorted(seeds.COLUMNS)) for row in rows)
    assert {row["replicated"] for row in rows} == {2}


def test_without_noise_of_images_the_interval_is_that_of_the_pooled_variance_of_seeds():
    names, originals = ["A", "A-b", "B", "B-b", "B-c", "C"], dict.fromkeys(["B-b", "B-c"], "B")
    originals["A-b"] = "A"
    values = np.random.default_rng(0).random(15)
    full = square(values, 6)
    rows = seeds.compare_seeds(matrix_of(values, names, np.tile(values, (9, 1)), 10), originals)
    deviations = [
        full[:2, 2:5].mean(axis=1),
        full[:2, 2:5].mean(axis=0),
        full[:2, 5],
        full[2:5, 5],
    ]
    pooled = sum(((one - one.mean()) ** 2).sum() for one in deviations) / (1 + 2 + 1 + 2)
    half = t.ppf(0.975, 1 + 2) * np.sqrt(pooled * (1 / 2 + 1 / 3))
    assert rows[0]["seeds_high"] - rows[0]["value"] == pytest.approx(half)
    assert rows[0]["seeds_share"] == pytest.approx(1)
    assert rows[0]["weights_low"] == pytest.approx(rows[0]["value"])
    # The single seed of C varies as those of the others do.
    half = t.ppf(0.975, 1 + 2) * np.sqrt(pooled * (1 / 2 + 1))
    assert rows[1]["seeds_high"] - rows[1]["value"] == pytest.approx(half)


def test_what_images_add_to_the_variance_between_seeds_is_taken_off():
    rng = np.random.default_rng(1)
    values, names, originals, _ = planted(rng, [2] * 6, 200, 0.0)
    matrix = matrix_of(values.mean(axis=0), names, bootstrap(values, "mean", 400, 0), 200)
    shares = [row["seeds_share"] for row in seeds.compare_seeds(matrix, originals)]
    assert max(shares) < 0.3


def test_seeds_of_one_model_say_nothing_of_those_of_others():
    values = np.arange(3.0)
    matrix = matrix_of(values, ["A", "A-b", "B"], np.tile(values, (9, 1)))
    assert seeds.compare_seeds(matrix, {"A-b": "A", "C-b": "C"}) == []


def test_an_unknown_dissimilarity_has_no_interval_and_takes_none_from_the_others():
    names, originals = ["A", "A-b", "B", "B-b", "C"], {"A-b": "A", "B-b": "B"}
    values = np.random.default_rng(2).random(10)
    values[3] = np.nan
    rows = seeds.compare_seeds(matrix_of(values, names, np.tile(values, (9, 1))), originals)
    assert np.isnan([rows[1][name] for name in ("value", "seeds_low", "weights_low")]).all()
    assert np.isfinite([rows[place]["seeds_low"] for place in (0, 2)]).all()


@pytest.mark.parametrize("counts", [[2] * 4, [3] * 4, [3, 2, 2, 1, 1, 1]])
def test_intervals_for_new_seeds_hold_the_true_value_where_others_do_not(counts):
    new, weights, plain = coverage(counts, 30, 0.05, 25)
    assert 0.9 <= new <= 0.995
    assert weights < 0.75 and plain < 0.93
