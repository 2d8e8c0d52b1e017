"""What figures show: titles, notes, numbers, ellipses, links."""

import itertools

import adjustText
import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.patches import Ellipse

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.compare.image_table import ImageTable
from lookalike.compare.resampling import bootstrap
from lookalike.core.condensed import square
from lookalike.groups import projection, trees
from lookalike.groups.clades import describe_clades
from lookalike.groups.communities import consensus_communities
from lookalike.groups.graph import model_graph
from lookalike.groups.partitions import EVERY_RESOLUTION, consensus_of
from lookalike.plots.communities import describe_partition, louvain_graph, partitions_of
from lookalike.plots.coordinates import scatter
from lookalike.plots.figures import matrix_figures
from lookalike.plots.histograms import histograms
from lookalike.plots.matrix import half_intervals, heatmap
from lookalike.plots.panels import choose_images, panel_of_image, readable_label, titles_of
from lookalike.plots.style import Look, use

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
    assert notes[0].tolist() == ["±0", "", "±.1"]
    drawn = texts(
        heatmap(
            matrix, list(FAMILIES), FAMILIES, label="d", title="t", notes=notes, order=[2, 0, 1]
        )
    )
    assert drawn == [".20\n±.1", ".30\n±.1", ".20\n±.1", ".10", ".30\n±.1", ".10"]


def test_stars_are_drawn_in_large_matrices_of_agreement_as_well():
    names = [f"m{number}" for number in range(17)]
    drawn = texts(
        heatmap(
            np.full((17, 17), 0.9),
            names,
            dict.fromkeys(names, "ig"),
            label="rho",
            title="t",
            notes=np.full((17, 17), "*"),
            limits=(-1, 1),
        )
    )
    assert drawn == [".90\n*"] * 17 * 16


def test_zero_has_no_sign():
    matrix = np.where(np.eye(3), 1, -0.001)
    assert set(
        texts(heatmap(matrix, list(FAMILIES), FAMILIES, label="rho", title="t", limits=(-1, 1)))
    ) == {".00"}


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


def test_names_lie_clear_of_the_points_however_long_the_layout_takes(monkeypatch):
    names = ["MobileNetV3", "ConvNeXtV2_Nano", "PyramidViT_V2_B2", "ResNet_50", "SwinV2_Tiny"]
    coordinates = np.array(
        [[-0.13, -0.22], [0.48, -0.13], [0.1, 0.25], [-0.12, 0.19], [-0.33, -0.09]]
    )
    covariances = np.full((5, 2, 2), np.nan)
    drawn = []
    for seconds in (0, 10):
        clock = itertools.count(step=seconds)
        monkeypatch.setattr(adjustText, "timer", lambda clock=clock: next(clock))
        figure = scatter(
            coordinates, (0.5, 0.2), covariances, names, dict.fromkeys(names, "CNN"), title="t"
        )
        (axes,) = figure.axes
        boxes = [
            text.get_window_extent().padded(3) for text in axes.texts if text.get_text() in names
        ]
        points = axes.transData.transform(coordinates)
        assert len(boxes) == 5 and not any(box.contains(*one) for box in boxes for one in points)
        drawn.append([box.bounds for box in boxes])
    np.testing.assert_array_equal(*drawn)


def test_links_are_dark_within_communities_and_thick_where_models_are_near():
    matrix = Dissimilarities(
        square([0.25, 0.5, 1.0], 3), tuple(FAMILIES), Key("gradcam", "ssim"), np.empty((0, 3))
    )
    graph = model_graph(matrix, FAMILIES)
    rows = rows_of(EVERY_RESOLUTION, {"ant": 1, "bee": 1, "cow": 2}, 0.5)
    axes = louvain_graph(graph, rows, FAMILIES, title="t").axes[0]
    pale, dark = (part for part in axes.collections if isinstance(part, LineCollection))
    assert [to_rgb(part.get_color()[0][:3]) for part in (pale, dark)] == [(0.85,) * 3, (0.3,) * 3]
    assert pale.get_linewidths() == pytest.approx([0.2 + 3 * 0.5, 0.2])
    assert dark.get_linewidths() == pytest.approx([0.2 + 3 * 0.75])
    nodes = [part for part in axes.collections if isinstance(part, PathCollection)]
    assert sum(len(part.get_offsets()) for part in nodes) == 3
    assert pale.zorder < dark.zorder < min(part.zorder for part in nodes)
    at = {text.get_text(): np.array(text.get_position()) for text in axes.texts}
    # On a circle, the first at the top, the community's second clockwise next to it.
    assert at["ant"] == pytest.approx([0, 1.14]) and at["bee"][0] > 0 > at["cow"][0]
    assert np.linalg.norm(at["ant"] - at["bee"]) < np.linalg.norm(at["bee"] - at["cow"])


