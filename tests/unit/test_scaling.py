"""What changes with many models: jobs, files, figures and sentences; and that values do not."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from lookalike.compare import laws
from lookalike.compare.blocks import block_pairs, choose_blocks
from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.compare.image_table import ImageTable
from lookalike.core import condensed
from lookalike.core.condensed import square
from lookalike.findings.tables import braces, shorter
from lookalike.groups import many_trees, projection, trees
from lookalike.groups.clades import describe_clades, sums_over_pairs
from lookalike.groups.graph import model_graph
from lookalike.groups.partitions import EVERY_RESOLUTION, consensus_of
from lookalike.inference import exchange
from lookalike.maps import stacks
from lookalike.plots.figures import matrix_figures
from lookalike.plots.panels import choose_models
from lookalike.plots.style import save
from lookalike.plots.titles import MANY, MOST_NAMED
from lookalike.report.zoom import zoomable
from lookalike.workflow.limits import limited


def planted(models, images=4):
    """Return a table of images, a matrix and the families of models in groups of about 20."""
    rng = np.random.default_rng(0)
    family = np.arange(models) % max(2, models // 20)
    points = 0.2 * rng.normal(size=(models, 3)) + rng.normal(size=(family.max() + 1, 3))[family]
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    base = condensed.condensed(distances / distances.max())
    values = np.clip(base + 0.05 * rng.normal(size=(images, len(base))), 0, 2)
    names = tuple(f"model-{number:04}" for number in range(models))
    key = Key("gradcam", "cosine")
    chance = np.ones((1, images, len(base)))
    table = ImageTable(values, chance, tuple(map(str, range(images))), names, key)
    matrix = Dissimilarities(square(values.mean(axis=0), models), names, key, values)
    families = {name: f"F{number}" for name, number in zip(names, family.tolist(), strict=True)}
    return table, matrix, families


def figures_of(models):
    """Return the figures of planted models."""
    table, matrix, families = planted(models)
    communities = [
        {
            "resolution": EVERY_RESOLUTION,
            "model": name,
            "community": families[name][1:],
            "stability": "1",
            "resamples": "4",
        }
        for name in matrix.names
    ]
    coordinates, explained = projection.classical_scaling(matrix.values)
    spread = projection.resampled_covariances(coordinates, matrix)
    return matrix_figures(
        matrix,
        families,
        supports={"average": describe_clades(trees.link(matrix.values), matrix, None)},
        graph=model_graph(matrix, families, consensus_of(communities)),
        communities=communities,
        co_association=np.ones_like(matrix.values),
        coordinates=projection.describe_projection(coordinates, explained, spread, matrix.names),
        chance=np.ones_like(matrix.values),
        table=table,
    )


def words(figure: Figure) -> str:
    """Return all that a figure says."""
    titles = [axes.get_title() for axes in figure.axes]
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    ticks = [label.get_text() for axes in figure.axes for label in axes.get_yticklabels()]
    return "\n".join([figure.get_suptitle(), *titles, *texts, *ticks])


@pytest.mark.parametrize(("models", "most"), [(60, 400_000), (250, 600_000)])
def test_figures_of_many_models_are_small_and_say_what_they_leave_out(tmp_path, models, most):
    drawn = figures_of(models)
    for name, figures in drawn.items():
        save(figures[0], [tmp_path / f"{name}.svg"])
        assert (tmp_path / f"{name}.svg").stat().st_size < most, name
    (matrix,), (tree,) = drawn["matrix"], drawn["dendrograms"]
    # One picture holds the cells; the others are the stripes of families and the colour bar.
    cells = max(
        (
            image
            for axes in matrix.axes
            for image in axes.get_children()
            if isinstance(image, AxesImage)
        ),
        key=lambda image: image.get_array().size,
    )
    assert cells.get_array().shape == (models, models)
    assert not matrix.axes[0].texts
    assert ("model-0000" in words(matrix)) == (models <= MOST_NAMED)
    assert ("in the order of the tree" in words(matrix)) == (models > MOST_NAMED)
    assert "a triangle is a clade" in words(tree)
    told = [text.get_text() for text in tree.axes[0].texts if text.get_text().startswith("model")]
    assert len(told) == 40
    more = [int(text.split(" and ")[1].split(" more")[0]) for text in told if " more" in text]
    assert len(told) + sum(more) == models
    assert "nearest" in words(drawn["histograms"][0])
    assert f"{models} models" in words(drawn["coordinates"][0])
    groups = words(drawn["louvain"][0])
    assert f"1: {-(-models // max(2, models // 20))} models,\nall F1" in groups


@pytest.mark.parametrize(("models", "numbers"), [(25, 25 * 24), (MANY, 0)])
def test_figures_of_up_to_forty_models_have_names_and_numbers_where_there_is_room(models, numbers):
    drawn = figures_of(models)
    written = drawn["matrix"][0].axes[0].texts
    assert sum("." in text.get_text() for text in written) == numbers
    assert all(text.get_fontsize() >= 5 for text in written)
    assert f"model-{models - 1:04}" in words(drawn["matrix"][0])
    assert "triangle" not in words(drawn["dendrograms"][0])


def test_a_picture_of_levels_is_the_matrix_in_the_order_of_its_tree(tmp_path):
    import base64

    from PIL import Image

    values = square(np.array([0.1, 0.9, 0.8, 0.7, np.nan, 0.3]), 4)
    found = zoomable(values, ["a", "b", "c", "d"])
    (tmp_path / "x.png").write_bytes(base64.b64decode(found["picture"]))
    levels = np.asarray(Image.open(tmp_path / "x.png"))
    order = ["abcd".index(name) for name in found["names"]]
    shown = values[np.ix_(order, order)]
    known = np.isfinite(shown) & ~np.eye(4, dtype=bool)
    back = levels / 254 * found["high"]
    np.testing.assert_allclose(back[known], shown[known], atol=0.8 / 500)
    assert (levels[np.isnan(shown)] == 255).all()
    assert (found["high"], found["chance"]) == (0.9, None)
    assert zoomable(values, ["a", "b", "c", "d"], np.full((4, 4), 0.5))["chance"] == 0.5


def test_what_is_computed_in_parts_or_by_another_way_is_the_same(monkeypatch):
    rng = np.random.default_rng(0)
    table, matrix, _ = planted(12, images=5)
    tree = trees.link(matrix.values)
    found = sums_over_pairs(tree, table.values)
    members, sisters = trees.clade_members(tree), trees.sisters_of(tree)
    rows, columns = np.triu_indices(12, 1)
    within = members[:, rows] & members[:, columns]
    between = members[:, rows] ^ members[:, columns]
    sister = (members[:, rows] & sisters[:, columns]) | (members[:, columns] & sisters[:, rows])
    for sums, pairs in zip(found, (within, between, sister), strict=False):
        np.testing.assert_allclose(sums, pairs @ table.values.T, atol=1e-12)
    np.testing.assert_allclose(
        found[3, -1],
        table.values.sum(axis=1)
        - found[0, tree[-1, :2][tree[-1, :2] >= 12].astype(int) - 12].sum(axis=0),
    )
    order = exchange.orders(np.zeros((5, 12), int), 7, rng)
    few = (
        exchange.permuted_means(table.values, order),
        exchange.permuted_main_effects(table.values, order),
        laws.sums_of_models(table.values),
        np.sort(many_trees.clade_codes(table.values), axis=1),
        projection.classical_scaling(matrix.values)[0],
    )
    for module in (exchange, laws, many_trees, projection):
        monkeypatch.setattr(module, "MANY_MODELS", 3)
    many = (
        exchange.permuted_means(table.values, order),
        exchange.permuted_main_effects(table.values, order),
        laws.sums_of_models(table.values),
        np.sort(many_trees.clade_codes(table.values), axis=1),
        projection.turn(projection.scaled_near(matrix.values, few[4]), few[4]),
    )
    np.testing.assert_array_equal(few[0], many[0])
    np.testing.assert_array_equal(few[3], many[3])
    for one, other in zip(few, many, strict=True):
        np.testing.assert_allclose(other.astype(float), one.astype(float), atol=1e-9)


def test_resamples_and_permutations_are_fewer_only_where_there_are_very_many_pairs():
    def plan(models):
        methods = {"gradcam": {"models": list(range(models))}}
        inference = {"bootstrap": 1000, "permutations": 999}
        return limited({"methods": methods, "inference": inference, "left_out": []})

    assert plan(300) == {**plan(300), "left_out": []}
    assert plan(300)["inference"] == {"bootstrap": 1000, "permutations": 999}
    many = plan(1000)
    assert many["inference"] == {"bootstrap": 100, "permutations": 199}
    assert "1000 models are 499500 pairs, for which there are 100 and 199" in many["left_out"][0]


@pytest.mark.parametrize(("models", "pairs"), [(14, 3), (40, 15), (41, 15), (1000, 15)])
def test_blocks_are_few_however_many_models(models, pairs):
    names = [f"{number:04}" for number in range(models)]
    blocks = choose_blocks(names, "auto")
    assert len(block_pairs(blocks)) == pairs
    assert sorted(name for block in blocks.values() for name in block) == names


def test_many_names_are_told_by_the_first():
    names = [f"m{number}" for number in range(41)]
    assert shorter(braces(names[:40])) == braces(names[:40])
    assert shorter(braces(names)) == "{m0, m1, m2 and 38 more}"
    assert choose_models(names[:40]) == names[:40]
    assert choose_models(names) == names[::2]


def test_a_stack_stays_one_file_and_single_maps_stay_single(tmp_path):
    maps = np.random.default_rng(0).random((3, 5, 4), np.float32)
    for stacked, files in ((True, 2), (False, 3)):
        folder = tmp_path / str(stacked)
        stacks.write_raw(folder, ["a", "b", "c"], maps, stacked=stacked)
        assert len([*folder.iterdir()]) == files
        read = stacks.raw_reader(folder)
        np.testing.assert_array_equal([read(image) for image in "bca"], maps[[1, 2, 0]])
