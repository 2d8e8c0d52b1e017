"""Names of classes: ImageNet's, those of folders, numbers."""

import pytest
import timm
from networks import VIT

from lookalike.models.classes import name_classes, readable_names
from lookalike.models.networks import build_network, describe_import

# As everybody numbers them in ImageNet-1k.
TENCH, ESPRESSO, TRIPOD, CAT = "n01440764", "n07920052", "n04485082", "n02124075"
BY_NUMBER = {0: TENCH, 285: CAT, 872: TRIPOD, 967: ESPRESSO}


@pytest.mark.parametrize("labels", [[], [""], ["cat", "dog"], [TENCH, "dog"], [CAT]])
def test_a_head_of_a_thousand_outputs_has_imagenets_classes_whatever_the_labels(labels):
    classes = name_classes(1000, labels)
    assert len(set(classes)) == 1000
    assert {number: classes[number] for number in BY_NUMBER} == BY_NUMBER


def test_an_imported_network_takes_the_names_by_its_outputs():
    recipe = {"timm": "test_vit", "options": VIT}
    classes = describe_import(build_network(recipe, 1000), recipe, [])["classes"]
    assert {number: classes[number] for number in BY_NUMBER} == BY_NUMBER
    recipe["options"] = VIT | {"pretrained_cfg_overlay": {"label_names": ["owl", "cat", "dog"]}}
    assert describe_import(build_network(recipe, 3), recipe, [])["classes"] == ["owl", "cat", "dog"]


@pytest.mark.parametrize(
    ("outputs", "name"), [(11821, "imagenet-12k"), (21841, "imagenet-22k"), (1000, "imagenet-1k")]
)
def test_larger_imagenets_are_known_by_their_number(outputs, name, capsys):
    assert name_classes(outputs, []) == timm.data.ImageNetInfo(name).label_names()
    assert name in capsys.readouterr().out


def test_readable_names_are_first_lemmas_where_these_tell_classes_apart():
    classes = name_classes(1000, [])
    names = readable_names(classes)
    assert [names[number] for number in (285, 967, 872, 217)] == [
        "Egyptian cat",
        "espresso",
        "tripod",
        "English springer",
    ]
    # Two cranes, the bird and the machine; two maillots, of which one has a second lemma.
    assert (names[134], names[517]) == ("crane (n02012849)", "crane (n03126707)")
    assert (names[638], names[639]) == ("maillot", "maillot, tank suit")
    assert len(set(names)) == 1000
    assert readable_names(["cat", CAT, "n00000000", "n02099601-golden_retriever"]) == [
        "cat",
        "Egyptian cat",
        "n00000000",
        "golden retriever",
    ]


@pytest.mark.parametrize(
    ("labels", "numbers"),
    [
        (["Egyptian_cat", "espresso", "tripod"], [285, 967, 872]),
        (["English springer spaniel", "chainsaw"], [217, 491]),
        (["n02099601-golden_retriever", "n02124075"], [207, 285]),
    ],
)
def test_labels_in_words_stand_for_imagenets_classes(labels, numbers):
    classes = name_classes(1000, labels)
    assert [classes.index(label) for label in labels] == numbers
    assert classes[0] == TENCH and len(set(classes)) == 1000


@pytest.mark.parametrize(
    "labels",
    [
        # One of them names a computer's mouse, but the other names no class.
        ["dog", "mouse"],
        # The bird or the machine?
        ["crane", "espresso"],
        # Two labels of one class.
        ["sports car", "sport car"],
        [str(number) for number in range(10)],
    ],
)
def test_labels_that_are_not_all_classes_are_never_taken_for_some(labels, capsys):
    classes = name_classes(1000, labels)
    assert not set(labels) & set(classes) and classes[285] == CAT
    assert "not every label of the images is one of them" in capsys.readouterr().out


def test_names_that_come_with_the_weights_go_first():
    for own in (False, True):
        assert name_classes(3, ["a", "b", "c"], ["owl", "cat", "dog"], own) == ["owl", "cat", "dog"]
    # Names of something else, or of two classes at once, are none.
    for known in (["owl", "cat"], ["owl", "cat", "cat"]):
        assert name_classes(3, [], known) == ["0", "1", "2"]
    assert name_classes(2, [], ["owl", "cat", "cat"]) == ["0", "1"]


def test_as_many_labels_as_outputs_are_taken_in_their_order_unless_weights_are_imagenets():
    labels = [f"class{number:04}" for number in range(1000)]
    assert name_classes(1000, labels, own=True) == labels
    assert name_classes(1000, labels)[285] == CAT
    assert name_classes(3, ["a", "b", "c"]) == ["a", "b", "c"]
    assert name_classes(3, ["a", "b"], own=True) == ["0", "1", "2"]
