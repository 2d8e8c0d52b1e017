"""Vision models: building, saving, importing and predicting."""

import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from lookalike import io
from lookalike.errors import InputError
from lookalike.models import build_network, describe_import, import_weights, load_model, normalisation_of, predict, save_model, targets_of, to_tensor
from lookalike.weights import read_weights

torch.set_num_threads(1)

RECIPE = {"timm": "test_resnet", "options": {"output_stride": 8}}
VIT = {"timm": "test_vit", "options": {"img_size": 64, "patch_size": 8}}
CLASSES = ["cat", "dog", "owl"]


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (7, 64, 64, 3), dtype=np.uint8)


def network(recipe=RECIPE, n_classes=3):
    """Return a network with random weights and batch statistics that are not those of a fresh one."""
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
    assert (sidecar["mean"], sidecar["std"]) == normalisation_of(net)
    assert sidecar["recipe"] == RECIPE and sidecar["classes"] == CLASSES


def test_tensors_are_scaled_and_channels_first(pixels):
    tensor = to_tensor(pixels)
    assert tensor.shape == (7, 3, 64, 64) and tensor.dtype == torch.float32
    assert tensor[2, 1, 5, 9].item() == pytest.approx(pixels[2, 5, 9, 1] / 255)


def test_prediction_does_not_depend_on_the_batch(tmp_path, pixels):
    save_model(tmp_path / "a.safetensors", network(), {"recipe": RECIPE, "classes": CLASSES})
    model = load_model(tmp_path / "a.safetensors")
    together = predict(model, pixels)
    assert together.shape == (7, 3) and together.dtype == np.float32
    for batch in (1, 3):
        np.testing.assert_allclose(predict(model, pixels, batch), together, atol=1e-5)
    assert np.ptp(together, axis=0).min() > 1e-3


def test_unknown_timm_model_gives_near_names():
    with pytest.raises(InputError, match=r"unknown timm model 'test_resnt'; did you mean 'test_resnet'"):
        build_network({"timm": "test_resnt"}, 3)


def test_unknown_tag_gives_near_names():
    with pytest.raises(InputError, match=r"unknown timm model 'resnet18.a1_in1'; did you mean 'resnet18.a1_in1k'"):
        build_network({"timm": "resnet18.a1_in1"}, 3)


@pytest.mark.parametrize("options", [{"outptu_stride": 8}, {"output_stride": 7}])
def test_wrong_option_is_refused(options):
    with pytest.raises(InputError, match=r"timm model 'test_resnet' does not take the options .*_stride"):
        build_network({"timm": "test_resnet", "options": options}, 3)


def test_pretrained_weights_without_a_network_say_what_to_do(monkeypatch, tmp_path):
    import huggingface_hub.constants

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(InputError, match=r"the pretrained weights of 'test_resnet' cannot be had .*`checkpoint:`.*`pretrained: false`") as error:
        build_network({"timm": "test_resnet"}, 3, pretrained=True)
    one_line(error)


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("wrapper", [None, "state_dict", "model"])
def test_imported_checkpoint_gives_the_same_logits(prefix, wrapper, tmp_path):
    net = network()
    weights = {prefix + name: tensor for name, tensor in net.state_dict().items()}
    torch.save({wrapper: weights, "epoch": 3} if wrapper else weights, tmp_path / "w.pth")
    imported = import_weights(RECIPE, read_weights(tmp_path / "w.pth"), tmp_path / "w.pth").eval()
    inputs = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(imported(inputs), net(inputs))
    assert imported.num_classes == 3


@pytest.mark.parametrize("name", ["test_byobnet", "deit_tiny_distilled_patch16_224"])
def test_import_finds_heads_of_other_names(name, tmp_path):
    recipe = {"timm": name, "options": {"depth": 1, "embed_dim": 48} if name.startswith("deit") else {}}
    weights = build_network(recipe, 3).state_dict()
    save_file(weights, tmp_path / "w.safetensors")
    imported = import_weights(recipe, read_weights(tmp_path / "w.safetensors"), "w.safetensors")
    assert imported.num_classes == 3
    assert all(torch.equal(tensor, weights[key]) for key, tensor in imported.state_dict().items())


