"""Predictions of every two models: planted ones, and what they have to do with looking alike."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.compare.resampling import bootstrap
from lookalike.core import io
from lookalike.core.condensed import condensed, square
from lookalike.plots.prediction_agreement import scatter_of_pairs, shares_heatmap
from lookalike.studies import prediction_agreement as study
from lookalike.studies.same_predictions import (
    PAIR_COLUMNS,
    Predictions,
    compare_pairs,
    gather_predictions,
    kappas,
    share_matrix,
)

NAMES = tuple(f"model {number}" for number in range(14))


def planted_predictions(rng, models=8, images=60, classes=4, families=2):
    """Models of one family err together; their error rates differ."""
    labels = rng.integers(0, classes, images)
    errors = rng.random((images, families)) < 0.15
    predicted = np.repeat(labels[:, None], models, axis=1)
    for model in range(models):
        wrong = errors[:, model * families // models] | (
            rng.random(images) < 0.05 + 0.2 * model / models
        )
        predicted[wrong, model] = (labels[wrong] + 1 + model % 2) % classes
    right = (predicted == labels[:, None]).astype(float)
    return Predictions(predicted.astype(str), right, NAMES[:models], np.arange(images))


def matrix_of(values, names, replicates=None, metric="cosine"):
    replicates = np.empty((0, len(values))) if replicates is None else replicates
    return Dissimilarities(
        square(values, len(names)), names, Key("gradcam", metric, "all"), replicates
    )


def test_counts_are_those_of_a_plain_loop():
    predictions = planted_predictions(np.random.default_rng(0))
    rows = compare_pairs(predictions, 100, 0)
    assert len(rows) == 28 and rows[0].keys() == set(PAIR_COLUMNS)
    for row in rows:
        one, other = (predictions.names.index(row[name]) for name in ("model", "other"))
        pairs = list(zip(predictions.classes[:, one], predictions.classes[:, other], strict=True))
        assert row["same"] == sum(a == b for a, b in pairs)
        assert row["same"] + row["different"] == row["images"] == 60
        both = predictions.right[:, [one, other]].sum(axis=1)
        assert (row["both_right"], row["both_wrong"]) == ((both == 2).sum(), (both == 0).sum())
        assert row["share_same_low"] <= row["share_same"] <= row["share_same_high"]
    shares = share_matrix(rows, 8)
    assert (np.diag(shares) == 1).all() and shares[2, 5] == shares[5, 2]


def test_kappa_is_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    right = (rng.random((50, 5)) < 0.7).astype(float)
    found = square(kappas(np.ones((1, 50)), right)[0], 5, 1)
    expected = [[cohen_kappa_score(one, other) for one in right.T] for other in right.T]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    # Images without a label do not count; without errors there is nothing to agree on.
    missing = np.vstack([right, np.full((7, 5), np.nan)])
    np.testing.assert_allclose(
        kappas(np.ones((1, 57)), missing), kappas(np.ones((1, 50)), right), atol=1e-12
    )
    assert np.isnan(kappas(np.ones((1, 4)), np.ones((4, 2)))).all()


def test_the_diagonal_that_the_notebook_counted_makes_r_larger():
    """As in the experiment of 14 models: .70 for .55."""
    rng = np.random.default_rng(2)
    predictions = planted_predictions(rng, models=14, images=256)
    (shares,) = predictions.shares(np.ones((1, 256)))
    x = (shares - shares.mean()) / shares.std()
    noise = rng.normal(size=len(x))
    noise -= noise.mean() + x * (noise @ x) / len(x)
    alike = 0.55 * x + np.sqrt(1 - 0.55**2) * noise / noise.std()
    # How far a model's similarity to itself lies above the mean, so that r is .70 with it.
    above = (1 - shares.mean()) / shares.std()

    def with_diagonal(mean):
        cells = square(x, 14, above), square(mean - alike, 14, 0)
        return -np.corrcoef(*(cell.ravel() for cell in cells))[0, 1]

    mean = min(np.linspace(2, 8, 601), key=lambda mean: abs(with_diagonal(mean) - 0.7))
    (row,) = study.correlate_matrices([matrix_of(mean - alike, NAMES)], predictions, 99, 0)
    assert row["r"] == pytest.approx(0.55)
    assert row["r_with_diagonal"] == pytest.approx(0.70, abs=0.005)
    assert row["r_holm"] <= 0.05 and row["pairs"] == 91
    text = study.say_correlation(row)
    assert "r = 0.55 off the diagonal" in text and "with the diagonal, which the notebook" in text
    assert "r would be 0.70" in text and "models that predict alike look alike" in text
    (shown,) = study.summary_table([row])
    assert list(shown.values())[1] == "0.55" and list(shown.values())[-1] == "0.70"


def test_where_looking_has_nothing_to_do_with_predicting_that_is_said():
    rng, found = np.random.default_rng(3), []
    for trial in range(150):
        predictions = planted_predictions(rng, models=7)
        points = rng.normal(size=(7, 2))
        distances = condensed(np.linalg.norm(points[:, None] - points, axis=2))
        (row,) = study.correlate_matrices(
            [matrix_of(distances, NAMES[:7])], predictions, 199, trial
        )
        found.append(row["r_p"] <= 0.05)
        assert np.isnan(row["r_low"])
    assert 0.01 <= np.mean(found) <= 0.09
    silent = row | {"r_holm": 0.4}
    assert "no evidence that models that predict alike look alike" in study.say_correlation(silent)


def test_intervals_hold_the_correlation_that_as_many_images_give_on_average():
    rng, found = np.random.default_rng(4), []
    apart = condensed(np.abs(np.subtract.outer(np.arange(8), np.arange(8))))
    for trial in range(80):
        predictions = planted_predictions(rng, images=100)
        means = 0.3 + 0.01 * apart - 0.1 * predictions.same()
        values = means + 0.08 * rng.normal(size=(100, 28)) + 0.05 * rng.normal(size=(100, 1))
        replicates = bootstrap(values, "mean", 60, trial)
        matrix = matrix_of(values.mean(axis=0), NAMES[:8], replicates)
        row = study.correlate(matrix, predictions, 19, trial)
        found.append([row["r"], row["r_low"], row["r_high"]])
    r, low, high = np.array(found).T
    expected = np.tanh(np.arctanh(r).mean())
    assert 0.2 < expected < 0.8
    assert 0.89 <= ((low <= expected) & (expected <= high)).mean() <= 0.99


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"untested": "the models know different classes"}, "know different classes"),
        ({"classes": np.full((60, 8), "cat")}, "equally often"),
    ],
)
def test_it_says_when_it_cannot_tell(change, reason):
    predictions = planted_predictions(np.random.default_rng(5))
    changed = Predictions(**(vars(predictions) | change))
    values = np.random.default_rng(6).random(28)
    pairs = compare_pairs(changed, 20, 0)
    rows = study.correlate_matrices([matrix_of(values, changed.names)], changed, 99, 0)
    sentences = study.conclude(changed, pairs, rows)
    assert "cannot tell" in sentences[-1] and reason in sentences[-1]
    assert study.summary_table(rows) == []
    few = predictions.of(NAMES[:2])
    rows = study.correlate_matrices([matrix_of(values, NAMES[:8])], few, 99, 0)
    assert "needs at least 4 independent models" in study.say_correlation(rows[0])
    one = predictions.of(NAMES[:1])
    assert study.conclude(one, compare_pairs(one, 20, 0), [])[0].startswith("Cannot tell")


def test_predictions_are_gathered_by_names_of_classes(tmp_path):
    about = {"images": np.array(["x", "y"]), "labels": np.array(["dog", ""])}
    first = about | {"classes": np.array(["cat", "dog"]), "predicted": np.array([1, 0])}
    second = about | {"classes": np.array(["dog", "cat"]), "predicted": np.array([0, 0])}
    other = about | {"classes": np.array(["hen", "owl"]), "predicted": np.array([0, 0])}
    units = {"x": 0, "y": 0}
    found = gather_predictions({"a": first, "b": second}, ["a", "b"], units)
    assert found.shares(np.ones((1, 2))).tolist() == [[0.5]] and not found.untested
    np.testing.assert_array_equal(found.right, [[1, 1], [np.nan, np.nan]])
    found = gather_predictions({"a": first, "b": other}, ["a", "b"], units)
    assert found.untested and np.isnan(found.right[:, 1]).all()
    rows = compare_pairs(found, 20, 0)
    io.write_table(tmp_path / "pairs.csv", rows, PAIR_COLUMNS)


def test_figures_show_both_correlations():
    predictions = planted_predictions(np.random.default_rng(7))
    matrix = matrix_of(np.random.default_rng(8).random(28), predictions.names)
    rows = study.correlate_matrices([matrix], predictions, 99, 0)
    families = {name: f"F{number // 4}" for number, name in enumerate(predictions.names)}
    panel = (*study.shares_and_dissimilarities(matrix, predictions), rows[0])
    figure = scatter_of_pairs([panel], families, title="gradcam")
    assert f"r = {rows[0]['r']:.2f}, with the diagonal" in figure.axes[0].get_title()
    shares = share_matrix(compare_pairs(predictions, 20, 0), 8)
    assert shares_heatmap(shares, predictions.names, families, title="same")
    assert shares_heatmap(np.ones((1, 1)), NAMES[:1], {NAMES[0]: "F"}, title="one")
