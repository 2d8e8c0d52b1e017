"""Pruning: criteria and rankings against plain loops, strategies, random control, and what it does
to errors and maps.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.images.scores import similarity_of_scores
from lookalike.inference.variants import measure_heads, over_draws
from lookalike.models import pruning
from lookalike.models.alignment import misalignment
from lookalike.models.heads import attach_head
from lookalike.models.loading import load_model
from lookalike.models.networks import VisionModel, build_network, save_model, to_tensor
from lookalike.models.pruning import (
    choose_count,
    cumulative_masks,
    drop_channels,
    order_of,
    rank_channels,
    squared_errors,
)

few_examples = settings(max_examples=50, deadline=None, derandomize=True, database=None)

torch.set_num_threads(1)

ERRORS = arrays(float, st.integers(1, 12), elements=st.floats(0, 9).map(lambda x: round(x, 1)))


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    net = (
        attach_head(build_network({"timm": "test_resnet", "options": {}}, 0), 96, [8], 0.0)
        .eval()
        .requires_grad_(False)
    )
    return VisionModel(net, torch.zeros(1, 3, 1, 1), torch.ones(1, 3, 1, 1), ["score"])


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, size=(7, 64, 64, 3), dtype=np.uint8)


def without(model, images, channels, read):
    """Run the whole network with channels of layer4 zeroed by a hook."""

    def drop(module, inputs, output):
        output = output.clone()
        output[:, channels] = 0
        return output

    handle = model.net.layer4.register_forward_hook(drop)
    try:
        with torch.no_grad():
            return read(to_tensor(images)).double().numpy()
    finally:
        handle.remove()


def test_ranking_by_the_error_equals_a_plain_loop(model, images, rng):
    scores = rng.normal(size=7)
    rows, curve = rank_channels(
        model,
        None,
        *[(images, squared_errors(scores))] * 2,
        by="ais_regression",
        strategy="best_count",
    )

    def error(channels):
        return ((without(model, images, channels, model.logits)[:, 0] - scores) ** 2).mean()

    found = [row["importance"] for row in rows]
    np.testing.assert_allclose(found, [error([k]) - error([]) for k in range(96)], atol=1e-6)
    order = np.argsort([row["place"] for row in rows])
    assert (np.diff(np.array(found)[order]) <= 0).all() and [
        row["channel"] for row in rows
    ] == list(range(96))
    for kept in (1, 40, 96):
        assert curve[kept - 1] == {
            "kept": kept,
            "error": pytest.approx(error(order[kept:].tolist()), abs=1e-6),
        }
    assert sum(row["kept"] for row in rows) == max(
        row["kept"] for row in curve if row["error"] == min(other["error"] for other in curve)
    )


def test_ranking_by_alignment_equals_a_plain_loop(model, images, rng, monkeypatch):
    human = similarity_of_scores(rng.random(7))
    # Few masks at a time, so that there are several rounds.
    monkeypatch.setattr(pruning, "OUTPUTS_AT_ONCE", 7 * 96 * 20)
    rows, _ = rank_channels(
        model,
        "layer4",
        *[(images, misalignment(human))] * 2,
        by="ais_alignment",
        strategy="stepwise",
    )
    pairs = np.triu_indices(7, 1)

    def error(channels):
        similarities = np.corrcoef(without(model, images, channels, model.features))
        return 1 - np.corrcoef(similarities[pairs], human[pairs])[0, 1] ** 2

    np.testing.assert_allclose(
        [row["importance"] for row in rows], [error([k]) - error([]) for k in range(96)], atol=1e-6
    )


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@few_examples
@given(ERRORS)
def test_the_best_count_has_the_least_error_and_is_the_largest_such(errors):
    count = choose_count(errors, "best_count")
    assert errors[count - 1] == errors.min() and (errors[count:] > errors.min()).all()


@few_examples
@given(ERRORS)
def test_stepwise_goes_down_as_long_as_the_error_falls(errors):
    count = choose_count(errors, "stepwise")
    assert (np.diff(errors[count - 1 :]) > 0).all()
    assert count == 1 or errors[count - 2] >= errors[count - 1]


@few_examples
@given(arrays(float, st.integers(1, 20), elements=st.floats(-1, 1)))
def test_cumulative_masks_keep_the_most_useful_first(scores):
    order = order_of(scores)
    masks = cumulative_masks(order)
    assert masks.sum(axis=1).tolist() == list(range(1, len(scores) + 1))
    assert (masks[:-1] <= masks[1:]).all()
    assert scores[masks[0]].max() == scores.max()


def ranking(kept):
    return [{"channel": str(channel), "kept": str(int(one))} for channel, one in enumerate(kept)]


def test_what_is_not_kept_is_dropped_and_the_control_drops_as_many_elsewhere():
    table = ranking([1, 0, 1, 1, 0, 1, 1, 1, 1, 1] * 4)
    by_score = drop_channels(table, 0, "A", 0)
    draws = [drop_channels(table, draw, "A", 0) for draw in (1, 2, 3)]
    assert by_score == [channel for channel, row in enumerate(table) if row["kept"] == "0"]
    assert all(len(set(draw)) == len(draw) == len(by_score) and max(draw) < 40 for draw in draws)
    assert len({tuple(draw) for draw in (by_score, *draws)}) == 4
    assert drop_channels(table, 1, "A", 0) == draws[0] != drop_channels(table, 1, "B", 0)


def test_a_variant_is_the_weights_of_its_model_without_the_channels(model, images, tmp_path):
    head = {"n_features": 96, "hidden": [8], "dropout": 0.0}
    sidecar = {
        "recipe": {"timm": "test_resnet", "options": {}},
        "classes": ["score"],
        "head": head,
        "accuracy": None,
        "epochs": [],
    }
    save_model(tmp_path / "a.safetensors", model.net, sidecar)
    about = io.read_json(tmp_path / "a.json")
    io.write_json(
        tmp_path / "p.json",
        about | {"pruned": {"from": "a", "layer": "layer4", "channels": 96, "dropped": [0, 7, 95]}},
    )
    pruned = load_model(tmp_path / "a.safetensors", sidecar=tmp_path / "p.json")
    plain = load_model(tmp_path / "a.safetensors")
    with torch.no_grad():
        found = pruned.logits(to_tensor(images)).numpy()
        assert not np.allclose(found, plain.logits(to_tensor(images)).numpy(), atol=1e-6)
    expected = without(plain, images, [0, 7, 95], plain.logits)
    np.testing.assert_allclose(found, expected, atol=1e-6)


VARIANTS = {"A-pruned": {"pruned_from": "A", "draw": 0}} | {
    f"A-random-{draw}": {"pruned_from": "A", "draw": draw} for draw in (1, 2)
}
PRUNED = {"pruned": {"channels": 8, "dropped": [1, 2]}}


def test_held_out_errors_are_compared_on_the_same_resamples(rng):
    scores = rng.normal(size=200)
    noise = {"A": 0.42, "A-pruned": 0.4, "A-random-1": 0.8, "A-random-2": 1.0, "B": 0.3}
    shared = rng.normal(size=200)
    predictions = {
        model: (list(range(200)), scores, scores + amount * shared)
        for model, amount in noise.items()
    }
    heads, pruning_rows = measure_heads(
        predictions, {model: PRUNED if "-" in model else {} for model in noise}, VARIANTS, 500, 0
    )
    assert [(row["model"], row["pruned_from"], row["dropped"]) for row in heads] == [
        ("A", None, 0),
        ("A-pruned", "A", 2),
        ("A-random-1", "A", 2),
        ("A-random-2", "A", 2),
        ("B", None, 0),
    ]
    assert (
        heads[0]["rmse"] == pytest.approx(0.42 * np.sqrt((shared**2).mean()))
        and heads[0]["rmse_low"] < heads[0]["rmse"] < heads[0]["rmse_high"]
    )
    baseline, at_random = pruning_rows
    assert (baseline["against"], baseline["draws"], at_random["against"], at_random["draws"]) == (
        "baseline",
        1,
        "random",
        2,
    )
    assert at_random["other"] == pytest.approx(0.9 * np.sqrt((shared**2).mean()))
    # All errors rise and fall with the same images, so that the paired difference is sure where the
    # errors are not.
    assert baseline["difference_high"] < 0 and heads[1]["rmse_high"] > heads[0]["rmse_low"]
    # Of two draws hardly anything is known of a third.
    assert at_random["difference_low"] < -1 < 0.2 < at_random["difference_high"]


@pytest.mark.parametrize("draws", [2, 3, 5, 20])
def test_a_mean_over_draws_knows_that_other_draws_were_possible(draws):
    rng, covered = np.random.default_rng(draws), []
    for seed in range(300):
        values = rng.normal(size=(draws, 1)) + np.zeros((1, 1001))
        low, high = np.percentile(over_draws(values, seed)[1:], (2.5, 97.5))
        covered.append(low <= 0 <= high)
    assert 0.9 <= np.mean(covered) <= 0.99


def test_draws_without_a_value_do_not_count_and_one_draw_says_nothing_of_others():
    values = np.array([[1.0, 1.1], [np.nan, 2.0], [3.0, 2.9]])
    assert over_draws(values, 0)[0] == 2
    assert over_draws(values[:1], 0)[0] == 1 and np.isnan(over_draws(values[:1], 0)[1])
    assert np.isnan(over_draws(values[1:2], 0)).all()


def test_pruning_by_alignment_is_measured_by_alignment():
    predictions = {
        name: (["x", "y", "z"], np.arange(3.0), np.arange(3.0)) for name in ("A", "A-pruned")
    }
    alignments = {"A": np.array([0.5, 0.4, 0.6]), "A-pruned": np.array([0.7, 0.6, 0.8])}
    sidecars = {"A": {}, "A-pruned": PRUNED}
    heads, (row,) = measure_heads(
        predictions, sidecars, {"A-pruned": {"pruned_from": "A", "draw": 0}}, 2, 0, alignments
    )
    assert [one["alignment"] for one in heads] == [0.5, 0.7]
    assert (
        row["criterion"] == "1 - r² of similarities"
        and row["error"] == pytest.approx(0.3)
        and row["difference"] == pytest.approx(-0.2)
    )


def test_predictions_of_other_images_are_refused():
    predictions = {
        "A": (["x", "y"], np.zeros(2), np.ones(2)),
        "B": (["x", "z"], np.zeros(2), np.ones(2)),
    }
    with pytest.raises(InputError, match="A and B hold different images"):
        measure_heads(predictions, {"A": {}, "B": {}}, {}, 5, 0)


def test_alignment_of_a_few_images_ranks_no_channel(tmp_path):
    with pytest.raises(InputError, match="pruning by ais_alignment needs at least 4 images"):
        pruning.criterion_of("ais_alignment", ["a", "b", "c"], tmp_path / "scores.csv")


def test_without_draws_there_is_no_random_control(rng):
    names, variants = ["A", "A-pruned"], {"A-pruned": {"pruned_from": "A", "draw": 0}}
    predictions = {name: (["x", "y"], np.array([0.0, 1.0]), np.array([0.5, 0.7])) for name in names}
    _, rows = measure_heads(predictions, {"A": {}, "A-pruned": PRUNED}, variants, 10, 0)
    assert [one["against"] for one in rows] == ["baseline"]
