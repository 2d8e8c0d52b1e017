"""Networks of one channel: they see the images in grey, and are explained on the same images."""

import copy

import numpy as np
import pytest
import torch
from networks import SEEDS, TARGETS, tiny_model
from PIL import Image

from lookalike.core.errors import InputError
from lookalike.core.registry import get
from lookalike.models.checkpoints import build_from_checkpoint
from lookalike.models.loading import load_model
from lookalike.models.networks import (
    VisionModel,
    build_network,
    check_size,
    describe_import,
    save_model,
)
from lookalike.models.normalisation import normalisation_of, normaliser_of

torch.set_num_threads(1)

GREY = {"timm": "test_resnet", "options": {"output_stride": 8, "in_chans": 1}}


COLOURS = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}


@pytest.fixture(scope="module")
def model():
    return tiny_model("test_resnet", in_chans=1, pretrained_cfg_overlay=COLOURS)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)


def to_tensor(images):
    return torch.from_numpy(images).permute(0, 3, 1, 2) / 255


def test_images_are_grey_as_pillow_makes_them_and_normalised_by_the_mean_over_colours(
    model, images
):
    grey = np.stack([np.array(Image.fromarray(image).convert("L")) for image in images])
    mean, std = np.mean(COLOURS["mean"]), np.mean(COLOURS["std"])
    assert normalisation_of(model.net) == ([pytest.approx(mean)], [pytest.approx(std)])
    found = model.normalise(to_tensor(images))
    assert found.shape == (3, 1, 64, 64)
    np.testing.assert_allclose(found[:, 0].numpy() * std + mean, grey / 255, atol=0.51 / 255)
    assert torch.equal(normaliser_of(model.net, "cpu")(to_tensor(images)), found)


def in_double(model):
    net = copy.deepcopy(model.net).double()
    return VisionModel(net, model.mean.double(), model.std.double(), model.classes)


@pytest.mark.parametrize("name", ["gradcam", "integrated_gradients", "kernelshap", "occlusion"])
def test_maps_of_a_grey_network_are_those_of_three_channels_that_it_sums(name, model, images):
    """A network of RGB whose first layer takes a third of its weights on each of three equal
    channels gives the same scores, and so the same maps.
    """
    coloured = tiny_model("test_resnet")
    weights = dict(model.net.state_dict())
    weights["conv1.0.weight"] = weights["conv1.0.weight"].expand(-1, 3, -1, -1) / 3
    coloured.net.load_state_dict(weights)
    coloured.mean, coloured.std = (value.expand(1, 3, 1, 1) for value in (model.mean, model.std))
    grey = to_tensor(np.repeat(images[..., :1], 3, axis=3))
    if name == "integrated_gradients":
        # In double precision, in which no rectifier switches by the rounding of one of the two.
        model, coloured, grey = in_double(model), in_double(coloured), grey.double()
    options = {"kernelshap": {"segments": 8, "samples": 40}}.get(name, {})
    found, expected = (
        get("method", name)(one, grey, TARGETS, SEEDS, **options)[0] for one in (model, coloured)
    )
    assert found.shape == expected.shape and np.ptp(found) > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


def test_grey_network_is_imported_with_one_mean_and_loaded_again(tmp_path, images):
    torch.manual_seed(0)
    weights = build_network(GREY, 3).state_dict()
    net, about = build_from_checkpoint(GREY, weights, "w.pth")
    check_size(net, 64)
    save_model(tmp_path / "a.safetensors", net, describe_import(net, GREY, list("abc")) | about)
    loaded = load_model(tmp_path / "a.safetensors")
    assert loaded.mean.shape == (1, 1, 1, 1)
    assert torch.equal(
        loaded.logits(to_tensor(images)),
        net.eval()(normaliser_of(net, "cpu")(to_tensor(images))),
    )
    with pytest.raises(
        InputError,
        match=r"of another shape, for example 'conv1.0.weight'; .* set options: \{in_chans: 1\}$",
    ):
        build_from_checkpoint({"timm": "test_resnet"}, weights, "w.pth")


def test_network_of_other_channels_is_refused():
    net = build_network({"timm": "test_resnet", "options": {"in_chans": 4}}, 3)
    with pytest.raises(InputError, match=r"^ResNet takes images of 4 channels; images here have 3"):
        check_size(net, 64)
