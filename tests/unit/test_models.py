"""Vision models: building, saving, importing and predicting."""

import numpy as np
import pytest
import torch

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.models import networks
from lookalike.models.loading import load_model
from lookalike.models.networks import (
    build_network,
    check_size,
    describe_import,
    normalisation_of,
    predict,
    save_model,
    to_tensor,
)
from lookalike.models.predictions import targets_of
from lookalike.models.tables import choose_layer, measure_model

torch.set_num_threads(1)

RECIPE = {"timm": "test_resnet", "options": {"output_stride": 8}}
VIT = {"timm": "test_vit", "options": {"img_size": 64, "patch_size": 8}}
CLASSES = ["cat", "dog", "owl"]


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (7, 64, 64, 3), dtype=np.uint8)


def network(recipe=RECIPE, n_classes=3):
    """Return a network with random weights and batch statistics that are not those of a fresh
    one.
    """
    torch.manual_seed(0)
    net = build_network(recipe, n_classes)
    net(torch.rand(8, 3, 64, 64))
    return net.eval()


def one_line(error):
    text = str(error.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("recipe", [RECIPE, VIT, {"timm": "test_byobnet", "options": {}}])
def test_saved_model_gives_the_same_logits(recipe, tmp_path, pixels):
    net = network(recipe)
    save_model(tmp_path / "a.safetensors", net, {"recipe": recipe, "classes": CLASSES})
    model = load_model(tmp_path / "a.safetensors")
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in normalisation_of(net))
    with torch.no_grad():
        expected = net((to_tensor(pixels) - mean) / std).numpy()
    np.testing.assert_array_equal(predict(model, pixels), expected)
    assert model.classes == CLASSES and not model.net.training
    assert not any(parameter.requires_grad for parameter in model.net.parameters())


def test_sidecar_holds_normalisation_and_size(tmp_path):
    net = network()
    save_model(tmp_path / "a.safetensors", net, {"recipe": RECIPE, "classes": CLASSES})
    sidecar = io.read_json(tmp_path / "a.json")
    assert sidecar["parameters"] == sum(p.numel() for p in net.parameters())
    assert sidecar["features"] == net.fc.in_features
    assert (sidecar["mean"], sidecar["std"]) == normalisation_of(net)
    assert sidecar["recipe"] == RECIPE and sidecar["classes"] == CLASSES


def test_tensors_are_scaled_and_channels_first(pixels):
    tensor = to_tensor(pixels)
    assert tensor.shape == (7, 3, 64, 64) and tensor.dtype == torch.float32
    assert tensor[2, 1, 5, 9].item() == pytest.approx(pixels[2, 5, 9, 1] / 255)


def test_prediction_does_not_depend_on_the_batch(tmp_path, pixels, monkeypatch):
    save_model(tmp_path / "a.safetensors", network(), {"recipe": RECIPE, "classes": CLASSES})
    model = load_model(tmp_path / "a.safetensors")
    together = predict(model, pixels)
    assert together.shape == (7, 3) and together.dtype == np.float32
    for batch in (1, 3):
        monkeypatch.setitem(networks.PIXELS_AT_ONCE, "cpu", batch * 64 * 64)
        assert (model.batch(64), model.batch(65)) == (batch, max(1, batch - 1))
        np.testing.assert_allclose(predict(model, pixels), together, atol=1e-5)
    assert np.ptp(together, axis=0).min() > 1e-3


def test_unknown_timm_model_gives_near_names():
    with pytest.raises(
        InputError, match=r"unknown timm model 'test_resnt'; did you mean 'test_resnet'"
    ):
        build_network({"timm": "test_resnt"}, 3)


def test_unknown_tag_gives_near_names():
    with pytest.raises(
        InputError, match=r"unknown timm model 'resnet18.a1_in1'; did you mean 'resnet18.a1_in1k'"
    ):
        build_network({"timm": "resnet18.a1_in1"}, 3)


@pytest.mark.parametrize("options", [{"outptu_stride": 8}, {"output_stride": 7}])
def test_wrong_option_is_refused(options):
    with pytest.raises(
        InputError, match=r"timm model 'test_resnet' does not take the options .*_stride"
    ):
        build_network({"timm": "test_resnet", "options": options}, 3)


