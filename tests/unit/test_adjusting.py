"""Means of pairs that lack images: against least squares by NumPy, and on planted data."""

import numpy as np
import pytest
from planting import planted_table

from lookalike.compare.adjusting import adjusted_means
from lookalike.compare.aggregation import dissimilarities_of, summarise
from lookalike.compare.dissimilarities import Key
from lookalike.compare.image_table import ImageTable
from lookalike.compare.resampling import bootstrap, split_halves
from lookalike.compare.summary import summarise_images
from lookalike.core import registry


def table_with_image_effects(seed, images, models, missing):
    rng = np.random.default_rng(seed)
    pairs = models * (models - 1) // 2
    values = 10 + rng.normal(size=(images, pairs)) + 3 * rng.normal(size=(images, 1))
    values[rng.random(values.shape) < missing] = np.nan
    return values


def least_squares(values, weights):
    """Return the pairs' means by least squares, with image effects whose weighted sum is 0."""
    used = np.isfinite(values)
    images, pairs = np.nonzero(used)
    n, number = values.shape
    design = np.zeros((len(images) + 1, number + n))
    design[range(len(images)), pairs] = design[range(len(images)), number + images] = 1
    design[:-1] *= np.sqrt(weights[images])[:, None]
    design[-1, number:] = weights * used.any(axis=1)
    wanted = np.append(np.sqrt(weights[images]) * values[used], 0)
    return np.linalg.lstsq(design, wanted, rcond=None)[0][:number]


@pytest.mark.parametrize(
    ("images", "models", "missing"), [(20, 6, 0.1), (30, 8, 0.5), (12, 4, 0.3)]
)
def test_means_are_those_of_least_squares_under_every_row_of_weights(images, models, missing):
    values = table_with_image_effects(1, images, models, missing)
    drawn = np.random.default_rng(2).multinomial(images, np.full(images, 1 / images), size=10)
    weights = np.vstack([np.ones(images), drawn]).astype(float)
    for found, one in zip(adjusted_means(weights, values), weights, strict=True):
        known = one @ np.isfinite(values) > 0
        np.testing.assert_allclose(found[known], least_squares(values, one)[known], atol=1e-8)
        assert np.isnan(found[~known]).all()


def test_complete_tables_keep_their_plain_means_to_the_bit():
    values = table_with_image_effects(3, 16, 5, 0)
    weights = np.random.default_rng(0).multinomial(16, np.full(16, 1 / 16), size=4).astype(float)
    np.testing.assert_allclose(
        adjusted_means(weights, values), weights @ values / 16, rtol=0, atol=1e-12
    )
    found = summarise(values)
    np.testing.assert_array_equal(found["dissimilarity"], found["mean"])
    np.testing.assert_array_equal(dissimilarities_of(values, "mean"), values.mean(axis=0))


def test_only_the_dissimilarity_is_adjusted():
    values = table_with_image_effects(4, 24, 5, 0)
    plain = summarise(values)
    # Images on which all maps are less alike.
    values[np.argsort(values.mean(axis=1))[-8:], 0] = np.nan
    found = summarise(values)
    assert found["mean"][0] == pytest.approx(np.nanmean(values[:, 0]))
    assert found["n"].tolist() == [16] + [24] * 9
    assert found["mean"][0] < plain["mean"][0] - 1
    assert found["dissimilarity"][0] == pytest.approx(plain["mean"][0], abs=0.5)
    squared = summarise(values, "mean_std")
    np.testing.assert_allclose(
        squared["dissimilarity"], np.hypot(found["dissimilarity"], found["std"])
    )


def test_chance_is_adjusted_for_the_images_and_partners_that_a_pair_lacks():
    rng = np.random.default_rng(6)
    images, names = (tuple(map(str, range(count))) for count in (24, 5))
    of_image, of_pair = 3 * rng.normal(size=24), rng.normal(size=10)
    values = 10 + of_image[:, None] + of_pair
    rolled = [np.roll(of_image, -1 - step) for step in range(4)]
    chance = 15 + np.array([of_image + partner for partner in rolled])[:, :, None] + of_pair
    # The first pair lacks the images on which all are less alike, as images and as partners.
    lacking = np.zeros(24, bool)
    lacking[np.argsort(of_image)[-8:]] = True
    values[lacking, 0] = np.nan
    for step in range(4):
        chance[step, lacking | np.roll(lacking, -1 - step), 0] = np.nan
    found = summarise_images(
        ImageTable(values, chance, images, names, Key("m", "mse")),
        registry.get("metric", "mse"),
        aggregate="mean",
        resamples=2,
        seed=0,
        originals={name: name for name in names},
    ).matrices
    pairs = np.triu_indices(5, 1)
    level = 15 + 2 * of_image.mean()
    np.testing.assert_allclose(found["chance"][pairs], level + of_pair)
    np.testing.assert_allclose(found["dissimilarity"][pairs], 10 + of_image.mean() + of_pair)
    assert found["dissimilarity"][0, 1] > found["mean"][0, 1] + 1


def test_parts_of_a_table_that_share_no_value_are_taken_to_be_alike():
    values = np.full((6, 6), np.nan)
    values[:3, :3], values[3:, 3:] = [[1], [2], [3]], [[5], [7], [9]]
    np.testing.assert_allclose(adjusted_means(np.ones((1, 6)), values)[0], [2, 2, 2, 7, 7, 7])


def test_halves_of_incomplete_tables_hold_the_means_of_their_images():
    values = table_with_image_effects(5, 20, 5, 0.2)
    for first, second in split_halves(values, "mean", 5, 0):
        assert not np.allclose(first, second)
    halves = split_halves(values, "mean", 400, 0)
    np.testing.assert_allclose(
        halves.mean(axis=(0, 1)), summarise(values)["dissimilarity"], atol=0.1
    )


@pytest.mark.parametrize(
    "planted", [{"lacking": 0.2}, {"accuracies": np.append(0.3, np.full(5, 0.9))}]
)
def test_a_model_that_lacks_the_hardest_images_is_no_nearer_to_the_others(planted):
    own, others, plain, covered = [], [], [], []
    for draw in range(40):
        table = planted_table(np.random.default_rng(draw), 6, "cosine", images=40, **planted)
        found = summarise(table.values)
        own.append(found["dissimilarity"][:5].mean())
        others.append(found["dissimilarity"][5:].mean())
        plain.append(found["mean"][:5].mean() - found["mean"][5:].mean())
        draws = bootstrap(table.values, "mean", 100, draw)
        low, high = np.percentile(
            draws[:, :5].mean(axis=1) - draws[:, 5:].mean(axis=1), (2.5, 97.5)
        )
        covered.append(low <= 0 <= high)
    assert np.mean(plain) < -0.008
    assert np.mean(own) == pytest.approx(np.mean(others), abs=0.006)
    assert np.mean(covered) >= 0.85
