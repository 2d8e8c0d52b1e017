"""The study of metrics: scores as scikit-learn's, maps as the views', prototypes apart from
queries.
"""

import dataclasses
import importlib
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score

from lookalike.core import io, registry
from lookalike.core.errors import InputError
from lookalike.maps.views import view
from lookalike.studies.metric_validation import (
    PREPROCESSINGS,
    choose_pool,
    f1_scores,
    fits,
    preprocess,
    validate,
    validate_all,
)
from lookalike.workflow.config import resolve

ROOT = Path(__file__).parent.parent.parent
COSINE = {"cosine": (registry.get("metric", "cosine"), {})}
LABELS = np.repeat(["ant", "bee", "cow"], 8)


def separable_maps(noise, seed=0):
    """Return maps, shape (24, 12, 12), of three classes, each with its own bright stripe."""
    maps = noise * np.random.default_rng(seed).random((24, 12, 12))
    for place in range(24):
        maps[place, 4 * (place // 8) : 4 * (place // 8) + 4] += 1
    return maps


def test_scores_are_scikit_learns():
    rng = np.random.default_rng(0)
    for _ in range(20):
        true, predicted = rng.choice(list("abcd"), 30), rng.choice(list("abce"), 30)
        expected = [
            f1_score(true, predicted, average=average, zero_division=0)
            for average in ("macro", "weighted")
        ]
        np.testing.assert_allclose(f1_scores(true, predicted), expected, atol=1e-12)


def test_preprocessings_are_all_combinations_of_the_three_steps():
    assert PREPROCESSINGS == ["none", "C", "N", "S", "CN", "CS", "NS", "CNS"]
    raw = np.random.default_rng(1).normal(scale=2, size=(3, 10, 10))
    np.testing.assert_array_equal(preprocess(raw, "none", 10), raw)
    np.testing.assert_array_equal(
        preprocess(raw, "CNS", 10)[1],
        view(raw[1], size=10, clip=(-1, 1), sobel=True, scale="minmax"),
    )
    clipped = preprocess(raw, "C", 10)
    assert clipped.min() == -1 and clipped.max() == 1
    assert preprocess(raw, "N", 10).min() == 0


def sobel_by_hand(saliency):
    """Return the gradient's magnitude, from the eight neighbours of each pixel; edges repeated."""
    wide = np.pad(saliency, 1, mode="symmetric")
    down = wide[2:] - wide[:-2]
    right = wide[:, 2:] - wide[:, :-2]
    return np.hypot(
        down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:], right[:-2] + 2 * right[1:-1] + right[2:]
    )


@pytest.mark.parametrize("name", PREPROCESSINGS)
def test_every_preprocessing_clips_then_takes_the_gradient_then_scales_each_map(name):
    raw = np.random.default_rng(4).normal(scale=2, size=(3, 10, 10))
    for found, expected in zip(preprocess(raw, name, 10), raw, strict=True):
        if "C" in name:
            expected = np.clip(expected, -1, 1)
        if "S" in name:
            expected = sobel_by_hand(expected)
        if "N" in name:
            expected = (expected - expected.min()) / (expected.max() - expected.min())
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", PREPROCESSINGS)
def test_preprocessing_equals_a_view_of_the_same_steps(name):
    raw = [
        np.random.default_rng(place).normal(scale=2, size=(7, 5 + place)).astype(np.float32)
        for place in range(3)
    ]
    steps = {
        "clip": (-1, 1) if "C" in name else None,
        "sobel": "S" in name,
        "scale": "minmax" if "N" in name else "none",
    }
    np.testing.assert_array_equal(
        preprocess(raw, name, 10), [view(saliency, size=10, **steps) for saliency in raw]
    )


def test_separable_classes_are_separated_and_noise_is_not():
    rows = validate(COSINE, separable_maps(0.1), LABELS, prototypes=2, draws=5, seed=0)
    assert [row["draw"] for row in rows] == [0, 1, 2, 3, 4]
    assert all(row["macro_f1"] == row["weighted_f1"] == 1 for row in rows)
    noise = np.random.default_rng(2).random((24, 12, 12))
    scores = [
        row["macro_f1"] for row in validate(COSINE, noise, LABELS, prototypes=2, draws=40, seed=0)
    ]
    assert 0.15 < np.mean(scores) < 0.5


@pytest.mark.parametrize("name", registry.names("metric"))
def test_every_metric_that_knows_place_separates_stripes(name):
    metric = registry.get("metric", name)
    maps = separable_maps(0.1)
    maps = maps - 0.5 if metric.views == "signed" else maps
    scores = [
        row["macro_f1"]
        for row in validate({"it": (metric, {})}, maps, LABELS, prototypes=2, draws=3, seed=0)
    ]
    assert min(scores) == 1 if "place" not in metric.ignores else np.mean(scores) < 0.9


def test_draws_repeat_for_a_seed_and_differ_between_seeds():
    noise = np.random.default_rng(3).random((24, 12, 12))
    given = {"prototypes": 2, "draws": 4}
    assert validate(COSINE, noise, LABELS, seed=1, **given) == validate(
        COSINE, noise, LABELS, seed=1, **given
    )
    assert validate(COSINE, noise, LABELS, seed=1, **given) != validate(
        COSINE, noise, LABELS, seed=2, **given
    )


def test_a_prototype_is_never_its_own_query():
    # Every map is unlike all others: a query could only be right by being its own prototype, or by
    # chance.
    maps = np.eye(24)[:, :, None] * np.ones((1, 1, 12))
    rows = validate(
        COSINE, maps, [f"class{place // 2}" for place in range(24)], prototypes=1, draws=5, seed=0
    )
    assert max(row["macro_f1"] for row in rows) < 0.5


def test_draws_have_prototypes_of_their_own():
    noise = np.random.default_rng(3).random((24, 12, 12))
    assert (
        len(
            {
                row["macro_f1"]
                for row in validate(COSINE, noise, LABELS, prototypes=2, draws=6, seed=1)
            }
        )
        > 1
    )


def recording(metric):
    """Return the metric, and a list that notes the options of each call and how many maps it
    took.
    """
    calls = []

    def prepare(maps, *, share=0.1, data_range=1.0):
        calls.append(("prepare", share, data_range))
        return metric.prepare(maps)

    def kernel(x, y, *, share=0.1, data_range=1.0):
        calls.append(("kernel", share, data_range))
        return metric.kernel(x, y)

    return dataclasses.replace(metric, prepare=prepare, kernel=kernel, bounded=True), calls


@pytest.mark.parametrize(("offset", "data_range"), [(0.0, 1.0), (-0.5, 2.0)])
def test_metric_is_given_its_options_and_the_range_of_the_maps(offset, data_range):
    metric, calls = recording(COSINE["cosine"][0])
    validate(
        {"it": (metric, {"share": 0.25})},
        separable_maps(0.1) + offset,
        LABELS,
        prototypes=2,
        draws=2,
        seed=0,
    )
    assert set(calls) == {("prepare", 0.25, data_range), ("kernel", 0.25, data_range)}


def numbered(distance):
    """Return a metric that is `distance` of the maps' numbers, and maps (24, 1, 1) that hold their
    numbers.
    """

    def kernel(x, y):
        return np.array([[distance(one, other) for other in y] for one in x], dtype=float)

    return dataclasses.replace(
        COSINE["cosine"][0], prepare=lambda maps: maps[:, 0, 0].astype(int), kernel=kernel
    ), np.arange(24.0).reshape(24, 1, 1)


def test_all_prototypes_of_a_class_are_used_and_the_nearest_alone_counts():
    # A map is near its successor of the same class alone, so that it is right only if that one was
    # drawn.
    metric, maps = numbered(
        lambda one, other: (
            0.1 if LABELS[one] == LABELS[other] and abs(one - other) in {1, 7} else 1.0
        )
    )
    few, many = (
        [
            row["macro_f1"]
            for row in validate(
                {"it": (metric, {})}, maps, LABELS, prototypes=count, draws=10, seed=0
            )
        ]
        for count in (1, 7)
    )
    assert min(many) == 1
    assert max(few) < 0.8


def test_a_prototype_for_which_the_metric_is_undefined_is_never_the_nearest():
    blank = {0, 8, 16}
    metric, maps = numbered(
        lambda one, other: np.nan if {one, other} & blank else float(LABELS[one] != LABELS[other])
    )
    scores = [
        row["macro_f1"]
        for row in validate({"it": (metric, {})}, maps, LABELS, prototypes=2, draws=20, seed=0)
    ]
    # At most the three blank queries of 18 can be wrong.
    assert min(scores) > 0.8


def test_no_metric_is_no_row():
    assert validate({}, separable_maps(0.1), LABELS, prototypes=2, draws=1, seed=0) == []


@pytest.mark.parametrize(("labels", "prototypes"), [(LABELS, 8), (np.repeat("ant", 24), 2)])
def test_too_few_maps_or_classes_are_refused(labels, prototypes):
    with pytest.raises(InputError, match="prototypes need at least two classes"):
        validate(COSINE, separable_maps(0.1), labels, prototypes=prototypes, draws=1, seed=0)


def test_the_pool_is_balanced_and_holds_every_image_once():
    labels = np.repeat(["ant", "bee"], [10, 20])
    images = [f"image{place % 5}" if place < 10 else f"other{place % 10}" for place in range(30)]
    pool = choose_pool(labels, images, 4, seed=0)
    assert sorted(labels[pool]) == ["ant"] * 4 + ["bee"] * 4
    assert len({images[place] for place in pool}) == 8
    np.testing.assert_array_equal(pool, choose_pool(labels, images, 4, seed=0))
    np.testing.assert_array_equal(pool, np.sort(pool))
    assert len(choose_pool(labels, images, 99, seed=0)) == 15


def test_the_pool_of_a_seed_is_drawn_among_all_maps_of_an_image_and_all_images_of_a_class():
    labels, alone, shared = (
        np.repeat(["ant", "bee"], 10),
        np.arange(20),
        np.repeat(np.arange(2), 10),
    )
    assert set(np.concatenate([choose_pool(labels, alone, 4, seed) for seed in range(20)])) == set(
        range(20)
    )
    assert set(np.concatenate([choose_pool(labels, shared, 1, seed) for seed in range(60)])) == set(
        range(20)
    )


def test_metrics_fit_maps_of_the_signs_and_range_that_they_are_defined_for():
    signed, unsigned = np.array([[[-1.0, 1.0]]]), np.array([[[0.0, 1.0]]])
    jaccard, signs, ssim = (
        registry.get("metric", name) for name in ("jaccard", "sign_agreement", "ssim")
    )
    assert fits(jaccard, unsigned, "none") and not fits(jaccard, signed, "none")
    assert fits(signs, signed, "none") and not fits(signs, unsigned, "none")
    assert fits(ssim, unsigned, "NS") and fits(ssim, signed, "C")
    assert not fits(ssim, signed, "none") and not fits(ssim, unsigned, "CS")


def test_config_leaves_out_what_does_not_fit_a_views_signs_and_says_so():
    config = {
        "models": {"ResNet": {"timm": "test_resnet"}, "ViT": {"timm": "test_vit"}},
        "methods": {
            "ig": {"explain": "integrated_gradients"},
            "ig_abs": {"from": "ig", "sign": "absolute"},
        },
        "metrics": ["jaccard", "sign_agreement"],
    }
    resolved = resolve(config)
    assert resolved["comparisons"] == [("ig", "sign_agreement"), ("ig_abs", "jaccard")]
    assert resolved["left_out"] == [
        "jaccard on ig: it speaks of unsigned maps only",
        "sign_agreement on ig_abs: it speaks of signed maps only",
    ]


def test_maps_of_real_digits_are_told_apart_and_one_seed_gives_one_table(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "examples")
    digits = importlib.import_module("digits")
    monkeypatch.setattr(digits, "EPOCHS", 2)
    digits.main(tmp_path)
    maps, rows = np.load(tmp_path / "maps.npy"), io.read_table(tmp_path / "labels.csv")
    assert maps.shape == (1797, 8, 8) and len({row["label"] for row in rows}) == 10
    images, labels = ([row[column] for row in rows] for column in ("image", "label"))
    metrics = COSINE | {"sign_agreement": (registry.get("metric", "sign_agreement"), {})}

    def table():
        pool = choose_pool(labels, images, 12, 0)
        own = [labels[index] for index in pool]
        return validate_all(metrics, maps[pool], own, size=8, prototypes=5, draws=3, seed=0)

    first = table()
    assert first == table()
    plain = [row for row in first if row["preprocessing"] == "none"]
    assert min(row["macro_f1"] for row in plain) > 0.6
    assert all(0 <= row["weighted_f1"] <= 1 for row in first)
