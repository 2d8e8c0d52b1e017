"""The values of single images: shapes against SciPy, planted dispersion, groups and outliers."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from lookalike.compare.dissimilarities import Key
from lookalike.compare.image_table import ImageTable
from lookalike.core.condensed import condensed
from lookalike.plots.shapes import mean_and_dispersion, unusual_pairs
from lookalike.plots.style import save
from lookalike.studies import histograms as study
from lookalike.studies import shapes


def table_of(values, models, units=None):
    images = tuple(f"image{number}" for number in range(len(values)))
    names = tuple(f"model {number}" for number in range(models))
    units = np.arange(len(values)) if units is None else units
    chance = np.full((1, *values.shape), 0.8)
    return ImageTable(values, chance, images, names, Key("gradcam", "cosine"), units)


def planted_values(rng, models=6, images=64, spread=0.05):
    places = np.array([0, 1, 3.5, 5.5, 12, 13.5])[:models]
    apart = 0.02 * condensed(np.abs(places[:, None] - places))
    return 0.3 + apart + spread * rng.normal(size=(images, len(apart)))


def described(table, resamples=100):
    return (
        study.compare_summaries(table, resamples, 0),
        shapes.describe_pairs(table, resamples, 0),
        shapes.describe_images(table),
    )


def test_shapes_are_those_of_scipy():
    values = np.random.default_rng(0).gamma(2.0, size=(40, 10))
    found = shapes.shapes(np.ones((1, 40)), values)
    skewness = stats.skew(values, bias=False)
    np.testing.assert_allclose(found["skewness"][0], skewness)
    excess = stats.kurtosis(values, bias=False)
    expected = (skewness**2 + 1) / (excess + 3 * 39**2 / (38 * 37))
    np.testing.assert_allclose(found["bimodality"][0], expected)
    # An image that counts twice is as two equal ones; one that lacks does not count.
    weights = np.ones((1, 40))
    weights[0, :3] = [2, 0, 3]
    several = np.repeat(values, weights[0].astype(int), axis=0)
    np.testing.assert_allclose(
        shapes.shapes(weights, values)["skewness"][0], stats.skew(several, bias=False)
    )
    missing = np.vstack([values, np.full((2, 10), np.nan)])
    np.testing.assert_allclose(shapes.shapes(np.ones((1, 42)), missing)["bimodality"][0], expected)
    assert np.isnan(shapes.shapes(np.ones((1, 9)), np.full((9, 1), 0.3))["skewness"]).all()


def test_the_coefficient_is_that_of_known_distributions():
    rng, n = np.random.default_rng(1), 100_000
    columns = [rng.normal(size=n), rng.random(n), rng.exponential(size=n), rng.integers(0, 2, n)]
    (found,) = shapes.shapes(np.ones((1, n)), np.column_stack(columns))["bimodality"]
    np.testing.assert_allclose(found, [1 / 3, 5 / 9, 5 / 9, 1], atol=0.03)


def test_groups_and_tails_are_found_and_normal_values_have_none():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(100, 300))
    rows = shapes.describe_pairs(table_of(values, 25), 100, 0)
    assert len(rows) == 300
    assert np.mean([row["bimodal"] or row["skewed"] for row in rows]) <= 0.02
    values[:, 0] += 6 * rng.integers(0, 2, 100)
    values[:, 1] = rng.lognormal(sigma=1, size=100)
    two, tail, *_ = shapes.describe_pairs(table_of(values, 25), 100, 0)
    assert two["bimodal"] and not two["skewed"] and tail["skewed"]


@pytest.mark.parametrize("images", [16, 64, 256])
def test_few_pairs_of_normal_values_have_an_outlying_image(images):
    values = np.random.default_rng(3).normal(size=(images, 2000))
    false = (np.abs(shapes.outlyingness(values)) > 1).any(axis=0).mean()
    assert false <= 0.1


def test_a_planted_image_is_named_in_all_pairs_and_in_most():
    rng = np.random.default_rng(4)
    values = planted_values(rng)
    values[7] += 0.6
    values[9, :9] += 0.6
    values[11, :3] += 0.6
    rows = shapes.describe_images(table_of(values, 6))
    assert [row["image"] for row in rows[:3]] == ["image7", "image9", "image11"]
    assert [row["outlying"] for row in rows[:3]] == [1, 1, 0] and rows[0]["score"] > 1
    pair, *_ = shapes.describe_pairs(table_of(values, 6), 50, 0)
    assert set(pair["outlying"].split("; ")) == {"image7", "image9", "image11"}
    text = shapes.say_shapes([], rows)
    assert "image7 (15 of 15)" in text and "image11" not in text


def test_clean_images_are_not_named():
    rng, named = np.random.default_rng(5), []
    for _ in range(100):
        # What makes an image easy or hard for all models is not the same as being outlying.
        values = planted_values(rng, images=48) + 0.05 * rng.normal(size=(48, 1))
        rows = shapes.describe_images(table_of(values, 6))
        named.append(any(row["outlying"] for row in rows))
    assert np.mean(named) <= 0.05


def test_the_mean_is_enough_where_all_pairs_are_as_dispersed():
    rng, enough = np.random.default_rng(6), []
    for _ in range(20):
        row, pairs, images = described(table_of(planted_values(rng), 6), 60)
        enough.append("the mean is enough" in study.conclude(row, pairs, images)[0])
        assert row["rho"] > 0.97 and row["clades"] == 4
        assert 0.8 < row["rho_low"] <= row["rho"] <= row["rho_high"] <= 1
    assert np.mean(enough) >= 0.95


def test_the_mean_is_not_enough_where_dispersion_makes_the_order():
    rng = np.random.default_rng(7)
    # Values of one pair are near 0 or 0.6, whose mean is that of the others.
    means = np.linspace(0.25, 0.35, 15)
    values = means + 0.01 * rng.normal(size=(64, 15))
    values[:, 0] = np.tile([0.0, 0.5], 32)
    row, pairs, images = described(table_of(values, 6))
    assert row["as_far"] < 0.05 and row["rho"] < 0.9
    assert row["moved"] == "model 0 and model 1" and row["places"] > 10
    told, about = study.conclude(row, pairs, images)
    assert "the mean is not enough" in told and "pairs farther than resampled" in told
    assert "of 15 pairs, 1 have values in two groups (model 0 and model 1" in about
    # The same as the matrix of `aggregate: mean_std`, in similarity terms.
    similarity = 1 - values
    expected = np.sqrt((1 - similarity.mean(axis=0)) ** 2 + similarity.std(axis=0, ddof=1) ** 2)
    mean = values.mean(axis=0)
    assert row["rho"] == pytest.approx(stats.spearmanr(mean, expected).statistic)
    assert study.summary_table([row])[0]["clades that stay"].endswith(f"of {row['clades']}")


def test_it_says_when_it_cannot_tell():
    rng = np.random.default_rng(8)
    for values, models, reason in (
        (planted_values(rng, images=5), 6, "needs at least 8 images"),
        (planted_values(rng, models=2), 2, "needs at least 3 independent models"),
        (np.full((20, 15), 0.2), 6, "are equal"),
    ):
        table = table_of(values, models)
        row, pairs, images = described(table, 20)
        (text,) = study.conclude(row, pairs, images)
        assert "cannot tell whether the mean is enough" in text and reason in text
        assert study.summary_table([row]) == []
        assert not any(pair["bimodal"] or pair["skewed"] for pair in pairs)
        assert unusual_pairs(table, pairs, title="few").axes
    copies = table_of(np.repeat(planted_values(rng, images=5), 4, axis=0), 6, np.arange(20) // 4)
    assert "needs at least 8" in study.compare_summaries(copies, 20, 0)["untested"]


def test_figures_are_drawn_with_missing_values(tmp_path: Path):
    values = planted_values(np.random.default_rng(9))
    values[2, 3] = np.nan
    values[5, 1] = 3.0
    table = table_of(values, 6)
    row, pairs, _ = described(table, 20)
    assert not row["untested"] and pairs[3]["images"] == 63 and "image5" in pairs[1]["outlying"]
    families = dict.fromkeys(table.names, "F")
    trees = study.trees_of(table)
    figure = mean_and_dispersion(pairs, trees, table.names, families, title="planted")
    save(figure, [tmp_path / "one.png"])
    assert len(figure.axes) == 3
    save(unusual_pairs(table, pairs, title="planted"), [tmp_path / "two.png"])
