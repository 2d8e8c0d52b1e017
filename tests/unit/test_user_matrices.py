"""User-supplied matrices: files of any common layout become dissimilarities, or are refused."""

import numpy as np
import pytest

from lookalike.compare.user_matrices import checked_matrix, read_given_matrix
from lookalike.core.errors import InputError
from lookalike.core.matrix_files import read_named_matrix

MODELS = ["ant", "bee", "cow", "dog"]
FOUR = [[0, 0.5, 2, 1.25], [0.5, 0, 3, 4], [2, 3, 0, 0.125], [1.25, 4, 0.125, 0]]
AS_PAIRS = [
    f"{one},{other},{FOUR[i][j]}"
    for i, one in enumerate(MODELS)
    for j, other in enumerate(MODELS)
    if i < j
]

TABLE = ",ant,bee,cow,dog\nant,0,.5,2,1.25\nbee,.5,0,3,4\ncow,2,3,0,.125\ndog,1.25,4,.125,0\n"
BELOW = TABLE.split("\n", 1)[1]
BESIDE = "\n".join(line.split(",", 1)[1] for line in TABLE.split())
# Text of a file, all of the same matrix.
LAYOUTS = {
    "names twice": TABLE,
    "a word above the names": "model" + TABLE,
    "quotes, blanks, Windows": TABLE.replace("ant", '"ant"')
    .replace(",", " , ")
    .replace("\n", "\r\n"),
    "semicolons, decimal commas, byte order mark": "\ufeff"
    + TABLE.replace(",", ";").replace(".", ","),
    "tabs": TABLE.replace(",", "\t"),
    "tabs, decimal commas, names above": BESIDE.replace(",", "\t").replace(".", ","),
    "blanks": TABLE.replace(",", "   "),
    "R": '"ant" "bee" "cow" "dog"\n' + BELOW.replace(",", " "),
    "an empty column and row at the end": TABLE.replace("\n", ",\n") + ",,,,,\n",
    "names above": BESIDE,
    "names above, rows numbered": TABLE.replace("\nant", "\n0")
    .replace("\nbee", "\n1")
    .replace("\ncow", "\n2")
    .replace("\ndog", "\n3"),
    "names beside": BELOW,
    "names beside, columns numbered": ",1,2,3,4\n" + BELOW,
    "columns in another order": ",dog,ant,cow,bee\nant,1.25,0,2,.5\nbee,4,.5,3,0\n"
    "cow,.125,2,0,3\ndog,0,1.25,.125,4\n",
    "PHYLIP": "4\n" + BELOW.replace(",", " "),
    "PHYLIP, lower": "4\nant\nbee .5\ncow 2 3\ndog 1.25 4 .125\n",
    "lower, ragged": ",ant,bee,cow,dog\nant,0\nbee,.5,0\ncow,2,3,0\ndog,1.25,4,.125,0\n",
    "lower, blank": ",ant,bee,cow,dog\nant,,,,\nbee,.5,,,\ncow,2,3,,\ndog,1.25,4,.125,\n",
    "lower, blank, names beside": "ant,,,,\nbee,.5,,,\ncow,2,3,,\ndog,1.25,4,.125,\n",
    "upper, zeros": ",ant,bee,cow,dog\nant,0,.5,2,1.25\nbee,0,0,3,4\ncow,0,0,0,.125\ndog,0,0,0,0\n",
    "upper, unknown": ",ant,bee,cow,dog\nant,nan,.5,2,1.25\nbee,NaN,NA,3,4\ncow,nan,n/a,-,.125\n"
    "dog,nan,nan,nan,nan\n",
    "one row for every pair": "\n".join(["model_a,model_b,value", *AS_PAIRS]),
    "pairs without a header, both ways": "\n".join([*AS_PAIRS, "bee,ant,.5", "dog,dog,0"]),
}


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS)
def test_a_matrix_is_read_from_any_common_layout(text, tmp_path):
    (tmp_path / "a.csv").write_bytes(text.encode())
    matrix, names, notes = read_given_matrix(tmp_path / "a.csv", "dissimilarity")
    np.testing.assert_array_equal(matrix, FOUR)
    assert names == MODELS and notes == []


