"""What figures say: titles, notes, numbers, ellipses."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.patches import Ellipse

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.core.condensed import square
from lookalike.groups.graph import similarity_graph
from lookalike.groups.partitions import EVERY_RESOLUTION
from lookalike.plots.communities import (
    circle_angles,
    describe_partition,
    louvain_figure,
    partitions_of,
)
from lookalike.plots.coordinates import scatter
from lookalike.plots.matrix import half_intervals, heatmap

FAMILIES = {"ant": "insect", "bee": "insect", "cow": "mammal"}


def rows_of(resolution, communities, stability):
    about = {"resolution": resolution, "stability": str(stability), "resamples": "9"}
    return [about | {"model": name, "community": str(one)} for name, one in communities.items()]


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_resolutions_of_one_partition_are_drawn_once():
    together, apart = {"ant": 1, "bee": 1}, {"ant": 1, "bee": 2}
    scan = [
        *rows_of("0.8", together, 0.914),
        *rows_of("0.9", together, 0.95),
        *rows_of("1.1", apart, 0.5),
        *rows_of(EVERY_RESOLUTION, apart, 0.5),
    ]
    found = partitions_of(scan)
    assert [partition for _, partition in found] == [together, apart]
    assert [describe_partition(*one) for one in found] == [
        "resolution 0.8 to 0.9\n1 community, stability 0.91 to 0.95",
        "resolution 1.1, consensus of all resolutions\n2 communities, stability 0.50",
    ]
    alone = partitions_of(
        [*rows_of("1.1", apart, 0.5), *rows_of(EVERY_RESOLUTION, together, 0.75)]
    )[-1]
    assert describe_partition(*alone) == "consensus of all resolutions\n1 community, stability 0.75"
    alone[0][0]["resamples"] = "0"
    assert describe_partition(*alone).endswith("stability 0.75 over seeds alone")


def test_cells_hold_numbers_and_notes_in_the_order_that_is_asked():
    matrix = np.array([[0, 0.1, 0.2], [0.1, 0, 0.3], [0.2, 0.3, 0]])
    notes = half_intervals(np.zeros((3, 3)), np.where(matrix == 0.1, np.nan, matrix))
    assert notes[0].tolist() == ["±0", "", "±0.1"]
    drawn = texts(
        heatmap(
            matrix, list(FAMILIES), FAMILIES, label="d", title="t", notes=notes, order=[2, 0, 1]
        )
    )
    assert drawn == ["0.20\n±0.1", "0.30\n±0.1", "0.20\n±0.1", "0.10", "0.30\n±0.1", "0.10"]


def test_zero_has_no_sign():
    matrix = np.where(np.eye(3), 1, -0.001)
    assert set(
        texts(heatmap(matrix, list(FAMILIES), FAMILIES, label="rho", title="t", limits=(-1, 1)))
    ) == {"0.00"}


def test_ellipses_are_drawn_where_resamples_say_something():
    covariances = np.array([np.eye(2), np.full((2, 2), np.nan), np.diag([4.0, 0.0])])
    figure = scatter(
        np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]]),
        (0.6, 0.2),
        covariances,
        list(FAMILIES),
        FAMILIES,
        title="t",
    )
    ellipses = [patch for patch in figure.axes[0].patches if isinstance(patch, Ellipse)]
    assert [patch.get_center() for patch in ellipses] == [(0, 0), (2, 0)]
    assert ellipses[1].width > 0 and ellipses[1].height == 0


def test_models_lie_on_a_circle_community_by_community():
    angles = circle_angles({"ant": 2, "bee": 1, "cow": 1, "dog": 2, "eel": 1})
    assert list(angles) == ["bee", "cow", "eel", "ant", "dog"]
    steps = -np.diff([*angles.values(), angles["bee"] - 2 * np.pi])
    assert angles["bee"] == np.pi / 2 and steps.sum() == pytest.approx(2 * np.pi)
    # The gaps between communities are wider, after the third and after the last.
    np.testing.assert_allclose(steps / steps[0], [1, 1, 1.8, 1, 1.8])


def test_links_within_a_community_are_dark_and_as_thick_as_models_are_similar():
    matrix = Dissimilarities(
        square([0.2, 0.8, 0.4], 3), tuple(FAMILIES), Key("gradcam", "cosine"), np.empty((0, 3))
    )
    partition = {"ant": 1, "bee": 1, "cow": 2}
    rows = rows_of("1.0", partition, 0.5) + rows_of(EVERY_RESOLUTION, partition, 0.5)
    figure = louvain_figure(similarity_graph(matrix), rows, FAMILIES, title="t")
    (axes,) = figure.axes
    between, within = (one for one in axes.collections if isinstance(one, LineCollection))
    np.testing.assert_allclose(between.get_linewidths(), [0.2, 0.2 + 3 * 0.5])
    np.testing.assert_allclose(within.get_linewidths(), [0.2 + 3 * 0.75])
    assert within.get_colors()[0, 0] < between.get_colors()[0, 0]
    assert sorted(texts(figure)) == ["ant", "bee", "cow"]
