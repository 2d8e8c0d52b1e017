"""The explanation's own error: known noise gives the known share of what lies between models."""

import numpy as np
import pytest

from lookalike.compare.dissimilarities import Key
from lookalike.compare.image_table import ImageTable
from lookalike.core import registry
from lookalike.core.seeding import seed_of
from lookalike.inference.explainer_error import COLUMNS, by_names, compare_runs, measure
from lookalike.methods.second_runs import choose_again

SIDE = 6


def planted(rng, images, models, error, copies=1):
    """Return two runs of maps (images, models, cells) whose noise, of this variance, differs, on
    images that differ in how far models are apart; and the true share of the error, by MSE.
    """
    spread = np.repeat(rng.uniform(0.5, 1.5, images // copies), copies)
    scenes = rng.normal(size=(images // copies, models, SIDE * SIDE))
    signal = np.sqrt(spread)[:, None, None] * np.repeat(scenes, copies, axis=0)
    runs = [signal + np.sqrt(error) * rng.normal(size=signal.shape) for _ in range(2)]
    return *runs, error / (1 + error)


def shares(draws, images, error, copies=1, models=6, runs=None):
    """Return the measured shares of the error, whether intervals hold the true one, and that; with
    so many second runs a model, or one on each image.
    """
    values, held = [], []
    for draw in range(draws):
        rng = np.random.default_rng([draw, images, copies])
        one, other, true = planted(rng, images, models, error, copies)
        rows, columns = np.triu_indices(models, 1)
        own, between = (
            (difference**2).mean(axis=2)
            for difference in (one - other, one[:, rows] - one[:, columns])
        )
        if runs:
            for model in range(models):
                own[rng.permutation(images)[runs:], model] = np.nan
        row = compare_runs(own, between, np.arange(images) // copies, 200, draw)
        values.append(row["ratio"])
        held.append(row["ratio_low"] <= true <= row["ratio_high"])
    return np.array(values), np.array(held), true


@pytest.mark.parametrize("error", [0.05, 0.5])
@pytest.mark.parametrize(("images", "runs"), [(4, None), (30, 3)])
def test_known_noise_gives_the_known_share(images, runs, error):
    values, held, true = shares(60, images, error, runs=runs)
    assert values.mean() == pytest.approx(true, rel=0.03)
    assert 0.85 <= held.mean() <= 1


def test_near_copies_are_drawn_together():
    _, held, _ = shares(60, 32, 0.2, copies=4)
    assert held.mean() >= 0.85
    own = np.repeat([[0.1], [0.2], [0.3]], 4, axis=0)
    row = compare_runs(own, np.ones((12, 1)), np.arange(12) // 4, 200, 0)
    assert (row["n"], row["units"]) == (12, 3) and row["ratio_high"] > 0.3
    row = compare_runs(own[:8], np.ones((8, 1)), np.arange(8) // 4, 200, 0)
    assert row["ratio"] == pytest.approx(0.15) and np.isnan(row["ratio_low"])


def test_second_runs_count_alike_and_other_models_on_the_same_images():
    own = np.array([[0.1, 0.2], [0.3, np.nan], [np.nan, np.nan], [0.5, 0.5]])
    others = np.array([[1.0, 2, 3], [3, 5, np.nan], [9, 9, 9], [np.nan, np.nan, np.nan]])
    row = compare_runs(own, others, np.arange(4), 50, 0)
    assert row["n"] == row["units"] == 2
    assert row["error"] == pytest.approx((0.1 + 0.2 + 0.3) / 3)
    assert row["between"] == pytest.approx((2 + 2 + 4) / 3)
    assert row["ratio"] == pytest.approx(0.6 / 8)
    for one, other in ((own, others[:, :0]), (own[:, :0], others), (own[:0], others[:0])):
        row = compare_runs(one, other, np.arange(len(one)), 50, 0)
        assert np.isnan(row["ratio"]) and set(row) == set(COLUMNS[4:])


def test_both_runs_are_compared_in_the_view_of_the_method():
    rng = np.random.default_rng(0)
    names, images = ("a", "b", "c"), ("i0", "i1", "i2")
    raw = {name: rng.normal(size=(3, SIDE, SIDE)).astype(np.float32) for name in names}
    card = {"images": list(images), "data_range": 1.0, "rounding": ["i0"]}
    card["view"] = {"size": SIDE, "sign": "absolute", "scale": "max_abs"}
    stored = {
        name: np.abs(one) / np.abs(one).max(axis=(1, 2), keepdims=True) for name, one in raw.items()
    }
    batches = {name: (one, card) for name, one in stored.items()}
    # The same maps, but for their scale and sign, of two images in the other order; a has one.
    again = {
        name: {"images": np.array(["i2", "i0"]), "maps": -3 * one[[2, 0]]}
        for name, one in raw.items()
    }
    again["b"]["maps"] = raw["c"][[2, 0]]
    again["a"] = {name: one[:1] for name, one in again["a"].items()}
    mse = registry.get("metric", "mse")
    pairs = [
        mse(stored[one], stored[other])[range(3), range(3)] for one, other in ("ab", "ac", "bc")
    ]
    table = ImageTable(np.transpose(pairs), np.empty((0, 3, 3)), images, names, Key("m", "mse"))
    row = measure(batches, again, table, mse, {}, 50, 0)
    # Of i0 maps are nothing but rounding.
    apart = ((stored["b"][2] - stored["c"][2]) ** 2).mean()
    assert row["error"] == pytest.approx(apart / 3, rel=1e-5)
    assert row["between"] == pytest.approx(np.mean([one[2] for one in pairs]))
    assert tuple(row) == COLUMNS and row["models"] == 3
    assert measure({"a": batches["a"]}, again, table, mse, {}, 50, 0)["error"] < 1e-12


def test_noise_is_its_own_error():
    found = {}
    method = registry.get("method", "random")
    rows = [{"image": f"i{place}", "label": "", "path": ""} for place in range(30)]
    for name in ("first", "again", "other"):
        seeds = [seed_of(0, "noise", name, row["image"]) for row in rows]
        found[name] = method(None, np.empty((30, 3, 8, 8)), None, seeds)[0]
    mse = [
        ((found["first"] - found[name]) ** 2).mean(axis=(1, 2))[:, None]
        for name in ("again", "other")
    ]
    assert compare_runs(*mse, np.arange(30), 50, 0)["ratio"] == pytest.approx(1, abs=0.1)


def test_images_are_explained_again_evenly_over_classes_as_they_come():
    rows = [{"label": label} for label in "aaaabbbccd"]
    assert choose_again(rows, 4) == [0, 4, 7, 9]
    assert choose_again(rows, 6) == [0, 1, 4, 5, 7, 9]
    assert choose_again(rows, 99) == list(range(10))
    assert choose_again(rows, 0) == []
    # From the second in the order 0, 4, 7, 9, 1, ... on, and from the last.
    assert choose_again(rows, 4, 1) == [1, 4, 7, 9]
    assert choose_again(rows, 2, 9) == choose_again(rows, 2, 19) == [0, 3]
    counts = [(1, 1), (10, 2), (30, 3), (128, 13), (5000, 16)]
    for images, count in counts:
        found = choose_again([{"label": ""}] * images, "auto")
        assert found == list(range(count))


def test_cards_say_how_a_second_run_differs():
    again = {name: registry.get("method", name).again for name in registry.names("method")}
    # That the others draw at random is checked by the contract of methods.
    assert {name: change for name, change in again.items() if change} == {
        "integrated_gradients": {"steps": (0.5, 64)}
    }
    method = registry.get("method", "integrated_gradients")
    assert method.options_again({"steps": 33, "baseline": "blur"}) == {
        "steps": 16,
        "baseline": "blur",
    }
    assert method.options_again({"steps": 1})["steps"] == 1
    again = method.options_again({"steps": "auto", "tolerance": 0.02})
    assert again == {"steps": 64, "tolerance": 0.02}
    assert registry.get("method", "kernelshap").options_again({"samples": 9}) == {"samples": 9}


def test_values_are_named_in_the_order_of_pairs():
    assert by_names({"a": "xyz", "b": "xz"}, range(5)) == {
        "a": {"x": 0, "y": 1, "z": 2},
        "b": {"x": 3, "z": 4},
    }