CELLS = BESIDE.split("\n", 1)[1]
NAMELESS = {
    "square": CELLS,
    "diagonal unknown": ",.5,2,1.25\n.5,,3,4\n2,3,,.125\n1.25,4,.125,\n",
    "upper": "0,.5,2,1.25\n0,0,3,4\n0,0,0,.125\n0,0,0,0\n",
    "numbered by pandas": ",0,1,2,3\n0,0,.5,2,1.25\n1,.5,0,3,4\n2,2,3,0,.125\n3,1.25,4,.125,0\n",
    "numpy.savetxt": CELLS.replace(",", " ").replace(".5", "5.000000e-01"),
}


@pytest.mark.parametrize("text", NAMELESS.values(), ids=NAMELESS)
def test_a_matrix_without_names_needs_them_from_the_config(text, tmp_path):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=r"a.csv: holds n.* names.*give `names: \[...\]`"):
        read_given_matrix(tmp_path / "a.csv", "dissimilarity")
    matrix, names, _ = read_given_matrix(tmp_path / "a.csv", "dissimilarity", MODELS)
    np.testing.assert_array_equal(matrix, FOUR)
    assert names == MODELS
    with pytest.raises(InputError, match=r"a.csv: holds 4 models, and `names` 3"):
        read_given_matrix(tmp_path / "a.csv", "dissimilarity", MODELS[:3])


def test_arrays_are_read_with_names_of_the_config(tmp_path):
    four = np.array(FOUR)
    for array in (four, four.astype(np.float32), np.triu(four), four[np.triu_indices(4, 1)]):
        np.save(tmp_path / "a.npy", array)
        matrix, names, _ = read_given_matrix(tmp_path / "a.npy", "dissimilarity", MODELS)
        np.testing.assert_array_equal(matrix, FOUR)
        assert names == MODELS
    for array in (four[:3], four[None], four.astype(str), four[0]):
        np.save(tmp_path / "a.npy", array)
        with pytest.raises(InputError, match=r"a.npy: a matrix must be a square array of real"):
            read_given_matrix(tmp_path / "a.npy", "dissimilarity", MODELS)


def test_whole_numbers_may_be_names(tmp_path):
    (tmp_path / "a.csv").write_text("depth,18,34,101\n18,0,1,2\n34,1,0,3\n101,2,3,0\n")
    assert read_named_matrix(tmp_path / "a.csv")[1] == ["18", "34", "101"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "holds no matrix: it is empty"),
        ("\n\n", "holds no matrix: it is empty"),
        ('""\n', "holds no matrix: it is empty"),
        (",,\n,,\n", "holds no matrix: it is empty"),
        (",a,b\na,0,1\nc,1,0\n", "'c' is a row, but no column"),
        (",DeiT_S,b\nDeiT_s,0,1\nb,1,0\n", "'DeiT_s' is a row, .*; did you mean 'DeiT_S'"),
        (",a,b,c\na,0,1,2\nb,1,0,3\n", "not square: 2 rows of values for 3 columns"),
        (",a,b\na,0,x\nb,1,0\n", "the row 'a' holds 'x', which is no number"),
        (",a,b\na,0,1\nb,1,1_0\n", "the row 'b' holds '1_0', which is no number"),
        (",a,b\na,0\nb,1,0,2\n", "not square: the row 'a' has 1 of 2 values"),
        (",a,b,c\na,0,1,2\nb,0,3\nc,0\n", "not square: the row 'b' has 2 of 3 values"),
        (",a,b,a\na,0,1,2\nb,1,0,2\na,2,2,0\n", "the name 'a' appears twice"),
        (",a,b,\na,0,1,2\nb,1,0,2\n,2,2,0\n", "needs at least two models, each with a name"),
        ("a,,b\n0,1,2\n1,0,3\n2,3,0\n", "at least two models, each with a name"),
        ("a\n0\n", "not square"),
        (",a\na,0\n", "at least two models, each with a name"),
        ("0,1,2\n1,0,3\n", "not square: the row number 1 has 3 of 2 values"),
        ("0.1,0.2\n0,1\n1,0\n", "not square: the row number 1 has 2 of 3 values"),
        (",a,b\na,0,inf\nb,inf,0\n", "holds infinity"),
        (",a,b,c\na,0,1,2\nb,1,0,3\nc,2,4,0\n", "not symmetric: b and c have 3, c and b 4"),
        ("a,b,1\na,b,2\na,c,1\n", "'a' and 'b' have two values, 1 and 2"),
    ],
)
def test_what_is_no_matrix_is_refused_in_one_line(text, complaint, tmp_path):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=f"a.csv: .*(?:{complaint})") as error:
        read_given_matrix(tmp_path / "a.csv", "dissimilarity")
    assert "\n" not in str(error.value)