def figures_of(values, names, left_out=(), **given):
    """Return the figures of a matrix, of all that the groups' rules make of it."""
    families = {name: FAMILIES.get(name, "unknown") for name in names}
    condensed = values.mean(axis=0)
    matrix = Dissimilarities(
        square(condensed, len(names)),
        tuple(names),
        Key("gradcam", "ssim", "all"),
        bootstrap(values, "mean", 20, 0),
    )
    for name in left_out:
        matrix.values[names.index(name), :] = matrix.values[:, names.index(name)] = np.nan
        np.fill_diagonal(matrix.values, 0)
    known = matrix.without_unknown()
    tree = trees.link(known.values)
    clades = describe_clades(tree, known, None)
    rows, co_association = consensus_communities(known, [1.0], 0)
    coordinates, explained = projection.classical_scaling(known.values)
    covariances = projection.resampled_covariances(coordinates, known)
    return matrix_figures(
        matrix,
        families,
        supports={"average": clades},
        graph=model_graph(known, families, consensus_of(rows)),
        communities=[{name: str(cell) for name, cell in row.items()} for row in rows],
        co_association=co_association,
        coordinates=projection.describe_projection(
            coordinates, explained, covariances, known.names
        ),
        **given,
    )


def test_a_matrix_of_images_has_all_figures():
    names = ["ant", "bee", "cow", "dog"]
    values = np.random.default_rng(0).uniform(size=(20, 6))
    table = ImageTable(
        values, values[None] + 0.5, tuple(map(str, range(20))), tuple(names), Key("gradcam", "ssim")
    )
    drawn = figures_of(
        values,
        names,
        bounds=(np.zeros((4, 4)), np.ones((4, 4))),
        chance=np.full((4, 4), 0.75),
        table=table,
    )
    assert list(drawn) == [
        "matrix",
        "dendrograms",
        "louvain",
        "together",
        "coordinates",
        "histograms",
    ]
    assert all(text.endswith("\n±.5") for text in texts(drawn["matrix"][0]))
    assert "chance" in texts(drawn["dendrograms"][0])
    title = drawn["dendrograms"][0].get_suptitle()
    assert title.startswith("Tree of models by average linkage (cophenetic correlation .")
    assert title.endswith(")\ngradcam, ssim, all images")
    axes = drawn["coordinates"][0].axes[0]
    assert axes.get_xlabel().startswith("principal coordinate 1 (")
    # In one axes: a polygon of every pair for the values, and one for chance.
    (axes,) = drawn["histograms"][0].axes
    polygons = [part for part in axes.collections if isinstance(part, PolyCollection)]
    assert [len(part.get_paths()) for part in polygons] == [6, 6]


def test_one_model_has_no_pairs_to_draw():
    table = ImageTable(
        np.empty((5, 0)), np.empty((1, 5, 0)), tuple("abcde"), ("ant",), Key("ig", "mse")
    )
    axes = histograms(table, label="mse dissimilarity", title="ig").axes[0]
    assert axes.get_xlabel() == "mse dissimilarity, 0 pairs"


def test_models_with_unknown_dissimilarities_are_named_and_left_out_of_the_groups():
    names = ["ant", "bee", "cow", "dog"]
    drawn = figures_of(np.random.default_rng(0).uniform(size=(20, 6)), names, left_out=["bee"])
    assert "histograms" not in drawn and "chance" not in texts(drawn["dendrograms"][0])
    assert len(texts(drawn["matrix"][0])) == 6 == len(texts(drawn["together"][0]))
    for name in ("matrix", "dendrograms", "together", "coordinates"):
        title = drawn[name][0].get_suptitle() or drawn[name][0].axes[0].get_title()
        assert "left out, since dissimilarities are unknown: bee" in title
    assert {text for text in texts(drawn["coordinates"][0]) if text} == {"ant", "cow", "dog"}
    assert set(texts(drawn["louvain"][0])) == {"ant", "cow", "dog"}
    rows = [label.get_text() for label in drawn["matrix"][0].axes[0].get_yticklabels()]
    assert rows[-1] == "bee" and sorted(rows) == names


def test_panels_show_images_that_models_classify_alike_first_and_classes_in_turn():
    rows = [{"image": str(index), "label": "ab"[index % 2]} for index in range(8)]
    classes = np.full((8, 3), "a")
    classes[[0, 1, 2], 0] = "b"
    chosen = choose_images(rows, classes, 8, 0)
    assert sorted(chosen) == list(range(8)) and set(chosen[-3:]) == {0, 1, 2}
    assert {index % 2 for index in choose_images(rows, None, 2, 0)} == {0, 1}
    assert choose_images(rows, classes, 3, 0) == chosen[:3] != choose_images(rows, classes, 3, 1)


def test_titles_of_panels_hold_what_models_predict():
    names = ["Egyptian cat", "soft-coated wheaten terrier"]
    classes = {
        "classes": np.array(["n02124075", "n02098105"]),
        "names": np.array(names),
        "predicted": np.array([1, 0]),
    }
    scores = {"classes": np.array(["score"]), "logits": np.array([[1.0], [0.12345]])}
    models = ["ResNet", "AnImportedModel with a long name", "Head"]
    found = titles_of(models, {"ResNet": classes, "Head": scores}, 1)
    assert found == {
        "ResNet": "ResNet\nEgyptian cat",
        "AnImportedModel with a long name": "AnImportedModel\nwith a long name",
        "Head": "Head\nscore .123",
    }
    found = titles_of(models, {"ResNet": classes, "Head": scores}, 0)
    assert found["ResNet"] == "ResNet\nsoft-coated\nwheaten terrier"
    assert readable_label("n02124075", {"ResNet": classes}) == "Egyptian cat"
    assert readable_label("ring", {"ResNet": classes}) == "ring" == readable_label("ring", {})


