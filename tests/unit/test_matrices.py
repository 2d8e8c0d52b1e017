"""Values become matrices and intervals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lookalike.compare import aggregation, image_table, resampling
from lookalike.compare.dissimilarities import Key
from lookalike.core import condensed
from lookalike.core.errors import InputError
from lookalike.models import predictions

few_examples = settings(max_examples=50, deadline=None, derandomize=True, database=None)
MODELS = ["ant", "bee", "cow", "dog", "eel"]
KEY = Key("gradcam", "cosine")


def table_of_pairs(images=4, models=5, seed=0):
    """Return symmetric values and chance, shape (images, models, models)."""
    rng = np.random.default_rng(seed)
    values = rng.random((images, models, models))
    return values + values.transpose(0, 2, 1), rng.random((images, models, models))


def cut(values, chance, size, images=("i0", "i1", "i2", "i3")):
    """Return the content of the files of all pairs of blocks of a size."""
    blocks = {}
    starts = range(0, len(MODELS), size)
    for start in starts:
        for other in starts:
            if other >= start:
                part = np.s_[:, start : start + size, other : other + size]
                names = [np.array(MODELS[place : place + size]) for place in (start, other)]
                blocks[f"{start}~{other}"] = {
                    "values": values[part],
                    "chance": chance[None][:, *part],
                    "partners": np.array([[1, 2, 3, 0]]),
                    "images": np.array(images),
                    "a": names[0],
                    "b": names[1],
                }
    return blocks


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_blocks_of_any_size_assemble_to_the_same_table(size):
    values, chance = table_of_pairs()
    upper = np.triu_indices(5, 1)
    table = image_table.assemble(cut(values, chance, size), MODELS, KEY)
    np.testing.assert_array_equal(table.values, values[:, *upper])
    np.testing.assert_array_equal(table.chance, [chance[:, *upper]])
    assert table.names == tuple(MODELS)
    assert table.images == ("i0", "i1", "i2", "i3")


def test_order_of_the_files_does_not_matter():
    blocks = cut(*table_of_pairs(), 2)
    forward, backward = (
        image_table.assemble(dict(items), MODELS, KEY)
        for items in (blocks.items(), reversed(blocks.items()))
    )
    np.testing.assert_array_equal(forward.values, backward.values)
    assert (forward.names, forward.images) == (backward.names, backward.images)


def test_different_images_are_refused_naming_the_first_difference():
    blocks = cut(*table_of_pairs(), 5) | {
        "other.npz": cut(*table_of_pairs(), 5, images=("i0", "x1", "i2", "x3"))["0~0"]
    }
    with pytest.raises(
        InputError,
        match=(
            r"0~0 and other.npz hold different images: number "
            r"1 is 'i1' in one, 'x1' in the other"
        ),
    ):
        image_table.assemble(blocks, MODELS, KEY)


def test_missing_images_are_refused():
    blocks = cut(*table_of_pairs(), 5)
    short = {
        name: array[:3] if name in {"values", "chance", "images"} else array
        for name, array in blocks["0~0"].items()
    }
    with pytest.raises(InputError, match="4 in one, 3 in the other"):
        image_table.assemble(blocks | {"short.npz": short}, MODELS, KEY)


def test_predicted_classes_are_read_by_name():
    first = {
        "images": np.array(["i0", "i1"]),
        "classes": np.array(["cat", "dog"]),
        "predicted": np.array([1, 0]),
    }
    second = {
        "images": np.array(["i0", "i1"]),
        "classes": np.array(["dog", "cat"]),
        "predicted": np.array([0, 0]),
    }
    np.testing.assert_array_equal(
        predictions.predicted_classes({"a": first, "b": second}, ["i0", "i1"]),
        [["dog", "dog"], ["cat", "dog"]],
    )
    with pytest.raises(InputError, match="number 0 is 'i1'"):
        predictions.predicted_classes({"a": first}, ["i1", "i0"])


def table_with_gaps(seed=0):
    values = np.random.default_rng(seed).random((30, 6))
    values[np.random.default_rng(seed + 1).random(values.shape) < 0.3] = np.nan
    return values


def adjusted(values):
    """Return the means of pairs (pairs,), adjusted for images whose effects sum to 0, by NumPy."""
    image, pair = np.nonzero(np.isfinite(values))
    n, pairs = values.shape
    design = np.zeros((len(image) + 1, pairs + n))
    design[range(len(image)), pair] = design[range(len(image)), pairs + image] = 1
    design[-1, pairs:] = 1
    wanted = np.append(values[image, pair], 0)
    return np.linalg.lstsq(design, wanted, rcond=None)[0][:pairs]


def test_summary_equals_numpy_over_the_images_that_count():
    values = table_with_gaps()
    summary = aggregation.summarise(values)
    np.testing.assert_allclose(summary["mean"], np.nanmean(values, axis=0), rtol=1e-12)
    np.testing.assert_allclose(summary["std"], np.nanstd(values, axis=0, ddof=1), rtol=1e-12)
    np.testing.assert_array_equal(summary["n"], np.isfinite(values).sum(axis=0))
    np.testing.assert_allclose(summary["dissimilarity"], adjusted(values), rtol=1e-9)
    whole = aggregation.summarise(values[np.isfinite(values).all(axis=1)])
    np.testing.assert_array_equal(whole["dissimilarity"], whole["mean"])


def test_mean_std_adds_the_spread_in_squares():
    values = table_with_gaps(2)
    expected = np.sqrt(adjusted(values) ** 2 + np.nanstd(values, axis=0, ddof=1) ** 2)
    np.testing.assert_allclose(
        aggregation.summarise(values, "mean_std")["dissimilarity"], expected, rtol=1e-9
    )


def test_spread_of_values_far_from_zero_does_not_cancel():
    values = 1e8 + np.array([[0.0], [1e-3], [2e-3]])
    np.testing.assert_allclose(
        aggregation.summarise(values)["std"], np.std(values, axis=0, ddof=1), rtol=1e-6
    )


@pytest.mark.parametrize("aggregate", ["mean", "mean_std"])
def test_pair_without_images_is_nan_and_counts_none(aggregate):
    values = table_with_gaps(3)
    values[:, 2] = np.nan
    summary = aggregation.summarise(values, aggregate)
    assert summary["n"][2] == 0
    assert all(np.isnan(summary[key][2]) for key in ("mean", "std", "dissimilarity"))
    assert np.isfinite(np.delete(summary["dissimilarity"], 2)).all()


def test_single_image_has_a_mean_but_no_spread():
    summary = aggregation.summarise(np.array([[0.5, 0.2]]))
    np.testing.assert_array_equal(summary["mean"], [0.5, 0.2])
    np.testing.assert_array_equal(summary["n"], [1, 1])
    assert np.isnan(summary["std"]).all()
    assert np.isnan(aggregation.summarise(np.array([[0.5]]), "mean_std")["dissimilarity"]).all()


@few_examples
@given(
    values=arrays(
        float, (6, 2), elements=st.one_of(st.just(np.nan), st.floats(0, 2, allow_subnormal=False))
    ),
    weights=arrays(int, (3, 6), elements=st.integers(0, 4)),
)
def test_weights_count_as_repeated_images(values, weights):
    mean, std, count = aggregation.weighted_moments(weights.astype(float), values)
    for (row, column), n in np.ndenumerate(count):
        repeated = np.repeat(values[:, column], weights[row])
        repeated = repeated[np.isfinite(repeated)]
        assert n == len(repeated)
        assert (
            np.isnan(mean[row, column])
            if n == 0
            else mean[row, column] == pytest.approx(repeated.mean(), abs=1e-12)
        )
        assert (
            np.isnan(std[row, column])
            if n < 2
            else std[row, column] == pytest.approx(repeated.std(ddof=1), abs=1e-7)
        )


def test_bootstrap_is_determined_by_its_seed():
    values = table_with_gaps(4)
    first = resampling.bootstrap(values, "mean", 50, 1)
    assert first.shape == (50, 6)
    np.testing.assert_array_equal(first, resampling.bootstrap(values, "mean", 50, 1))
    assert (first != resampling.bootstrap(values, "mean", 50, 2)).any()


def test_bootstrap_takes_the_same_resample_for_all_pairs_and_metrics():
    values = np.random.default_rng(5).random((20, 1))
    replicates = resampling.bootstrap(np.hstack([values, values, 3 * values]), "mean", 40, 0)
    np.testing.assert_array_equal(replicates[:, 0], replicates[:, 1])
    np.testing.assert_allclose(replicates[:, 2], 3 * replicates[:, 0], rtol=1e-12)
    np.testing.assert_allclose(
        resampling.bootstrap(values, "mean", 40, 0)[:, 0], replicates[:, 0], rtol=1e-12
    )
    assert np.ptp(replicates[:, 0]) > 0


def test_bootstrap_replicates_are_means_of_images_drawn_with_replacement():
    replicates = resampling.bootstrap(np.eye(8), "mean", 30, 0)
    np.testing.assert_allclose(replicates.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(8 * replicates, np.round(8 * replicates), rtol=0, atol=1e-9)


def test_bootstrap_intervals_cover_the_truth_about_as_often_as_they_say():
    values = np.random.default_rng(6).normal(size=(60, 400))
    low, high = resampling.percentile_interval(resampling.bootstrap(values, "mean", 400, 0))
    assert 0.90 <= np.mean((low <= 0) & (high >= 0)) <= 0.98


def test_bootstrap_of_mean_std_equals_the_explicit_aggregate():
    values = np.random.default_rng(7).random((10, 2))
    mean = resampling.bootstrap(values, "mean", 20, 3)
    both = resampling.bootstrap(values, "mean_std", 20, 3)
    assert (both > mean).all()
    spread = resampling.bootstrap(values**2, "mean", 20, 3) - mean**2
    np.testing.assert_allclose(both**2, mean**2 + spread * 10 / 9, rtol=1e-9)


def test_interval_is_the_central_share_of_the_known_replicates():
    replicates = np.column_stack(
        [
            np.arange(1001.0),
            np.full(1001, np.nan),
            np.where(np.arange(1001) < 501, np.arange(1001.0), np.nan),
        ]
    )
    np.testing.assert_allclose(
        resampling.percentile_interval(replicates),
        [[25, np.nan, 12.5], [975, np.nan, 487.5]],
        rtol=1e-12,
    )


def test_agreeing_only_equals_a_loop():
    classes = np.array([["cat", "cat", "dog"], ["dog", "cat", "dog"], ["ant", "cat", "dog"]])
    values = np.arange(1.0, 10).reshape(3, 3)
    expected = np.full((3, 3), np.nan)
    for image in range(3):
        for pair, (first, second) in enumerate([(0, 1), (0, 2), (1, 2)]):
            if classes[image, first] == classes[image, second]:
                expected[image, pair] = values[image, pair]
    assert np.isfinite(expected).sum() == 2
    np.testing.assert_array_equal(image_table.agreeing_only(values, classes), expected)


@pytest.mark.parametrize("models", [1, 2, 5])
def test_square_and_condensed_undo_each_other(models):
    vector = np.arange(1.0, models * (models - 1) / 2 + 1)
    matrix = condensed.square(vector, models)
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(np.diag(matrix), 0)
    np.testing.assert_array_equal(condensed.condensed(matrix), vector)
    np.testing.assert_array_equal(
        np.diag(condensed.square(vector, models, diagonal=np.nan)), np.nan
    )


def test_condensed_pairs_are_in_scipys_order():
    from scipy.spatial.distance import squareform

    vector = np.arange(1.0, 11)
    np.testing.assert_array_equal(condensed.square(vector, 5), squareform(vector))


def test_one_image_gives_no_interval():
    values = np.array([[0.2, 0.4], [np.nan, 0.5]])
    replicates = resampling.bootstrap(values, "mean", 50, 0)
    assert np.isnan(replicates[:, 0]).all()
    assert np.isfinite(replicates[:, 1]).all()
    low, high = resampling.percentile_interval(replicates)
    assert np.isnan(low[0]) and np.isnan(high[0]) and low[1] < high[1]


def test_models_of_which_one_knows_more_classes_agree_by_name():
    few, many = (
        {"images": np.array(["i"]), "classes": np.array(names), "predicted": np.array([0])}
        for names in (["bee"], ["bee", "ant"])
    )
    block = {
        "values": np.zeros((1, 1, 1)),
        "chance": np.zeros((0, 1, 1, 1)),
        "partners": np.zeros((0, 1), int),
        "images": np.array(["i"]),
        "a": np.array(["x"]),
        "b": np.array(["y"]),
    }
    for first, second in ((few, many), (many, few)):
        np.testing.assert_array_equal(
            image_table.assemble(
                {"p": block}, ["x", "y"], KEY, {"x.npz": first, "y.npz": second}
            ).values,
            [[0.0]],
        )


@pytest.mark.parametrize(
    "names",
    [(["ant", "bee"], ["0", "1"]), (["ant", "bee"], ["bee", "cow"]), (["0", "1"], ["0", "1", "2"])],
)
def test_models_of_other_classes_cannot_agree(names):
    one, other = (
        {"images": np.array(["i"]), "classes": np.array(own), "predicted": np.array([0])}
        for own in names
    )
    block = {
        "values": np.zeros((1, 1, 1)),
        "chance": np.zeros((0, 1, 1, 1)),
        "partners": np.zeros((0, 1), int),
        "images": np.array(["i"]),
        "a": np.array(["x"]),
        "b": np.array(["y"]),
    }
    with pytest.raises(InputError, match=r"x.npz and y.npz: the models know different classes"):
        image_table.assemble({"p": block}, ["x", "y"], KEY, {"x.npz": one, "y.npz": other})


def random_matrix(models, seed=0):
    return condensed.square(
        np.random.default_rng(seed).uniform(0.2, 1, models * (models - 1) // 2), models
    )


def test_selected_pairs_are_those_of_the_kept_models():
    matrix, kept = random_matrix(6), [0, 2, 5]
    np.testing.assert_array_equal(
        condensed.select_pairs(condensed.condensed(matrix)[None], kept),
        condensed.condensed(matrix[np.ix_(kept, kept)])[None],
    )
    assert condensed.select_pairs(np.empty((3, 0)), [0]).shape == (3, 0)


def test_selected_pairs_are_in_the_order_that_is_asked():
    matrix, order = random_matrix(6), [4, 0, 5, 1]
    np.testing.assert_array_equal(
        condensed.select_pairs(condensed.condensed(matrix)[None], order)[0],
        condensed.condensed(matrix[np.ix_(order, order)]),
    )
