"""The class that most models predict, and what explaining it in all of them changes."""

import copy
import itertools

import numpy as np
import pytest
import torch
from networks import SEEDS, tiny_model

from lookalike.core import io, registry
from lookalike.core.errors import InputError
from lookalike.images import demo
from lookalike.methods.explain import inputs_of, resolve_targets
from lookalike.models.consensus import choose_consensus
from lookalike.models.networks import predict
from lookalike.models.predictions import tabulate_predictions

torch.set_num_threads(1)
CLASSES = ["cat", "dog", "owl"]
IMAGES = ["i0", "i1"]


def predictions_of(probabilities, classes=CLASSES):
    """Return predictions of a model from its probabilities of classes, shape (n, classes)."""
    logits = np.log(np.array(probabilities, np.float32)) + 5
    return {
        "images": np.array(IMAGES[: len(logits)]),
        "labels": np.array(["owl", "dog"][: len(logits)]),
        "classes": np.array(classes),
        "names": np.array([name.title() for name in classes]),
        "logits": logits,
        "predicted": logits.argmax(axis=1),
    }


def test_most_votes_win_whatever_the_order_of_a_models_classes():
    found = choose_consensus(
        {
            "a": predictions_of([[0.1, 0.1, 0.8], [0.8, 0.1, 0.1]]),
            "b": predictions_of([[0.1, 0.5, 0.4], [0.2, 0.2, 0.6]], ["dog", "owl", "cat"]),
            "c": predictions_of([[0.6, 0.3, 0.1], [0.4, 0.5, 0.1]]),
        }
    )
    about = {"votes": 2, "voters": 3, "tied": 1}
    assert found == [
        {"image": "i0", "class": "owl", "name": "Owl"} | about,
        {"image": "i1", "class": "cat", "name": "Cat"} | about,
    ]


@pytest.mark.parametrize(
    ("probabilities", "chosen"),
    [
        # .8 * .3 of the owl against .1 * .6 of the cat
        ([[0.1, 0.1, 0.8], [0.6, 0.1, 0.3]], "owl"),
        # .5 * .05 of the cat against .4 * .9 of the dog
        ([[0.5, 0.4, 0.1], [0.05, 0.9, 0.05]], "dog"),
        # The owl has the most support, but one vote alone.
        ([[0.4, 0.3, 0.3], [0.4, 0.3, 0.3], [0.01, 0.01, 0.98]], "cat"),
        # Nothing tells them apart but the alphabet.
        ([[0.5, 0.4, 0.1], [0.4, 0.5, 0.1]], "cat"),
    ],
)
def test_ties_are_told_apart_by_all_models_probabilities_then_by_the_alphabet(
    probabilities, chosen
):
    models = {str(place): predictions_of([one]) for place, one in enumerate(probabilities)}
    rows = [
        choose_consensus({name: models[name] for name in order})
        for order in itertools.permutations(models)
    ]
    assert rows[0][0]["class"] == chosen and all(row == rows[0] for row in rows)
    assert rows[0][0]["tied"] == (1 if len(models) == 3 else 2)


def test_models_of_other_classes_or_broken_logits_do_not_vote():
    own, other = predictions_of([[0.5, 0.4, 0.1]]), predictions_of([[0.6, 0.4]], ["cat", "dog"])
    with pytest.raises(
        InputError,
        match=r"models 'a' \(3 classes\) and 'b' \(2\) know different classes: only one of them "
        r"knows 'owl'; use target: predicted",
    ):
        choose_consensus({"a": own, "b": other})
    with pytest.raises(InputError, match="model 'b' gives logits that are not finite"):
        choose_consensus({"a": own, "b": own | {"logits": np.full((1, 3), np.nan)}})


def test_the_table_of_predictions_holds_number_and_name():
    head = {
        "images": np.array(["i0"]),
        "labels": np.array(["owl"]),
        "classes": np.array(["score"]),
        "names": np.array(["score"]),
        "logits": np.array([[0.25]], np.float32),
        "predicted": np.array([0]),
    }
    row, of_head = tabulate_predictions({"a": predictions_of([[0.125, 0.125, 0.75]]), "head": head})
    assert row.pop("probability") == pytest.approx(0.75)
    about = {"image": "i0", "label": "owl", "score": None}
    assert row == about | {"model": "a", "index": 2, "class": "owl", "name": "Owl"}
    assert (of_head["score"], of_head["class"], of_head["model"]) == (0.25, None, "head")


@pytest.fixture(scope="module")
def twins():
    """Images, and two models of equal weights but for the biases of their heads."""
    pixels = np.stack([image for _, _, image, _ in demo.draw_images(0, "val", 3, 64)])
    one = tiny_model("test_resnet")
    other = copy.deepcopy(one)
    other.net.fc.bias.data[(int(predict(one, pixels)[0].argmax()) + 1) % 5] += 10
    return pixels, (one, other)


@pytest.mark.parametrize(
    ("name", "options"), [("gradcam", {}), ("integrated_gradients", {"steps": 4})]
)
def test_twins_but_for_biases_have_equal_maps_only_of_one_class(twins, name, options, tmp_path):
    pixels, models = twins
    rows = [{"image": f"i{place}"} for place in range(3)]
    found = []
    for model in models:
        logits = predict(model, pixels)
        about = {"images": np.array([row["image"] for row in rows]), "logits": logits}
        about |= {"classes": np.array(model.classes), "names": np.array(model.classes)}
        found.append(about | {"labels": about["images"], "predicted": logits.argmax(axis=1)})
    assert (found[0]["predicted"] != found[1]["predicted"]).any()
    io.write_table(tmp_path / "votes.csv", choose_consensus(dict(zip("ab", found, strict=True))))
    method = registry.get("method", name)
    given = registry.with_defaults("method", name, options)
    maps = {}
    for target in ("predicted", "consensus"):
        maps[target] = []
        for model, predictions in zip(models, found, strict=True):
            targets, _ = resolve_targets(
                method,
                model,
                rows,
                predictions,
                target=target,
                consensus=tmp_path / "votes.csv" if target == "consensus" else None,
                size=64,
                fit="crop",
                name="a",
            )
            maps[target].append(method(*inputs_of(model, pixels, targets), SEEDS[:3], **given)[0])
    np.testing.assert_array_equal(*maps["consensus"])
    assert np.abs(np.subtract(*maps["predicted"])).max() > 0.01 * np.abs(maps["predicted"]).max()