def test_a_panel_has_a_row_per_method_and_a_column_per_model():
    maps = np.random.default_rng(0).normal(size=(3, 4, 4))
    batches = {
        "ig": {name: (maps, {"data_range": 2.0}) for name in FAMILIES},
        "heatmaps": {"cow": (np.abs(maps), {"data_range": 1.0})},
    }
    titles = {name: name for name in FAMILIES}
    row = {"image": "one", "label": "ring"}
    figure = panel_of_image(row, 2, None, batches, titles)
    assert figure.get_suptitle() == "one: ring"
    shown = [axes.images[0] for axes in figure.axes if axes.images and not bar_label(axes)]
    assert [image.cmap.name for image in shown] == ["RdBu_r"] * 3 + ["magma"]
    np.testing.assert_array_equal(shown[0].get_array(), maps[2])
    assert panel_of_image(row | {"label": ""}, 2, None, batches, titles).get_suptitle() == "one"


def bar_label(axes):
    """Return the label of a bar of colours; nothing of other axes."""
    return axes.get_ylabel() if axes.get_ylabel().startswith("to ") else ""


@pytest.mark.parametrize(("display", "end"), [(100, "the largest"), (75, "the percentile 75")])
def test_the_colours_of_each_map_end_where_the_bar_says(display, end):
    use(display=display)
    maps = np.arange(16.0).reshape(1, 4, 4) * [[[1]], [[-3]]]
    batches = {"ig": {n: (maps[i : i + 1], {"data_range": 2.0}) for i, n in enumerate("ab")}}
    figure = panel_of_image({"image": "i", "label": ""}, 0, None, batches, {"a": "a", "b": "b"})
    labels = [label for label in map(bar_label, figure.axes) if label]
    assert labels == [f"to {end}\nof a map's |values|"]
    limits = [axes.images[0].get_clim() for axes in figure.axes[:2]]
    highest = np.percentile(np.arange(16), display)
    assert limits == [(-highest, highest), (-3 * highest, 3 * highest)]
    use(**vars(Look()))


def test_a_map_that_is_nearly_all_zero_is_shown_to_its_largest_value():
    maps = np.zeros((1, 20, 20))
    maps[0, 3, 3] = 5
    batches = {"ig": {"a": (maps, {"data_range": 1.0})}}
    figure = panel_of_image({"image": "i", "label": ""}, 0, None, batches, {"a": "a"})
    assert figure.axes[0].images[0].get_clim() == (0, 5)


def test_maps_over_their_image_hide_it_where_they_are_large():
    use(over_image=True)
    maps, image = np.array([[[0.0, 0.5], [0.5, 1.0]]]), np.full((4, 4, 3), 200, np.uint8)
    batches = {"ig": {"a": (maps, {"data_range": 1.0})}}
    figure = panel_of_image({"image": "i", "label": ""}, 0, image, batches, {"a": "a"})
    below, above = figure.axes[1].images
    assert below.get_array().tolist() == [[200] * 4] * 4 and below.get_cmap().name == "gray"
    assert below.get_extent() == above.get_extent()
    opacity = above.to_rgba(maps[0])[..., 3]
    assert opacity[0, 0] == 0 and 0 < opacity[0, 1] < opacity[1, 1] == 1
    use(**vars(Look()))


def test_classes_that_have_no_names_are_called_classes():
    found = {
        "classes": np.array(["618", "619"]),
        "names": np.array(["618", "619"]),
        "predicted": np.array([1]),
    }
    assert titles_of(["Net"], {"Net": found}, 0) == {"Net": "Net\nclass 619"}
    assert readable_label("618", {"Net": found}) == "class 618" == readable_label("618", {})


def test_long_names_have_their_place_in_a_panel():
    batches = {"ig": {name: (np.ones((1, 4, 4)), {"data_range": 1.0}) for name in FAMILIES}}
    titles = dict.fromkeys(FAMILIES, "a network of a\nlong name\nWest Highland\nwhite terrier")
    row = {"image": "_".join(["a_long_name_of_a_photograph"] * 3), "label": "Egyptian cat"}
    figure = panel_of_image(row, 0, np.ones((4, 4, 3)), batches, titles, "West Highland terrier")
    assert figure.get_suptitle().endswith("terrier)")
    figure.draw_without_rendering()
    heading = figure._suptitle.get_window_extent()
    assert heading.x0 >= 0 and heading.x1 <= figure.bbox.x1 and heading.y1 <= figure.bbox.y1
    boxes = [axes.title.get_window_extent() for axes in figure.axes if axes.get_title()]
    assert len(boxes) == 4 and all(box.y1 < heading.y0 for box in boxes)
