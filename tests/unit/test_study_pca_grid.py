"""The study of pictures: Procrustes correlations against SciPy, one orientation, and what is said
of planted and of random matrices.
"""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.patches import Ellipse
from scipy.spatial import procrustes

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.core.condensed import condensed
from lookalike.plots.pca_grid import grid_of_coordinates
from lookalike.studies import pca_grid as study

NAMES = tuple(f"m{number:02}" for number in range(12))


def distances(points):
    return np.linalg.norm(points[:, None] - points, axis=2)


def matrix_of(points, metric="cosine", names=NAMES, noise=0.05, resamples=30, seed=0):
    rng = np.random.default_rng(seed)
    own = condensed(distances(points))
    replicates = own + noise * rng.normal(size=(resamples, len(own)))
    return Dissimilarities(distances(points), tuple(names), Key("ig", metric), np.abs(replicates))


def planted(seed=0, noise=0.0, shape=(12, 2)):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape) * [3, 1] + noise * rng.normal(size=shape)


def panel_of(points, metric="cosine", names=NAMES):
    return study.project(matrix_of(points, metric, names), 30)


@pytest.mark.parametrize("seed", range(5))
def test_correlations_are_those_of_scipy(seed):
    one, other = np.random.default_rng(seed).normal(size=(2, 9, 2))
    *_, disparity = procrustes(one, other)
    found = study.procrustes_correlation(one, other)
    assert found == pytest.approx(np.sqrt(1 - disparity), abs=1e-12)
    assert study.procrustes_correlation(other, one) == pytest.approx(found, abs=1e-12)
    turned = 7 - 3 * other @ np.array([[0.6, 0.8], [0.8, -0.6]])
    assert study.procrustes_correlation(one, turned) == pytest.approx(found, abs=1e-12)
    assert study.procrustes_correlation(one, 5 - 2 * one) == pytest.approx(1)
    assert study.procrustes_correlation(one, np.ones((9, 2))) == 0


def test_many_configurations_are_compared_at_once():
    many, one = np.random.default_rng(0).normal(size=(4, 7, 2)), planted(shape=(7, 2))
    found = study.procrustes_correlation(many, one)
    assert found.tolist() == [float(study.procrustes_correlation(each, one)) for each in many]


def test_panels_are_turned_with_their_ellipses_to_one_orientation():
    reference = panel_of(planted())
    angle = np.radians(130)
    mirror = np.array([[np.cos(angle), np.sin(angle)], [np.sin(angle), -np.cos(angle)]])
    moved = replace(
        reference,
        points=4 * reference.points @ mirror,
        covariances=mirror.T @ reference.covariances @ mirror,
    )
    points, covariances = study.turned(moved, reference)
    np.testing.assert_allclose(points, 4 * reference.points, atol=1e-9)
    np.testing.assert_allclose(covariances, reference.covariances, atol=1e-9)
    # By the models that both have; others are turned with them.
    fewer = replace(
        moved,
        names=moved.names[3:] + ("other",),
        points=np.roll(moved.points, -3, axis=0)[:10],
        covariances=moved.covariances[:10],
    )
    fewer_points, _ = study.turned(fewer, reference)
    kept = study.unit(fewer_points[:9])
    np.testing.assert_allclose(kept, study.unit(reference.points[3:]), atol=0.05)
    strange = replace(moved, names=tuple("abcdefghijkl"))
    assert study.turned(strange, reference)[0] is moved.points


def test_one_picture_is_found_and_named():
    panels = [
        panel_of(planted(noise=0.1 * (metric == "mse")), metric) for metric in ("cosine", "mse")
    ]
    panels.append(panel_of(np.random.default_rng(9).normal(size=(12, 8)), "ssim"))
    pairs = study.compare_panels(panels, 199, 0)
    by_metrics = {(row["metric"], row["other_metric"]): row for row in pairs}
    alike = by_metrics["cosine", "mse"]
    assert alike["correlation"] > 0.95 and alike["p_holm"] == pytest.approx(3 / 200)
    assert alike["correlation_low"] <= alike["correlation_high"] <= 1
    other = by_metrics["cosine", "ssim"]
    assert other["correlation"] < 0.8 and other["p_holm"] > 0.05
    rows = study.describe_panels(panels)
    assert [tuple(row) for row in rows] == [study.PANELS] * 3
    assert rows[0]["held"] == pytest.approx(1) and rows[2]["held"] < 0.6
    text = study.conclude(rows, pairs)
    assert text[0].startswith("Two axes hold ") and "(ig, ssim; " in text[0]
    assert text[1].startswith("1 of 3 pairs of pictures place the models alike")
    assert "Most alike: ig, cosine and ig, mse" in text[1]
    assert "cannot tell whether they have more in common than two random" in text[2]
    assert study.reference_of(panels, pairs).key.metric in ("cosine", "mse")


