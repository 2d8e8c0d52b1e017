"""The study of explanations: which images have a page, in which order, and whether that order is a
property of the images.
"""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from lookalike.compare.dissimilarities import Key
from lookalike.compare.image_table import ImageTable
from lookalike.core.errors import InputError
from lookalike.inference.disagreement import correlations, disagreements
from lookalike.plots.explanation_panels import disagreement_figure
from lookalike.studies import explanation_panels as study

MODELS = tuple(f"m{number}" for number in range(8))
PAIRS = len([*combinations(MODELS, 2)])


def table_of(values, method="ig", names=MODELS, chance=0.8):
    values = np.asarray(values, float)
    return ImageTable(
        values,
        np.full((1, *values.shape), chance),
        tuple(f"val/{number}.png" for number in range(len(values))),
        names,
        Key(method, "cosine"),
    )


def rows_of(number):
    return [
        {"image": f"val/{index}.png", "path": f"x/{index}.png", "label": "cat"}
        for index in range(number)
    ]


def planted(effect, images=40, seed=0, method="ig"):
    """Return values of pairs with an effect of the image that all pairs share, and the effect."""
    rng = np.random.default_rng(seed)
    level = np.random.default_rng(99).permutation(np.linspace(-1, 1, images))
    values = 0.5 + 0.1 * effect * level[:, None] + 0.05 * rng.normal(size=(images, PAIRS))
    return table_of(values, method), level


def choose(rows, found, agree=2, disagree=2, random=2, images=(), seed=0):
    return study.choose_pages(
        rows, found, agree=agree, disagree=disagree, random=random, images=images, seed=seed
    )


def test_disagreement_is_the_mean_share_of_chance_over_pairs_and_methods():
    values = np.random.default_rng(0).random((5, PAIRS))
    values[1, 3:] = np.nan
    values[2] = np.nan
    tables = [table_of(values, "ig", chance=0.5), table_of(values[::-1], "gradcam", chance=0.25)]
    frame = pd.DataFrame(values)
    expected = pd.concat(
        [frame.mean(axis=1) / 0.5, frame[::-1].reset_index(drop=True).mean(axis=1) / 0.25], axis=1
    )
    np.testing.assert_allclose(disagreements(tables), expected.mean(axis=1))
    rows = study.describe_methods(tables)
    assert [tuple(row) for row in rows] == [study.BY_METHOD] * 10
    assert rows[1]["pairs"] == 3 and rows[1]["dissimilarity"] == pytest.approx(values[1, :3].mean())
    assert np.isnan(disagreements([], 4)).all()


def test_pages_are_in_the_order_of_the_table():
    found = np.array([0.5, 0.1, np.nan, 0.9, 0.3, 0.7, 0.2])
    rows = rows_of(7)
    chosen = choose(rows, found, random=1, images=["2.png"])
    table = study.describe_images(rows, found, chosen)
    assert [tuple(row) for row in table] == [study.COLUMNS] * 7
    values = [row["disagreement"] for row in table]
    assert values[:6] == sorted(values[:6]) and np.isnan(values[6])
    pages = [row["page"] for row in table if row["page"] != ""]
    assert pages == list(range(1, len(chosen) + 1))
    shown = [row["image"] for row in table if row["page"] != ""]
    assert shown == [rows[index]["image"] for index in chosen]
    by_image = {row["image"]: row["chosen"] for row in table}
    assert by_image["val/1.png"] == by_image["val/6.png"] == "agreement"
    assert by_image["val/3.png"] == by_image["val/5.png"] == "disagreement"
    assert by_image["val/2.png"] == "named"
    assert sorted(by_image.values()).count("random") == 1
    assert "no disagreement known" in study.note_of(table[6], 7)
    assert "rank 1 of 7; chosen: agreement" in study.note_of(table[0], 7)
    summary = study.summarise(table)
    assert len(summary) == len(chosen) and summary[-1]["disagreement"] == "unknown"


