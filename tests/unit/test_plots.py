"""What figures say: titles, notes, numbers, ellipses."""

import numpy as np
from matplotlib.patches import Ellipse

from lookalike.groups.partitions import EVERY_RESOLUTION
from lookalike.plots.groups import describe_partition, partitions_of, scatter
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