def test_where_no_order_of_few_models_could_reach_the_level_nothing_is_told():
    def matrix(metric):
        points = np.random.default_rng(3).normal(size=(4, 3))
        return study.project(matrix_of(points, metric, NAMES[:4]), 0)

    panels = [matrix(metric) for metric in ("cosine", "mse")]
    pairs = study.compare_panels(panels, 99, 0)
    (row,) = pairs
    assert row["correlation"] == pytest.approx(1) and row["p"] == pytest.approx(1 / 24)
    text = study.conclude(study.describe_panels(panels), pairs)
    assert text[1].startswith("1 of 1 pairs of pictures place the models alike")
    panels.append(matrix("ssim"))
    text = study.conclude(study.describe_panels(panels), study.compare_panels(panels, 99, 0))
    assert text[1].startswith("Cannot tell which of 3 pairs of pictures place the models alike: ")
    assert "the 24 orders of 4 models are too few" in text[1]


def test_of_random_pictures_few_are_called_alike():
    called = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        panels = [
            study.project(matrix_of(rng.normal(size=(9, 6)), metric, NAMES[:9]), 0)
            for metric in ("cosine", "mse", "ssim")
        ]
        pairs = study.compare_panels(panels, 59, seed)
        called += any(row["p_holm"] <= 0.05 for row in pairs)
    # Of 40, 2 are expected; above 6 with a probability of .005.
    assert called <= 6


def test_few_models_or_one_matrix_cannot_tell():
    panels = [panel_of(planted(shape=(3, 2)), metric, NAMES[:3]) for metric in ("cosine", "mse")]
    pairs = study.compare_panels(panels, 99, 0)
    rows = study.describe_panels(panels)
    assert study.conclude(rows, pairs)[1] == (
        "Cannot tell whether pictures agree: needs at least 4 independent models in both; found 3."
    )
    assert "no other picture" in study.conclude(rows[:1], [])[1]
    assert study.compare_panels(panels[:1], 99, 0) == []
    assert study.conclude([], []) == ["There is no matrix of models."]


def test_without_complete_resamples_there_is_no_interval_and_no_ellipse():
    matrix = matrix_of(planted())
    matrix.replicates[3, 5] = np.nan
    incomplete = study.project(matrix, 30)
    assert len(incomplete.resampled) == 0
    given = study.project(replace(matrix, replicates=matrix.replicates[:0]), 30)
    (row,) = study.describe_panels([given])
    assert np.isnan(row["held_low"]) and "; without resamples)" in study.conclude([row], [])[0]
    (pair,) = study.compare_panels([incomplete, given], 19, 0)
    assert pair["correlation"] == pytest.approx(1) and np.isnan(pair["correlation_low"])
    families = dict.fromkeys(NAMES, "CNN")
    figure = grid_of_coordinates([given], given, families, title="t")
    assert not [patch for patch in figure.axes[0].patches if isinstance(patch, Ellipse)]


def test_the_grid_has_methods_in_rows_and_metrics_in_columns():
    panels = [
        replace(panel_of(planted(seed), metric), key=Key(method, metric))
        for seed, (method, metric) in enumerate(
            [("ig", "cosine"), ("ig", "mse"), ("gradcam", "mse")]
        )
    ]
    families = {name: "CNN" if name < "m05" else "ViT" for name in NAMES}
    figure = grid_of_coordinates(panels, panels[0], families, title="t")
    places = {axes.get_title().split(":")[0]: axes.get_position() for axes in figure.axes}
    assert places["ig, mse"].x0 == pytest.approx(places["gradcam, mse"].x0, abs=0.01)
    assert places["ig, cosine"].x0 < places["ig, mse"].x0
    assert places["ig, mse"].y0 > places["gradcam, mse"].y0
    for axes in figure.axes:
        assert sorted(text.get_text() for text in axes.texts if text.get_text()) == list(NAMES)
        assert len([patch for patch in axes.patches if isinstance(patch, Ellipse)]) == 12
