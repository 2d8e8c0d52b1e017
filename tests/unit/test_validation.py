import numpy as np
import pytest
from sklearn.metrics import f1_score

from lookalike import registry
from lookalike.errors import InputError
from lookalike.maps import view
from lookalike.validation import PREPROCESSINGS, choose_pool, f1_scores, fits, preprocess, validate

COSINE = registry.get("metric", "cosine")
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
        expected = [f1_score(true, predicted, average=average, zero_division=0) for average in ("macro", "weighted")]
        np.testing.assert_allclose(f1_scores(true, predicted), expected, atol=1e-12)


def test_preprocessings_are_all_combinations_of_the_three_steps():
    assert PREPROCESSINGS == ["none", "C", "N", "S", "CN", "CS", "NS", "CNS"]
    raw = np.random.default_rng(1).normal(scale=2, size=(3, 10, 10))
    np.testing.assert_array_equal(preprocess(raw, "none", 10), raw)
    np.testing.assert_array_equal(preprocess(raw, "CNS", 10)[1], view(raw[1], size=10, clip=(-1, 1), sobel=True, scale="minmax"))
    clipped = preprocess(raw, "C", 10)
    assert clipped.min() == -1 and clipped.max() == 1
    assert preprocess(raw, "N", 10).min() == 0


def test_separable_classes_are_told_apart_and_noise_is_not():
    rows = validate(COSINE, {}, separable_maps(0.1), LABELS, prototypes=2, draws=5, seed=0)
    assert [row["draw"] for row in rows] == [0, 1, 2, 3, 4]
    assert all(row["macro_f1"] == row["weighted_f1"] == 1 for row in rows)
    noise = np.random.default_rng(2).random((24, 12, 12))
    scores = [row["macro_f1"] for row in validate(COSINE, {}, noise, LABELS, prototypes=2, draws=40, seed=0)]
    assert 0.15 < np.mean(scores) < 0.5


def test_draws_repeat_for_a_seed_and_differ_between_seeds():
    noise = np.random.default_rng(3).random((24, 12, 12))
    given = {"prototypes": 2, "draws": 4}
    assert validate(COSINE, {}, noise, LABELS, seed=1, **given) == validate(COSINE, {}, noise, LABELS, seed=1, **given)
    assert validate(COSINE, {}, noise, LABELS, seed=1, **given) != validate(COSINE, {}, noise, LABELS, seed=2, **given)


def test_a_prototype_is_never_its_own_query():
    # Every map is unlike all others: a query could only be right by being its own prototype, or by chance.
    maps = np.eye(24)[:, :, None] * np.ones((1, 1, 12))
    rows = validate(COSINE, {}, maps, [f"class{place // 2}" for place in range(24)], prototypes=1, draws=5, seed=0)
    assert max(row["macro_f1"] for row in rows) < 0.5


@pytest.mark.parametrize(("labels", "prototypes"), [(LABELS, 8), (np.repeat("ant", 24), 2)])
def test_too_few_maps_or_classes_are_refused(labels, prototypes):
    with pytest.raises(InputError, match="prototypes want two classes or more"):
        validate(COSINE, {}, separable_maps(0.1), labels, prototypes=prototypes, draws=1, seed=0)


def test_the_pool_is_balanced_and_holds_every_image_once():
    labels = np.repeat(["ant", "bee"], [10, 20])
    images = [f"image{place % 5}" if place < 10 else f"other{place % 10}" for place in range(30)]
    pool = choose_pool(labels, images, 4, seed=0)
    assert sorted(labels[pool]) == ["ant"] * 4 + ["bee"] * 4
    assert len({images[place] for place in pool}) == 8
    np.testing.assert_array_equal(pool, choose_pool(labels, images, 4, seed=0))
    assert len(choose_pool(labels, images, 99, seed=0)) == 15


def test_metrics_fit_maps_of_the_signs_and_range_that_they_speak_of():
    signed, unsigned = np.array([[[-1.0, 1.0]]]), np.array([[[0.0, 1.0]]])
    jaccard, signs, ssim = (registry.get("metric", name) for name in ("jaccard", "sign_agreement", "ssim"))
    assert fits(jaccard, unsigned, "none") and not fits(jaccard, signed, "none")
    assert fits(signs, signed, "none") and not fits(signs, unsigned, "none")
    assert fits(ssim, unsigned, "NS") and fits(ssim, signed, "C")
    assert not fits(ssim, signed, "none") and not fits(ssim, unsigned, "CS")
