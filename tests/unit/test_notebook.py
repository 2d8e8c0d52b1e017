"""Maps compared in a notebook: the workflow's numbers, errors that name the model, results that can
be read.
"""

import numpy as np
import pytest

import lookalike
from lookalike.compare.dissimilarities import Key
from lookalike.compare.image_table import assemble
from lookalike.compare.pairs import compare_blocks, image_partners
from lookalike.compare.summary import summarise_images
from lookalike.core import registry
from lookalike.core.errors import InputError
from lookalike.groups.communities import consensus_communities
from lookalike.groups.trees import clade_support, link, newick
from lookalike.inference.dependence import image_dependence
from lookalike.inference.structure import structure_test
from lookalike.notebook.comparison import FIGURES

NAMES = ["Ada", "Ben", "Cid", "Dot", "Eva", "Fay"]
IMAGES, SIDE = 12, 14


def make_maps(signed=True, seed=0):
    """Return maps of six models in two groups, float32, the largest absolute value 1."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(rng.normal(size=(2, IMAGES, SIDE, SIDE)), 3, axis=0)
    maps = groups + 0.7 * rng.normal(size=groups.shape)
    maps = (maps if signed else np.abs(maps)).astype(np.float32)
    return dict(zip(NAMES, maps / np.abs(maps).max(), strict=True))


@pytest.fixture(scope="module")
def found():
    return lookalike.compare_maps(make_maps(), "pearson", resamples=100)


def by_files(maps, metric, data_range, size):
    """Compare maps as the rules do: in blocks of models, each written as one file."""
    options = registry.with_defaults("metric", metric, {}) | {"data_range": data_range}
    card, blocks = registry.get("metric", metric), {}
    parts = [NAMES[start : start + size] for start in range(0, len(NAMES), size)]
    for number, a in enumerate(parts):
        for b in parts[number:]:
            x, y = ([maps[name] for name in part] for part in (a, b))
            (values,), (chance,) = compare_blocks([(card, options)], x, x if a is b else y, seed=3)
            block = {"values": values, "chance": chance, "a": np.array(a), "b": np.array(b)}
            block |= {"partners": image_partners(IMAGES, 3, len(chance))}
            images = [f"{image}.png" for image in range(IMAGES)]
            blocks["+".join(a) + "~" + "+".join(b)] = block | {"images": np.array(images)}
    table = assemble(blocks, NAMES, Key("ig", metric))
    originals = {name: name for name in NAMES}
    return table, summarise_images(
        table, card, aggregate="mean_std", resamples=50, seed=3, originals=originals
    )


@pytest.mark.parametrize(
    ("metric", "signed"), [("cosine", True), ("ssim", True), ("ssim", False), ("mse", False)]
)
def test_numbers_are_those_of_the_workflow(metric, signed):
    maps = make_maps(signed)
    # The order in which models are given does not matter.
    given = dict(reversed(maps.items()))
    images = [f"{image}.png" for image in range(IMAGES)]
    ours = lookalike.compare_maps(
        given, metric, images=images, aggregate="mean_std", resamples=50, seed=3
    )
    table, summary = by_files(maps, metric, 2.0 if signed else 1.0, len(NAMES))
    assert (ours.names, ours.images) == (tuple(NAMES), tuple(images))
    for name in ("values", "chance"):
        np.testing.assert_array_equal(getattr(ours.table, name), getattr(table, name))
    for name, matrix in summary.matrices.items():
        np.testing.assert_array_equal(ours.summary.matrices[name], matrix)
    matrix = summary.dissimilarities
    np.testing.assert_array_equal(ours.dissimilarities.replicates, matrix.replicates)
    tree = link(matrix.values)
    support = clade_support(tree, matrix.replicates)
    assert ours.tree().newick == newick(tree, support, matrix.names)
    expected, together = consensus_communities(matrix, [0.9, 1.0], 3)
    assert str(ours.communities([0.9, 1.0]).rows) == str(expected)
    assert np.sort(ours.communities([0.9, 1.0]).together.ravel()).tolist() == pytest.approx(
        np.sort(together.ravel())
    )
    assert ours.structure(19) == structure_test(
        table, registry.get("metric", ours.table.key.metric), "mean_std", 19, 3
    )
    assert str(ours.dependence(99)) == str(image_dependence(table, 99, 3))
    # Values of other blocks differ by rounding alone.
    single = by_files(maps, metric, 2.0 if signed else 1.0, 1)[1]
    np.testing.assert_allclose(ours.mean, single.matrices["mean"], rtol=0, atol=1e-12)


def test_matrices_are_what_they_say(found):
    values = found.table.values
    pairs = np.triu_indices(6, 1)
    np.testing.assert_allclose(found.mean[pairs], values.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.std[pairs], values.std(axis=0, ddof=1), rtol=1e-9)
    assert (found.n == IMAGES).all() and found.interval.shape == (2, 6, 6)
    low, high = found.interval[:, *pairs]
    assert (low < found.mean[pairs]).all() and (found.mean[pairs] < high).all()
    assert np.isnan(found.chance.diagonal()).all()
    np.testing.assert_allclose(
        found.chance[pairs], found.table.chance.mean(axis=(0, 1)), rtol=1e-12
    )
    np.testing.assert_array_equal(found.mean.diagonal(), 0)
    assert found.dissimilarities.key == Key("maps", "pearson")
    x, y = (make_maps()[name] for name in ("Ada", "Eva"))
    one = [lookalike.pearson(x[i : i + 1], y[i : i + 1])[0, 0] for i in range(IMAGES)]
    assert found.mean[0, 4] == pytest.approx(np.mean(one), abs=1e-12)
    assert repr(found) == "<Comparison of 6 models by pearson on 12 images>"


def test_planted_groups_are_found(found):
    assert found.communities().members == dict(zip(NAMES, [1, 1, 1, 2, 2, 2], strict=True))
    assert found.communities().stability > 0.9
    together = found.communities().together
    assert together[:3, :3].min() > 0.9 and together[:3, 3:].max() < 0.1
    structure = found.structure(99)
    assert (structure["groups"], structure["grouping_p"]) == (2, 0.01)
    clades = {frozenset(row["members"].split()): row["support"] for row in found.tree().clades}
    assert clades[frozenset(NAMES[:3])] == clades[frozenset(NAMES[3:])] == 1
    assert str(found.tree("single")).startswith("(") and str(found.tree()).endswith(";")
    sides = [x > 0 for x, _ in found.embedding().coordinates.values()]
    assert sides in ([True] * 3 + [False] * 3, [False] * 3 + [True] * 3)
    assert 0 < found.embedding().explained[1] < found.embedding().explained[0] < 1


def test_dependence_on_the_image_is_the_share_of_chance(found):
    depends = found.dependence(99)
    chance = found.table.chance.mean()
    assert depends["dependence"] == pytest.approx(1 - found.table.values.mean() / chance)
    assert depends["dependence_low"] < depends["dependence"] < depends["dependence_high"]


def test_models_that_are_not_independent_are_left_out_of_the_test(found):
    assert found.dependence(99, NAMES[1:])["dependence_untested"].endswith("found 1")
    assert found.structure(19, dependent=NAMES[3:])["untested"].endswith("found 3")


@pytest.mark.parametrize("kind", FIGURES)
def test_every_figure_is_drawn(found, kind):
    from matplotlib.figure import Figure

    assert isinstance(found.plot(kind, {"Ada": "CNN"}), Figure)


def test_an_unknown_figure_or_linkage_or_aggregate_is_refused(found):
    with pytest.raises(InputError, match="unknown figure 'dendogram'; did you mean 'dendrogram'"):
        found.plot("dendogram")
    with pytest.raises(InputError, match="linkage 'ward' is right for Euclidean distances only"):
        found.tree("ward")
    with pytest.raises(InputError, match="unknown aggregate 'median'"):
        lookalike.compare_maps(make_maps(), aggregate="median")


def test_options_of_the_metric_are_taken_and_unknown_ones_refused():
    maps = make_maps()
    narrow, wide = (
        lookalike.compare_maps(maps, "rbf", options={"sigma": sigma}, resamples=5).mean[0, 1]
        for sigma in (1.0, 80.0)
    )
    assert narrow > wide
    with pytest.raises(InputError, match="unknown option of metric 'rbf' 'sigm'"):
        lookalike.compare_maps(maps, "rbf", options={"sigm": 1.0})
    with pytest.raises(InputError, match="unknown metric 'cosin'; did you mean 'cosine'"):
        lookalike.compare_maps(maps, "cosin")


def test_the_range_of_the_maps_is_taken_as_given():
    maps = {name: 255 * stack for name, stack in make_maps(signed=False).items()}
    found = lookalike.compare_maps(maps, "ssim", data_range=255, resamples=5)
    expected = lookalike.compare_maps(make_maps(signed=False), "ssim", resamples=5)
    np.testing.assert_allclose(found.mean, expected.mean, atol=1e-5)
    with pytest.raises(InputError, match=r"ssim needs maps of a known range, .* is 255;"):
        lookalike.compare_maps(maps, "ssim")
    with pytest.raises(InputError, match="data_range must be positive, not 0"):
        lookalike.compare_maps(maps, "ssim", data_range=0)


def spoiled(change):
    """Return maps of which those of Ben are changed."""
    maps = make_maps()
    return maps | {"Ben": change(maps["Ben"].copy())}


def with_nan(stack):
    stack[4, 2, 2] = np.nan
    return stack


@pytest.mark.parametrize(
    ("maps", "complaint"),
    [
        ({"Ada": make_maps()["Ada"]}, "at least two models; found 1"),
        ([make_maps()["Ada"]] * 2, "needs a dict from name to array"),
        (make_maps() | {1: make_maps()["Ada"]}, "the name of a model must be text, not 1"),
        (spoiled(lambda stack: stack[:-1]), "Ada has 12 maps, Ben has 11; give maps of the same"),
        (spoiled(lambda stack: stack[:, :7]), "maps of Ada are 14 x 14, those of Ben 7 x 14"),
        (spoiled(lambda stack: stack[0]), r"Ben: maps must be an array .* of shape \(14, 14\)"),
        (spoiled(lambda stack: stack.astype(complex)), "of real numbers, not complex128"),
        (spoiled(lambda stack: stack[:0]), r"of shape \(0, 14, 14\)"),
        (spoiled(with_nan), "Ben: the map of image 4 holds NaN or infinity"),
    ],
)
def test_maps_that_cannot_be_compared_are_refused(maps, complaint):
    with pytest.raises(InputError, match=complaint):
        lookalike.compare_maps(maps)


def test_maps_of_signs_that_a_metric_does_not_take_are_refused():
    with pytest.raises(InputError, match="similarity takes maps without negative values"):
        lookalike.compare_maps(make_maps(), "similarity")
    with pytest.raises(InputError, match="sign_agreement compares signs, and no value is negative"):
        lookalike.compare_maps(make_maps(signed=False), "sign_agreement")


@pytest.mark.parametrize("images", [["a", "b"], ["a"] * IMAGES])
def test_ids_of_images_must_be_as_many_as_the_maps_and_different(images):
    with pytest.raises(InputError, match="images: needs 12 different ids, one a map"):
        lookalike.compare_maps(make_maps(), images=images)


def test_one_image_gives_means_without_intervals():
    found = lookalike.compare_maps(
        {name: stack[:1] for name, stack in make_maps().items()}, resamples=5
    )
    assert np.isfinite(found.mean).all() and np.isnan(found.interval[:, 0, 1]).all()
    assert np.isnan(found.tree().clades[0]["support"])
    assert found.structure(9)["untested"] == "with n = 1 image nothing can be concluded"
    found.plot("dendrogram")


def test_models_whose_maps_are_all_zero_are_left_out(capsys):
    maps = make_maps()
    maps["Ben"] = maps["Eva"] = np.zeros_like(maps["Ada"])
    found = lookalike.compare_maps(maps, "mse", resamples=10)
    assert found.names == ("Ada", "Cid", "Dot", "Fay")
    assert "Ben, Eva: left out" in capsys.readouterr().out
    assert {frozenset(row["members"].split()) for row in found.tree().clades[:2]} == {
        frozenset({"Ada", "Cid"}),
        frozenset({"Dot", "Fay"}),
    }
