"""What replicates say of a matrix."""

import numpy as np
import pytest

from lookalike.compare import replicates
from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.core import condensed

KEY = Key("gradcam", "cosine", "agreeing")


def matrix_of(values, names, resampled=None, n=None):
    """Return a matrix of condensed values, with replicates if there are any."""
    resampled = np.empty((0, len(values))) if resampled is None else resampled
    matrix = condensed.square(values, len(names))
    return Dissimilarities(matrix, tuple(names), KEY, resampled, n=n)


@pytest.mark.parametrize(("original", "replicate"), [("a", "c"), ("c", "a")])
def test_replicate_gap_compares_with_all_other_pairs(original, replicate):
    values = np.array([0.1, 0.3, 0.5, 0.2, np.nan, 0.9])
    gap = replicates.replicate_gap(
        matrix_of(values, "abcd", np.tile(values, (5, 1))), original, replicate
    )
    others = (0.1 + 0.5 + 0.2 + 0.9) / 4
    assert gap == {
        "distance": 0.3,
        "others": pytest.approx(others),
        "nearer": 0.5,
        **dict.fromkeys(
            ("difference", "difference_low", "difference_high"), pytest.approx(0.3 - others)
        ),
    }


def test_replicate_gap_has_the_interval_of_both_sides_resampled_together():
    # What all pairs have in common in a resample is no uncertainty of their difference.
    rng = np.random.default_rng(0)
    together, own = rng.normal(0, 5, (4000, 1)), rng.normal(0, 0.1, 4000)
    resampled = np.array([0.2, 1.0, 1.2]) + together + np.column_stack([own, np.zeros((4000, 2))])
    gap = replicates.replicate_gap(matrix_of([0.2, 1.0, 1.2], "abc", resampled), "a", "b")
    assert gap["difference"] == pytest.approx(-0.9)
    assert gap["difference_low"] == pytest.approx(-0.9 - 0.196, abs=0.01) and gap[
        "difference_high"
    ] == pytest.approx(-0.9 + 0.196, abs=0.01)


def test_replicate_gap_without_other_pairs_is_not_known():
    gap = replicates.replicate_gap(matrix_of([0.3], "ab", np.full((5, 1), 0.3)), "a", "b")
    assert gap["distance"] == 0.3
    assert all(
        np.isnan(gap[name])
        for name in ("others", "nearer", "difference", "difference_low", "difference_high")
    )


def test_replicate_gap_of_an_unknown_distance_is_not_known():
    gap = replicates.replicate_gap(
        matrix_of([np.nan, 1.0, 2.0], "abc", np.tile([np.nan, 1.0, 2.0], (5, 1))), "a", "b"
    )
    assert all(
        np.isnan(gap[name])
        for name in ("distance", "nearer", "difference", "difference_low", "difference_high")
    )
    assert gap["others"] == 1.5


def test_a_pair_that_no_resample_knows_takes_no_interval_from_the_others():
    # a~b, a~c, a~d, b~c, b~d, c~d; of c and d there is one image.
    values = np.array([0.1, 0.6, 0.7, 0.8, 0.9, 5.0])
    resampled = np.tile(values, (9, 1))
    resampled[:, 5] = np.nan
    resampled[:3, 1] = np.nan
    gap = replicates.replicate_gap(matrix_of(values, "abcd", resampled), "a", "b")
    assert gap["others"] == pytest.approx(0.75) and gap["nearer"] == 0
    # Where a resample lacks a pair, the others' mean is of what it has.
    assert gap["difference_low"] == pytest.approx(-0.7) and gap["difference_high"] == pytest.approx(
        -0.65
    )


def test_replicate_gap_of_one_image_has_no_interval():
    gap = replicates.replicate_gap(
        matrix_of([0.1, 1.0, 2.0], "abc", np.full((5, 3), np.nan)), "a", "b"
    )
    assert (
        gap["difference"] == pytest.approx(-1.4)
        and np.isnan(gap["difference_low"])
        and np.isnan(gap["difference_high"])
    )


def test_every_replicate_of_a_matrix_has_a_row_with_its_key_and_its_images():
    n = condensed.square([9.0, 8, 7, 6, 5, 4], 4, 9)
    values = np.array([0.1, 0.6, 0.7, 0.8, 0.9, 0.2])
    matrix = matrix_of(values, ["A", "A-b", "B", "B-b"], np.tile(values, (5, 1)), n)
    rows = replicates.compare_replicates(matrix, {"A-b": "A", "B-b": "B", "C-b": "C", "D": "A"})
    assert [tuple(sorted(row)) for row in rows] == [tuple(sorted(replicates.COLUMNS))] * 2
    assert [(row["model"], row["replicate"], row["n"], row["distance"]) for row in rows] == [
        ("A", "A-b", 9, 0.1),
        ("B", "B-b", 4, 0.2),
    ]
    assert all((row["method"], row["metric"], row["subset"]) == KEY for row in rows)
    assert rows[0] | replicates.replicate_gap(matrix, "A", "A-b") == rows[0]
