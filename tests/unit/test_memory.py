"""A card whose memory is full: a network stands for it that takes a few images at once."""

import numpy as np
import pytest
import torch
from networks import model_for, options_for, tiny_model

from lookalike.core import io, registry
from lookalike.core.errors import InputError
from lookalike.images import demo
from lookalike.images.manifest import find_images
from lookalike.methods.explain import explain_images
from lookalike.models import finetuning
from lookalike.models.networks import in_batches, predict

torch.set_num_threads(1)
N, SIDE, MOST = 5, 32, 3


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    for shape, number, image, _ in demo.draw_images(0, "train", N, SIDE):
        io.write_image(folder / shape / f"{number}.png", image)
    return find_images(folder)[:N]


@pytest.fixture(scope="module")
def pixels():
    return np.stack([image for _, _, image, _ in demo.draw_images(0, "val", N, SIDE)])


def limited(model, module, most=MOST):
    """Let a module of a model have no memory for more than some images at once."""

    def refuse(module, inputs):
        if len(inputs[0]) > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nMore.")

    module.register_forward_pre_hook(refuse)
    return model


def classifier():
    return tiny_model("test_resnet")


METHODS = [name for name in registry.names("method") if registry.get("method", name).needs_model]


@pytest.mark.parametrize("name", METHODS)
def test_explanations_do_not_change_when_the_batch_is_halved(name, rows, capsys):
    method = registry.get("method", name)

    def explain(model):
        found = list(
            explain_images(
                method,
                model,
                rows,
                range(N) if method.targets == "similarity" else [index % 2 for index in range(N)],
                size=SIDE,
                fit="crop",
                seed=0,
                names=(name, "model"),
                options=options_for(name, tiny_model("test_resnet"), N),
            )
        )
        assert [image for image, *_ in found] == [row["image"] for row in rows]
        return np.stack([saliency for _, saliency, _ in found])

    network, inner = (
        ("test_vit", "blocks.5.mlp")
        if name.startswith("attention_")
        else ("test_resnet", "layer4.0.conv1")
    )
    expected, model = explain(model_for(method, network)), model_for(method, network)
    capsys.readouterr()
    found = explain(limited(model, model.net.get_submodule(inner)))
    assert "the card's memory is full" in capsys.readouterr().out
    # Sums of single precision in another order.
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-4 * np.abs(expected).max())


def test_predictions_do_not_change_when_the_batch_is_halved(pixels, capsys):
    expected, model = predict(classifier(), pixels), classifier()
    found = predict(limited(model, model.net), pixels)
    assert [line for line in capsys.readouterr().out.splitlines() if "memory" in line] == [
        f"the card's memory is full: {batch} images at once from now on, not {2 * batch}"
        for batch in (128, 64, 32, 16, 8, 4, 2)
    ]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    assert predict(model, pixels[:2]).shape == (2, 5) and not capsys.readouterr().out


def test_no_memory_for_one_image_is_one_line(pixels):
    model = classifier()
    with pytest.raises(InputError) as error:
        in_batches(limited(model, model.net, 0), model.logits, pixels)
    assert str(error.value) == (
        "the card's memory is too small for one image of 32 x 32 (CUDA out of memory. Tried to "
        "allocate 2 GiB.); set CUDA_VISIBLE_DEVICES= to compute without a card, or lower "
        "`images.size`"
    )


def test_training_is_not_changed_but_says_which_batch_to_try(rows, monkeypatch):
    build = finetuning.start_network

    def start(*args):
        net, about = build(*args)
        return limited(net, net, 8), about

    monkeypatch.setattr(finetuning, "start_network", start)
    split = [row | {"split": "val" if index < 3 else "train"} for index, row in enumerate(rows * 6)]
    with pytest.raises(InputError, match=r"fine-tuning a: .* batches of 16 images; .*batch: 8}`"):
        finetuning.finetune_from_manifest(
            split,
            {"timm": "test_resnet"},
            pretrained=False,
            size=32,
            fit="crop",
            name="a",
            seed=0,
            device=torch.device("cpu"),
            epochs=1,
            freeze_epochs=0,
            lr=0.01,
            batch=16,
        )