@pytest.mark.parametrize(
    ("said", "cause"), [((), "AssertionError"), (("height\nis 64",), "height")]
)
def test_size_that_a_network_does_not_take_is_refused_even_where_it_gives_no_reason(said, cause):
    def refuse(module, inputs):
        raise AssertionError(*said)

    net = build_network(RECIPE, 3)
    net.layer2.register_forward_pre_hook(refuse)
    with pytest.raises(InputError, match=rf"^ResNet takes no images of 64 x 64 \({cause}\); set"):
        check_size(net, 64)


def test_imported_model_takes_the_labels_only_where_their_number_fits():
    net = network()
    assert describe_import(net, RECIPE, CLASSES)["classes"] == CLASSES
    assert describe_import(net, RECIPE, ["a", "b"])["classes"] == ["0", "1", "2"]
    assert describe_import(net, RECIPE, CLASSES, "x/w.pth")["source"] == "x/w.pth"
    assert describe_import(net, RECIPE, CLASSES)["source"] == "timm test_resnet"


def test_accuracy_and_true_classes_of_an_imagenet_head_are_over_its_thousand():
    labels = ["n01440764", "n02102040", "n03888257"]
    sidecar = describe_import(build_network(RECIPE, 1000), RECIPE, labels) | {
        "parameters": 1,
        "features": 1,
    }
    predictions = {
        "classes": np.array(sidecar["classes"]),
        "labels": np.array(labels),
        "predicted": np.array([0, 217, 5]),
        "images": np.array(labels),
    }
    assert targets_of(predictions, "label", "a") == [0, 217, 701]
    assert measure_model(sidecar, predictions, dict.fromkeys(("layer", "channels", "grid")))[
        "explained_accuracy"
    ] == pytest.approx(2 / 3)


PREDICTIONS = {
    "predicted": np.array([2, 0, 0]),
    "classes": np.array(CLASSES),
    "labels": np.array(["owl", "dog", "cat"]),
    "images": np.array(["i0", "i1", "i2"]),
}


def test_targets_are_the_predicted_the_true_or_the_voted_classes():
    np.testing.assert_array_equal(targets_of(PREDICTIONS, "predicted", "a"), [2, 0, 0])
    np.testing.assert_array_equal(targets_of(PREDICTIONS, "label", "a"), [2, 1, 0])
    assert targets_of(PREDICTIONS, "consensus", "a", ["cat", "cat", "owl"]) == [0, 0, 2]


def test_label_that_a_model_does_not_know_is_refused():
    with pytest.raises(
        InputError,
        match=(
            r"target: label: model 'net-a' has no class 'emu' among its 3; fine-tune it "
            r"\(`finetune: true`\), or use target: predicted"
        ),
    ):
        targets_of(PREDICTIONS | {"labels": np.array(["owl", "emu", "cat"])}, "label", "net-a")
    with pytest.raises(InputError, match="target: label: image 'i1' has no label; use predicted"):
        targets_of(PREDICTIONS | {"labels": np.array(["owl", "", "cat"])}, "label", "net-a")


DESCRIBED = {
    "target": "layer4",
    "layers": {
        "layer2": {"channels": 48, "grid": (8, 12)},
        "layer4": {"channels": 96, "grid": (2, 3)},
    },
}


@pytest.mark.parametrize(
    ("described", "layer", "cells"),
    [
        (DESCRIBED, None, ("layer4", 96, "2x3")),
        (DESCRIBED, "layer2", ("layer2", 48, "8x12")),
        (DESCRIBED, "layer5", (None, None, None)),
        (DESCRIBED | {"target": None}, None, (None, None, None)),
        (DESCRIBED | {"target": None}, "layer2", ("layer2", 48, "8x12")),
    ],
)
def test_table_of_models_holds_the_layer_that_is_chosen(described, layer, cells, tmp_path, capsys):
    io.write_json(tmp_path / "layers.json", described)
    sidecar = describe_import(network(), RECIPE, CLASSES) | {"parameters": 1, "features": 1}
    capsys.readouterr()
    chosen = choose_layer("net-a", io.read_json(tmp_path / "layers.json"), layer)
    row = measure_model(sidecar, PREDICTIONS, chosen)
    assert (row["layer"], row["channels"], row["native_grid"]) == cells
    printed = capsys.readouterr().out
    assert printed.startswith("net-a: layer 'layer5' does not exist") == (layer == "layer5")
    assert ("did you mean 'layer" in printed) == (layer == "layer5")
