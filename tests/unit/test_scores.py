"""Scores of images: matching, similarities, splits, errors with intervals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from sklearn.metrics import root_mean_squared_error

from lookalike.compare.resampling import with_interval
from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.images.scores import (
    human_similarity,
    match_scores,
    match_similarity,
    similarity_of_scores,
    split_training,
)
from lookalike.models.alignment import measure_alignment, unit_rows
from lookalike.models.heldout import measure_errors, resample

few_examples = settings(max_examples=50, deadline=None, derandomize=True, database=None)

ROWS = [{"image": name, "path": f"photos/{name}.jpg"} for name in ("cat", "dog", "fox")]


def scored(**scores):
    return [{"image": image, "score": score} for image, score in scores.items()]


def test_scores_are_matched_by_id_or_by_the_name_of_the_file_in_the_order_of_the_manifest():
    given = [
        {" Image": "fox.jpg", "score": "3"},
        {" Image": " cat", "score": "1.5"},
        {" Image": "dog", "score": "-2e1"},
        {" Image": "owl", "score": "x"},
    ]
    assert match_scores(given, ROWS, "s.csv") == scored(cat=1.5, dog=-20.0, fox=3.0)


def test_the_name_of_a_file_that_two_images_have_is_no_name():
    rows = [{"image": f"{label}.1", "path": f"photos/{label}/1.png"} for label in "ab"]
    with pytest.raises(
        InputError,
        match=(
            r"2 of 2 images have no score, for example 'a\.1'; '1\.png', which it names, is no "
            r"image"
        ),
    ):
        match_scores(scored(**{"1.png": "1"}), rows, "s.csv")


def test_a_table_may_begin_with_the_mark_that_spreadsheets_write(tmp_path):
    (tmp_path / "s.csv").write_text("\ufeffimage,score\ncat,1\ndog,2\nfox,3\n", encoding="utf-8")
    assert match_scores(io.read_table(tmp_path / "s.csv"), ROWS, "s.csv") == scored(
        cat=1.0, dog=2.0, fox=3.0
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            [],
            "s.csv: needs a first line with the columns image and score, between commas, and "
            "a line for each image; it is empty",
        ),
        ([{"picture": "cat", "score": "1"}], "a line for each image; it names 'picture', 'score'"),
        ([{"image;score": "cat;1"}], "a line for each image; it names 'image;score'"),
        (
            scored(cat="1", dgo="2", fox="3"),
            "s.csv: 1 of 3 images have no score, for example 'dog'; did you mean 'dgo'",
        ),
        (scored(cat="1"), "2 of 3 images have no score, for example 'dog'"),
        (
            [*scored(cat="1", dog="2", fox="3"), {"image": "cat.jpg", "score": "1"}],
            "s.csv: image 'cat' appears twice",
        ),
        (
            scored(cat="1", dog="good", fox="3"),
            "s.csv: the score of image 'dog' is 'good', which is not a number",
        ),
        (scored(cat="1", dog="", fox="3"), "the score of image 'dog' is missing"),
        (scored(cat="1", dog=None, fox="3"), "the score of image 'dog' is missing"),
        (
            scored(cat="1", dog="nan", fox="3"),
            "the score of image 'dog' is 'nan', which is not finite",
        ),
        (
            scored(cat="1", dog="1.0", fox="1"),
            "s.csv: the scores differ by 0, too little next to their size of 1",
        ),
        (
            scored(cat="1e8", dog="100000001", fox="100000002"),
            "the scores differ by 2, too little next to their size of 1e+08 to be learnt",
        ),
    ],
)
def test_scores_that_cannot_be_used_are_refused(given, message):
    with pytest.raises(InputError) as error:
        match_scores(given, ROWS, "s.csv")
    assert message in str(error.value)


def test_a_similarity_whose_diagonal_is_rounded_is_taken():
    matrix = np.array([[1 - 1.5e-5, 0.2], [0.2, 1]])
    matrix = np.pad(matrix, (0, 1), constant_values=1)
    found = match_similarity(matrix, ["a", "b", "c"], ["a", "b", "c"], "m.csv")
    np.testing.assert_array_equal(found, [[1, 0.2, 1], [0.2, 1, 1], [1, 1, 1]])


def test_similarity_is_matched_by_name_and_its_diagonal_does_not_count():
    matrix = np.array([[np.nan, 0.2, 0.3], [0.2, np.nan, 0.4], [0.3, 0.4, np.nan]])
    np.testing.assert_array_equal(
        match_similarity(matrix, ["a", "b", "c"], ["c", "a"], "m.csv"), [[1, 0.3], [0.3, 1]]
    )


@pytest.mark.parametrize(
    ("matrix", "names", "message"),
    [
        (
            np.eye(2),
            ["a", "b"],
            "m.csv: lacks 1 of the 3 images, for example 'c'; it holds 2: add the missing ones",
        ),
        (np.eye(3), ["a", "b", "b"], "m.csv: image 'b' appears twice"),
        (
            np.eye(3) + np.triu(np.ones((3, 3)), 1),
            ["a", "b", "c"],
            "m.csv: not symmetric: a and b have 1, b and a 0",
        ),
        (
            np.where(np.ones((3, 3)) - np.eye(3), np.nan, 1),
            ["a", "b", "c"],
            "the similarity of 'a' and 'b' is missing",
        ),
        (np.full((3, 3), np.inf), ["a", "b", "c"], "m.csv: holds infinity"),
        (
            1 - np.eye(3),
            ["a", "b", "c"],
            "m.csv: not a similarity matrix: its diagonal is not its largest value; are "
            "these dissimilarities?",
        ),
    ],
)
def test_similarities_that_cannot_be_used_are_refused(matrix, names, message):
    with pytest.raises(InputError) as error:
        match_similarity(matrix, names, ["a", "b", "c"], "m.csv")
    assert message in str(error.value)


def test_without_a_matrix_the_scores_make_the_similarities(tmp_path):
    io.write_table(tmp_path / "scores.csv", scored(a=1.0, b=3.0, c=5.0))
    expected = [[1, 0.5, 0], [0.5, 1, 0.5], [0, 0.5, 1]]
    np.testing.assert_allclose(
        human_similarity(["a", "b", "c"], None, tmp_path / "scores.csv"), expected
    )
    io.write_matrix(tmp_path / "given.csv", np.eye(3), ["c", "b", "a"])
    np.testing.assert_array_equal(
        human_similarity(["a", "b", "c"], tmp_path / "given.csv"), np.eye(3)
    )


def test_equal_scores_are_all_alike():
    np.testing.assert_array_equal(similarity_of_scores(np.ones(3)), np.ones((3, 3)))


@few_examples
@given(st.integers(5, 60), st.integers(0, 5))
def test_the_training_split_falls_into_two_parts_that_depend_on_the_seed_alone(count, seed):
    rows = [
        {"image": str(number), "split": "train" if number < count else "val"}
        for number in range(count + 3)
    ]
    fitted, held_back = split_training(rows, seed)
    assert sorted(row["image"] for row in fitted + held_back) == sorted(
        str(number) for number in range(count)
    )
    assert len(held_back) == max(1, round(count / 5))
    assert split_training(rows, seed) == (fitted, held_back)


def test_too_few_images_to_train_a_head_are_refused():
    with pytest.raises(InputError, match="need at least 5 images in split 'train', which has 4"):
        split_training([{"split": "train"}] * 4 + [{"split": "val"}], 0)


def test_a_head_without_held_out_images_is_refused():
    with pytest.raises(InputError, match="there is none in split 'val'"):
        split_training([{"split": "train"}] * 10, 0)


def test_errors_equal_those_of_scipy_and_scikit_learn_in_every_resample():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=30).round(1)
    predicted = scores + rng.normal(size=30)
    places = resample(30, 20, 0)
    found = measure_errors(scores, predicted, places)
    np.testing.assert_array_equal(places[0], range(30))
    for number, chosen in enumerate(places):
        x, y = scores[chosen], predicted[chosen]
        assert found["rmse"][number] == pytest.approx(root_mean_squared_error(x, y))
        assert found["pearson"][number] == pytest.approx(stats.pearsonr(x, y)[0])
        assert found["spearman"][number] == pytest.approx(stats.spearmanr(x, y)[0])


def test_constant_predictions_have_no_correlation():
    found = measure_errors(np.arange(5.0), np.full(5, 0.1), resample(5, 3, 0))
    assert (
        np.isnan(found["pearson"]).all()
        and np.isnan(found["spearman"]).all()
        and np.isfinite(found["rmse"]).all()
    )


def test_one_image_has_no_interval():
    found = measure_errors(np.array([1.0]), np.array([3.0]), resample(1, 100, 0))
    row = with_interval(found["rmse"], "rmse")
    assert row["rmse"] == 2 and np.isnan(row["rmse_low"]) and np.isnan(row["rmse_high"])


def test_intervals_cover_the_true_correlation():
    rng = np.random.default_rng(3)
    covered = []
    for draw in range(200):
        scores = rng.normal(size=100)
        found = measure_errors(
            scores, 0.8 * scores + 0.6 * rng.normal(size=100), resample(100, 200, draw)
        )
        row = with_interval(found["pearson"], "r")
        covered.append(row["r_low"] <= 0.8 <= row["r_high"])
    assert 0.88 <= np.mean(covered) <= 0.99


def test_alignment_counts_pairs_as_often_as_both_images_were_drawn():
    rng = np.random.default_rng(0)
    features, human = rng.normal(size=(9, 20)), similarity_of_scores(rng.random(9))
    similarities, places = np.corrcoef(features), resample(9, 15, 0)
    for chosen, found in zip(places, measure_alignment(similarities, human, places), strict=True):
        pairs = [(a, b) for row, a in enumerate(chosen) for b in chosen[row + 1 :] if a != b]
        x, y = (np.array([table[a, b] for a, b in pairs]) for table in (similarities, human))
        assert found == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2)


def test_similarities_that_are_all_equal_agree_with_nothing():
    assert (
        measure_alignment(np.ones((5, 5)), similarity_of_scores(np.arange(5.0)), resample(5, 4, 0))
        == 0
    ).all()


@few_examples
@given(arrays(float, (4, 7), elements=st.floats(-1e3, 1e3)))
def test_products_of_unit_rows_are_correlations(rows):
    rows[0] = 1 / 3
    found = unit_rows(rows) @ unit_rows(rows).T
    assert (found[0] == 0).all()
    for a in range(1, 4):
        for b in range(1, 4):
            if min(rows[a].std(), rows[b].std()) > 1e-3:
                assert found[a, b] == pytest.approx(np.corrcoef(rows[a], rows[b])[0, 1], abs=1e-9)