def test_names_beside_names_and_other_formats_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text(LAYOUTS["names beside"])
    with pytest.raises(InputError, match="holds names of its own; leave out `names`"):
        read_given_matrix(tmp_path / "a.csv", "dissimilarity", MODELS)
    for name, what in (("a.xlsx", "a spreadsheet"), ("a.npz", "no single table")):
        with pytest.raises(InputError, match=f"{name}: is {what}; save the matrix as CSV"):
            read_given_matrix(tmp_path / name, "dissimilarity")
    for name in ("a.npy", "b.csv"):
        (tmp_path / name).write_bytes(bytes(range(256)))
        with pytest.raises(InputError, match=name):
            read_given_matrix(tmp_path / name, "dissimilarity", MODELS)


def given_matrix(models=4, seed=0):
    """Return a symmetric matrix of dissimilarities below 1, and the models' names."""
    matrix = np.random.default_rng(seed).uniform(0.1, 0.5, (models, models))
    matrix = matrix + matrix.T
    np.fill_diagonal(matrix, 0)
    return matrix, MODELS[:models]


def as_given(matrix, kind):
    """Return dissimilarities as a matrix of a kind."""
    return 1 - matrix if kind == "similarity" else matrix.copy()


def test_given_dissimilarities_stay_as_they_are():
    matrix, names = given_matrix()
    found, notes = checked_matrix(matrix, names, "dissimilarity", "a.csv")
    np.testing.assert_array_equal(found, matrix)
    assert notes == []


@pytest.mark.parametrize("top", [1.0, 7.5, 0.0])
def test_given_similarities_are_subtracted_from_their_diagonal(top):
    matrix, names = given_matrix()
    found, notes = checked_matrix(top - matrix, names, "similarity", "a.csv")
    np.testing.assert_allclose(found, matrix, rtol=0, atol=1e-12)
    assert notes == []


