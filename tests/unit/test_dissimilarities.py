"""A matrix and a table of images keep together what belongs to them: parts, files, numbers."""

import dataclasses

import numpy as np
import pytest

from lookalike.compare.dissimilarities import (
    Dissimilarities,
    Key,
    read_dissimilarities,
    write_bootstrap,
)
from lookalike.compare.image_table import (
    ImageTable,
    assemble,
    read_image_table,
    write_image_table,
)
from lookalike.core import condensed, io
from lookalike.core.errors import InputError

MODELS = ("ant", "bee", "cow", "dog", "eel")
KEY = Key("gradcam", "cosine", "agreeing")


def matrix_of(values, names=MODELS, key=KEY):
    """Return a matrix whose replicates and halves are its own values, plus a number each."""
    rows = condensed.condensed(values)
    return Dissimilarities(
        values,
        tuple(names),
        key,
        rows + np.arange(3.0)[:, None],
        rows + np.arange(4.0).reshape(2, 2, 1),
        np.round(10 * values),
    )


def random_matrix(models=5, seed=0):
    return condensed.square(
        np.random.default_rng(seed).uniform(0.2, 1, models * (models - 1) // 2), models
    )


def table_of(images=4, models=5, seed=0):
    rng = np.random.default_rng(seed)
    values, chance = rng.random((2, images, models * (models - 1) // 2))
    return ImageTable(values, chance[None], tuple("abcdefgh"[:images]), MODELS[:models], KEY)


def same(one, other):
    """Return whether two matrices or tables are equal in all that they hold."""
    return all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name))
        for field in dataclasses.fields(one)
    )


def test_a_part_of_a_matrix_is_the_part_of_all_that_belongs_to_it():
    values, order = random_matrix(), ["dog", "ant", "eel"]
    indices = [MODELS.index(name) for name in order]
    part = matrix_of(values).of(order)
    assert same(part, matrix_of(values[np.ix_(indices, indices)], order))
    assert len(part) == 3 and part.key == KEY
    assert same(
        matrix_of(values).without(["bee", "cow", "fox"]),
        matrix_of(values).of(["ant", "dog", "eel"]),
    )


def test_a_matrix_without_some_models():
    matrix = Dissimilarities(np.arange(9.0).reshape(3, 3), ("a", "b", "c"), KEY, np.empty((0, 3)))
    left = matrix.without(["b"])
    assert left.names == ("a", "c") and left.values.tolist() == [[0, 2], [6, 8]]
    assert left.halves is None and left.n is None and left.images is None
    assert left.replicates.shape == (0, 1)


def test_neither_a_matrix_nor_a_table_can_be_changed():
    for frozen in (matrix_of(random_matrix()), table_of()):
        with pytest.raises(dataclasses.FrozenInstanceError):
            frozen.names = ()


def test_replicates_that_lack_a_dissimilarity_are_not_complete():
    matrix = matrix_of(random_matrix())
    matrix.replicates[1, 4] = np.nan
    np.testing.assert_array_equal(matrix.complete_replicates, matrix.replicates[[0, 2]])


def test_the_number_of_images_is_the_largest_behind_a_dissimilarity():
    matrix = dataclasses.replace(
        matrix_of(random_matrix(3), MODELS[:3]), n=condensed.square([3.0, 7, 5], 3, 9)
    )
    assert matrix.images == 7 and matrix.of(["ant", "bee"]).images == 3
    assert matrix.of(["ant"]).images == 0


def test_model_with_most_unknown_dissimilarities_is_left_out(capsys):
    values = random_matrix(5)
    values[2, :2] = values[:2, 2] = np.nan
    left = matrix_of(values).without_unknown()
    kept = [0, 1, 3, 4]
    assert left.names == ("ant", "bee", "dog", "eel")
    np.testing.assert_array_equal(left.values, values[np.ix_(kept, kept)])
    assert np.isfinite(left.replicates).all() and left.replicates.shape == (3, 6)
    assert "cow is left out: 2 of its dissimilarities" in capsys.readouterr().out


def test_models_are_left_out_one_after_another_only_as_far_as_needed():
    values = random_matrix(6)
    for index in (1, 4):
        values[index] = values[:, index] = np.nan
        values[index, index] = 0
    left = matrix_of(values, [*MODELS, "fox"]).without_unknown()
    assert left.names == ("ant", "cow", "dog", "fox")
    assert np.isfinite(left.values).all()


def test_complete_matrix_keeps_all_models(capsys):
    matrix = matrix_of(random_matrix())
    assert same(matrix.without_unknown(), matrix)
    assert capsys.readouterr().out == ""


def test_a_matrix_is_read_as_it_was_written(tmp_path):
    matrix = matrix_of(random_matrix())
    paths = [tmp_path / name for name in ("dissimilarity.csv", "bootstrap.npz", "n.csv")]
    io.write_matrix(paths[0], matrix.values, matrix.names)
    write_bootstrap(paths[1], matrix)
    io.write_matrix(paths[2], matrix.n, matrix.names)
    assert list(io.read_arrays(paths[1])) == ["dissimilarity", "halves", "models"]
    found = read_dissimilarities(paths[0], paths[1], list(KEY), paths[2])
    assert same(found, matrix) and isinstance(found.key, Key)