def test_random_pages_depend_on_the_seed_alone():
    found = np.linspace(0, 1, 30)
    first, again, other = (choose(rows_of(30), found, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert len(first) == 6 and list(first) == sorted(first)


def test_few_images_have_a_page_for_several_reasons_or_none():
    chosen = choose(rows_of(3), np.array([0.3, 0.1, 0.2]), random=5)
    assert chosen == {1: ["agreement"], 2: ["agreement", "disagreement"], 0: ["disagreement"]}
    assert choose(rows_of(3), np.full(3, np.nan), random=0) == {}


def test_pages_can_be_of_images_that_all_models_classify_alike():
    found, rows = np.linspace(0, 1, 8), rows_of(8)
    classes = np.array([["cat", "cat"], ["cat", "dog"]] * 4)
    options = {"agree": 1, "disagree": 1, "random": 9, "images": ["1.png"], "same_prediction": True}
    chosen = study.choose_pages(rows, found, **options, classes=classes, seed=0)
    assert chosen == {
        0: ["agreement"],
        1: ["named"],
        2: ["random"],
        4: ["random"],
        6: ["disagreement"],
    }
    with pytest.raises(InputError, match="needs the predicted classes of models that run here"):
        study.choose_pages(rows, found, **options, seed=0)


def test_an_image_that_is_not_explained_is_named():
    with pytest.raises(InputError, match=r"'5\.pgn' is none of the 7 images.*5\.png"):
        choose(rows_of(7), np.zeros(7), images=["5.pgn"])
    with pytest.raises(InputError, match="different images"):
        study.check_images(rows_of(6), [planted(1)[0]])


def test_planted_images_are_found_and_the_order_is_theirs():
    table, level = planted(2)
    found = disagreements([table])
    assert np.corrcoef(found, level)[0, 1] > 0.95
    images = study.describe_images(rows_of(40), found, choose(rows_of(40), found))
    told = study.conclude(images, [table], 0)
    assert told[0].startswith("6 of 40 images have a page")
    assert f"agree most on {images[0]['image']} " in told[1]
    assert "order the images alike" in told[2] and "a property of the images" in told[2]
    both = study.conclude(images, [table, planted(2, seed=1, method="gradcam")[0]], 0)
    assert both[3].startswith("Methods order the images alike (correlation 0.9")


def test_without_an_effect_of_the_images_it_cannot_tell():
    told = []
    for seed in range(20):
        table, _ = planted(0, seed=seed)
        images = study.describe_images(rows_of(40), disagreements([table]), {})
        told += [study.conclude(images, [table], seed)[2]]
    # Of 20, 0.5 are expected to be called a property of the images.
    assert sum("a property of the images" in text for text in told) <= 2
    assert sum(text.startswith("Cannot tell on which images") for text in told) >= 18


def test_correlations_are_those_of_numpy():
    one, other = np.random.default_rng(3).normal(size=(2, 12))
    weights = np.array([np.ones(12), np.arange(12) % 3])
    drawn = np.repeat(np.arange(12), np.arange(12) % 3)
    expected = [np.corrcoef(one[part], other[part])[0, 1] for part in (slice(None), drawn)]
    np.testing.assert_allclose(correlations(weights, one, other), expected)


def test_few_models_or_none_cannot_tell():
    table, _ = planted(2)
    few = table.of(MODELS[:3])
    images = study.describe_images(rows_of(40), disagreements([few]), {})
    assert study.conclude(images, [few], 0)[2] == (
        "Cannot tell whether that is about images or single models: needs at least 4 independent "
        "models; found 3."
    )
    alone = table.of(MODELS[:1])
    images = study.describe_images(rows_of(40), disagreements([alone]), {})
    (text,) = study.conclude(images, [alone], 0)
    assert text.endswith("cannot tell on which models agree, since no two can be compared.")
    assert disagreement_figure(images, study.describe_methods([alone]), title="t").axes