@pytest.mark.parametrize("kind", ["dissimilarity", "similarity"])
def test_a_diagonal_of_single_precision_is_taken(kind):
    matrix, names = given_matrix()
    cells = as_given(matrix, kind)
    cells[np.diag_indices(4)] += [1.5e-5, -1.5e-5, 0, 6e-6]
    cells += np.triu(np.full_like(cells, 1e-6), 1)
    found, notes = checked_matrix(cells, names, kind, "a.csv")
    np.testing.assert_allclose(found, matrix, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(found, found.T)
    assert notes == [] and (found.diagonal() == 0).all()


@pytest.mark.parametrize(
    ("kind", "own", "note"),
    [
        ("similarity", 0.95, "similarity of 2 of 4 models to themselves is not 1 (0.93 to 0.95)"),
        (
            "dissimilarity",
            0.05,
            "dissimilarity of 2 of 4 models to themselves is not 0 (0.03 to 0.05)",
        ),
    ],
)
def test_another_diagonal_is_ignored_with_a_note(kind, own, note):
    matrix, names = given_matrix()
    cells = as_given(matrix, kind)
    cells[1, 1], cells[3, 3] = own, own - 0.02
    found, notes = checked_matrix(cells, names, kind, "a.csv")
    np.testing.assert_allclose(found, matrix, rtol=0, atol=1e-12)
    assert notes == [f"the {note}: the diagonal is ignored"]


@pytest.mark.parametrize("kind", ["dissimilarity", "similarity"])
def test_an_empty_diagonal_and_unknown_pairs_are_kept_unknown_or_filled(kind):
    matrix, names = given_matrix()
    cells = as_given(matrix, kind)
    np.fill_diagonal(cells, np.nan)
    cells[0, 1] = cells[1, 0] = matrix[0, 1] = matrix[1, 0] = np.nan
    found, _ = checked_matrix(cells, names, kind, "a.csv")
    np.testing.assert_allclose(found, matrix, rtol=0, atol=1e-12)


def test_a_diagonal_that_stands_for_unknown_hides_no_asymmetry():
    matrix, names = given_matrix()
    matrix[0, 0] = 999
    found, notes = checked_matrix(matrix, names, "dissimilarity", "a.csv")
    assert found[0, 0] == 0 and notes[0].endswith("is not 0 (999): the diagonal is ignored")
    matrix[1, 2] += 0.01
    with pytest.raises(InputError, match="not symmetric: bee and cow"):
        checked_matrix(matrix, names, "dissimilarity", "a.csv")


def test_half_of_a_matrix_of_similarities_may_lack_its_diagonal(tmp_path):
    matrix, names = given_matrix()
    for half in (np.triu(1 - matrix, 1), np.tril(1 - matrix), np.triu(1 - matrix)):
        np.save(tmp_path / "a.npy", half)
        found, _, notes = read_given_matrix(tmp_path / "a.npy", "similarity", names)
        np.testing.assert_allclose(found, matrix, rtol=0, atol=1e-12)
        assert notes == []


D, S = "dissimilarity", "similarity"


def one_sided(matrix):
    """Take away a cell, but not its mirror image."""
    matrix[1, 3] = np.nan
    return matrix


def spoil(row, column, value):
    """Return a function that sets a cell, and its mirror image."""

    def spoiled(matrix):
        matrix[row, column] = matrix[column, row] = value
        return matrix

    return spoiled


@pytest.mark.parametrize(
    ("change", "kind", "complaint"),
    [
        (lambda given: np.triu(given) + np.tril(2 * given), D, "not symmetric: ant and bee have"),
        (one_sided, D, "not symmetric: bee and dog have nan"),
        (spoil(2, 2, np.inf), D, "holds infinity"),
        (spoil(1, 2, -0.3), D, "bee and cow have -0.3, and no dissimilarity is negative"),
        (lambda given: -given, D, "its diagonal, 0, is larger than .*; set kind: similarity"),
        (lambda given: 1 - given, D, "its diagonal, 1, is larger than .*; set kind: similarity"),
        (lambda given: given, S, "its diagonal, 0, is smaller than .*; set kind: dissimilarity"),
        (
            lambda given: spoil(0, 2, 1.2)(1 - given),
            S,
            "ant and cow have 1.2, more than a model with itself, which has 1",
        ),
        (lambda given: 1 - given + np.diag([0, 1, 2, 3.0]), S, "to themselves go from 1 to 4"),
        (
            lambda given: 3 - given + np.diag([np.nan] * 4),
            S,
            "to themselves are not given, and others are up to 2",
        ),
        (lambda given: np.full((4, 4), np.nan), D, "no value between two models"),
    ],
)
def test_what_is_no_matrix_of_its_kind_is_refused(change, kind, complaint):
    matrix, names = given_matrix()
    with pytest.raises(InputError, match=f"a.csv: .*{complaint}"):
        checked_matrix(change(matrix), names, kind, "a.csv")


def test_advice_on_the_kind_never_contradicts_itself():
    """No matrix is refused as both kinds, each time with the advice to give the other."""
    rng, advised = np.random.default_rng(0), set()
    for _ in range(600):
        m = rng.integers(2, 5)
        matrix = np.round(rng.normal(rng.choice([0, 1, 3]), 1, (m, m)), 1)
        matrix = matrix + matrix.T
        np.fill_diagonal(matrix, rng.choice([0, 1, 0.95, 4, matrix.max(), matrix.min()]))
        matrix[0, 0] += rng.choice([0, 0, 0.05, np.nan])
        advice = {}
        for kind in ("dissimilarity", "similarity"):
            try:
                checked_matrix(matrix, MODELS[:m], kind, "a.csv")
            except InputError as error:
                advice[kind] = "set kind" in str(error)
        advised |= {kind for kind, given in advice.items() if given}
        assert list(advice.values()) != [True, True]
    assert advised == {"dissimilarity", "similarity"}