def test_checkpoint_of_another_architecture_is_refused():
    with pytest.raises(InputError, match=r"w.pth: .*'test_resnet'") as error:
        import_weights(RECIPE, network(VIT).state_dict(), "w.pth")
    one_line(error)


def test_checkpoint_of_another_architecture_with_the_same_head_name_is_refused():
    with pytest.raises(InputError, match=r"w.pth: is no checkpoint of 'test_byobnet': [1-9]") as error:
        import_weights({"timm": "test_byobnet"}, build_network({"timm": "test_convnext"}, 3).state_dict(), "w.pth")
    one_line(error)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda weights: weights.pop("layer1.0.conv1.weight"), "1 weights missing, 0 unexpected, 0 of another shape, for example 'layer1.0.conv1.weight'"),
        (lambda weights: weights.update(ema=torch.zeros(1)), "0 weights missing, 1 unexpected, 0 of another shape, for example 'ema'"),
        (lambda weights: weights.update({"fc.bias": torch.zeros(4)}), "0 weights missing, 0 unexpected, 1 of another shape, for example 'fc.bias'"),
    ],
)
def test_checkpoint_with_a_wrong_weight_is_refused(change, complaint):
    weights = dict(network().state_dict())
    change(weights)
    with pytest.raises(InputError, match=f"^w.pth: is no checkpoint of 'test_resnet': {complaint}") as error:
        import_weights(RECIPE, weights, "w.pth")
    one_line(error)


class Code:
    """Something whose pickle runs code when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_checkpoint_with_code_is_refused_and_not_run(tmp_path):
    code = pickle.dumps({"state_dict": Code(tmp_path / "ran")}, protocol=2)
    (tmp_path / "bad.pth").write_bytes(code)
    torch.save({"fc.weight": torch.zeros(2), "extra": Code(tmp_path / "ran")}, tmp_path / "worse.pth")
    for name in ("bad.pth", "worse.pth"):
        with pytest.raises(InputError, match=f"{name}: not a readable checkpoint of plain weights") as error:
            read_weights(tmp_path / name)
        one_line(error)
    assert not (tmp_path / "ran").exists()
    pickle.loads(code)
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [torch.zeros(3), [1, 2], {"epoch": 3}, {"fc.weight": [1.0]}])
def test_file_without_a_state_dict_is_refused(content, tmp_path):
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(InputError, match=r"w.pth") as error:
        import_weights(RECIPE, read_weights(tmp_path / "w.pth"), tmp_path / "w.pth")
    one_line(error)


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth"])
def test_damaged_or_absent_checkpoint_is_named(name, tmp_path):
    with pytest.raises(InputError, match=f"{name}: no such checkpoint"):
        read_weights(tmp_path / name)
    for content in (b"", b"nonsense" * 20):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=f"{name}: not a readable checkpoint") as error:
            read_weights(tmp_path / name)
        one_line(error)


def test_imported_model_takes_the_labels_only_where_their_number_fits():
    net = network()
    assert describe_import(net, RECIPE, CLASSES)["classes"] == CLASSES
    assert describe_import(net, RECIPE, ["a", "b"])["classes"] == ["0", "1", "2"]
    assert describe_import(net, RECIPE, CLASSES, "x/w.pth")["source"] == "x/w.pth"
    assert describe_import(net, RECIPE, CLASSES)["source"] == "timm test_resnet"


PREDICTIONS = {"predicted": np.array([2, 0, 0]), "classes": np.array(CLASSES), "labels": np.array(["owl", "dog", "cat"])}


def test_targets_are_the_predicted_or_the_true_classes():
    np.testing.assert_array_equal(targets_of(PREDICTIONS, "predicted", "a"), [2, 0, 0])
    np.testing.assert_array_equal(targets_of(PREDICTIONS, "label", "a"), [2, 1, 0])


def test_label_that_a_model_does_not_know_is_refused():
    with pytest.raises(InputError, match=r"model 'net-a' has no class 'emu'; use target: predicted"):
        targets_of(PREDICTIONS | {"labels": np.array(["owl", "emu"])}, "label", "net-a")