def test_a_user_supplied_matrix_has_neither_halves_nor_numbers(tmp_path):
    matrix = Dissimilarities(random_matrix(), MODELS, KEY, np.empty((0, 10)))
    io.write_matrix(tmp_path / "d.csv", matrix.values, matrix.names)
    write_bootstrap(tmp_path / "b.npz", matrix)
    found = read_dissimilarities(tmp_path / "d.csv", tmp_path / "b.npz", KEY)
    assert found.halves is None and found.n is None and found.replicates.shape == (0, 10)


def test_a_table_of_images_is_read_as_it_was_written(tmp_path):
    table = table_of()
    table.values[2, 3] = np.nan
    write_image_table(tmp_path / "images.npz", table)
    found = read_image_table(tmp_path / "images.npz")
    np.testing.assert_array_equal(found.values, table.values)
    np.testing.assert_array_equal(found.chance, table.chance)
    assert (found.images, found.names, found.key) == (table.images, table.names, table.key)
    assert isinstance(found.key, Key) and len(found) == 4


def test_a_part_of_a_table_has_the_pairs_of_its_models():
    table = table_of()
    part = table.without(["cow", "fox"])
    squares = [condensed.square(row, 5) for row in table.values]
    kept = np.ix_([0, 1, 3, 4], [0, 1, 3, 4])
    expected = [condensed.condensed(square[kept]) for square in squares]
    np.testing.assert_array_equal(part.values, expected)
    assert part.names == ("ant", "bee", "dog", "eel") and part.images == table.images
    assert same(table.of(MODELS), table)


def block(a, b, seed=0, images=("i0", "i1", "i2")):
    """Return a file of pairs; within one block symmetric, chance above the diagonal alone."""
    rng = np.random.default_rng(seed)
    values, chance = rng.random((2, len(images), len(a), len(b)))
    if a == b:
        values = np.triu(values, 1) + np.triu(values, 1).transpose(0, 2, 1)
        chance = np.where(np.triu(np.ones((len(a), len(b)), bool), 1), chance, np.nan)
    partners = np.roll(np.arange(len(images)), -1)[None]
    arrays = {"values": values, "chance": chance[None], "partners": partners}
    return arrays | {name: np.array(ids) for name, ids in (("images", images), ("a", a), ("b", b))}


def test_models_that_are_not_wanted_are_ignored_and_so_are_files_of_theirs_alone():
    blocks = {
        "1.npz": block(["ant", "bee", "cow"], ["ant", "bee", "cow"], 1),
        "2.npz": block(["ant", "bee", "cow"], ["dog", "eel"], 2),
        # Of a model that is gone, and of other images.
        "3.npz": block(["bee"], ["fox"], 3, images=("other",)),
    }
    table = assemble(blocks, ["dog", "cow", "ant"], KEY)
    assert table.names == ("ant", "cow", "dog") and table.images == ("i0", "i1", "i2")
    for name in ("values", "chance"):
        one, other = blocks["1.npz"][name], blocks["2.npz"][name]
        expected = np.stack([one[..., 0, 2], other[..., 0, 0], other[..., 2, 0]], axis=-1)
        np.testing.assert_array_equal(getattr(table, name), expected)


@pytest.mark.parametrize("first", ["one", "other"])
def test_names_of_two_blocks_may_interleave(first):
    sides = (["ant", "dog"], ["bee"]) if first == "one" else (["bee"], ["ant", "dog"])
    blocks = {"1.npz": block(["ant", "dog"], ["ant", "dog"], 1), "2.npz": block(*sides, 2)}
    table = assemble(blocks, ["ant", "bee", "dog"], KEY)
    across = blocks["2.npz"]["values"].reshape(3, 2)
    expected = np.stack([across[:, 0], blocks["1.npz"]["values"][:, 0, 1], across[:, 1]], axis=1)
    np.testing.assert_array_equal(table.values, expected)
    assert np.isfinite(table.chance).all()


def test_a_pair_that_no_file_holds_is_named():
    blocks = {
        "1.npz": block(["ant", "bee"], ["ant", "bee"], 1),
        "2.npz": block(["ant"], ["cow"], 2),
    }
    with pytest.raises(InputError, match=r"gradcam, cosine: no file of pairs holds bee and cow; "):
        assemble(blocks, ["ant", "bee", "cow"], KEY)
    with pytest.raises(InputError, match="no file of pairs holds ant and fox"):
        assemble(blocks, ["ant", "bee", "fox"], KEY)
    with pytest.raises(InputError, match="needs at least two models"):
        assemble({}, ["ant"], KEY)


def test_a_table_of_images_fills_in_units_and_partners_or_refuses_those_of_other_images():
    table = table_of(3)
    assert table.units.tolist() == [0, 1, 2] and table.partners.tolist() == [[1, 2, 0]]
    single = ImageTable(np.zeros((1, 1)), np.zeros((0, 1, 1)), ("a",), ("x", "y"), KEY)
    assert single.partners.shape == (0, 1) and single.partners.dtype == int
    for wrong in ({"units": np.array([0, 1])}, {"partners": np.array([[1, 0]])}):
        with pytest.raises(InputError, match="a table of 3 images has units of shape"):
            dataclasses.replace(table, **wrong)
