"""Fine-tuning of tiny networks on the demo's images."""

import numpy as np
import pytest
import torch

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.images import demo
from lookalike.images.manifest import find_images
from lookalike.images.reading import load_images
from lookalike.models.augmentation import augment
from lookalike.models.finetuning import accuracy, finetune, finetune_from_manifest
from lookalike.models.networks import build_network, normalisation_of

torch.set_num_threads(1)

SIDE = 48


def draw(split, count):
    """Return demo images and the indices of their shapes."""
    drawn = list(demo.draw_images(0, split, count, SIDE))
    return np.stack([image for _, _, image, _ in drawn]), np.array(
        [demo.SHAPES.index(shape) for shape, *_ in drawn]
    )


@pytest.fixture(scope="module")
def data():
    return draw("train", 200), draw("val", 50)


def train(data, seed=0, name="test_resnet", **schedule):
    """Return a trained network, its history and its initial weights."""
    torch.manual_seed(seed)
    net = build_network({"timm": name}, 5)
    initial = {key: value.clone() for key, value in net.state_dict().items()}
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in normalisation_of(net))
    history = finetune(
        net,
        lambda images: (images - mean) / std,
        *data,
        **{"epochs": 2, "freeze_epochs": 0, "lr": 0.004, "batch": 32, "seed": seed} | schedule,
    )
    return net, history, initial


@pytest.fixture(scope="module")
def run(data):
    return train(data)


def same_weights(first, second):
    return all(torch.equal(value, second[key]) for key, value in first.items())


def test_training_lowers_the_loss_and_leaves_evaluation_mode(run):
    net, history, initial = run
    assert history[2]["loss"] < history[1]["loss"] < 2.5
    assert history[2]["loss"] < np.log(5)
    assert not net.training
    assert not same_weights(net.state_dict(), initial)


def test_training_is_repeatable_bit_for_bit(run, data):
    net, history, _ = run
    again, history_again, _ = train(data)
    assert history == history_again
    assert same_weights(net.state_dict(), again.state_dict())


def test_another_seed_gives_another_network(run, data):
    net, history, _ = run
    other, history_other, _ = train(data, seed=1)
    assert history[1]["loss"] != history_other[1]["loss"]
    assert not torch.equal(net.fc.weight, other.fc.weight)


def test_seed_orders_the_images(data):
    # Black images, which no augmentation changes, and equal weights: only the order of the labels
    # is left.
    few = [(images[:40] * 0, labels[:40]) for images, labels in data]
    losses = []
    for seed in (0, 1):
        torch.manual_seed(0)
        net = build_network({"timm": "test_resnet"}, 5)
        losses.append(
            finetune(
                net,
                lambda x: x - 0.5,
                *few,
                epochs=1,
                freeze_epochs=0,
                lr=0.004,
                batch=16,
                seed=seed,
            )[1]["loss"]
        )
    assert losses[0] != losses[1]


def test_head_phase_leaves_the_backbone_untouched(data):
    net, history, initial = train(data, epochs=0, freeze_epochs=1)
    changed = {
        key for key, value in net.state_dict().items() if not torch.equal(value, initial[key])
    }
    assert changed == {"fc.weight", "fc.bias"}
    assert [row["phase"] for row in history] == ["before", "head"]


def test_head_phase_trains_both_heads_of_a_distilled_transformer(data):
    few = [(images[:20], labels[:20]) for images, labels in data]
    torch.manual_seed(0)
    net = build_network(
        {
            "timm": "deit_tiny_distilled_patch16_224",
            "options": {"img_size": SIDE, "depth": 1, "embed_dim": 48},
        },
        5,
    )
    initial = {key: value.clone() for key, value in net.state_dict().items()}
    finetune(net, lambda x: x, *few, epochs=0, freeze_epochs=1, lr=0.01, batch=10, seed=0)
    changed = {
        key for key, value in net.state_dict().items() if not torch.equal(value, initial[key])
    }
    assert changed == {"head.weight", "head.bias", "head_dist.weight", "head_dist.bias"}


def test_second_phase_trains_everything_after_the_head(data):
    few = [(images[:64], labels[:64]) for images, labels in data]
    net, history, _ = train(few, epochs=1, freeze_epochs=1)
    assert [row["phase"] for row in history] == ["before", "head", "all"]
    assert all(parameter.requires_grad for parameter in net.parameters())


@pytest.mark.parametrize(
    ("answers", "last_is_best"), [([0, 1, 2, 3, 4], True), ([1, 3, 4, 2, 1], False)]
)
def test_best_epoch_is_kept(answers, last_is_best, data):
    # With wrong answers the validation accuracy falls while the network learns, so that the last
    # epoch is not the best.
    validation = data[1][0], np.array(answers)[data[1][1]]
    net, history, _ = train((data[0], validation), epochs=4)
    reached = [row["accuracy"] for row in history[1:]]
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in normalisation_of(net))
    assert (reached[-1] == max(reached)) == last_is_best and max(reached) > min(reached)
    assert accuracy(net, lambda images: (images - mean) / std, *validation) == max(reached)


def test_history_holds_every_epoch(run):
    history = run[1]
    assert [row["epoch"] for row in history] == [0, 1, 2]
    assert [row["phase"] for row in history] == ["before", "all", "all"]
    assert history[0]["loss"] is None and history[0]["train_accuracy"] is None
    for row in history:
        assert set(row) == {"epoch", "phase", "loss", "train_accuracy", "accuracy"}
        assert 0 <= row["accuracy"] <= 1
    assert all(0 <= row["train_accuracy"] <= 1 and np.isfinite(row["loss"]) for row in history[1:])


def test_without_epochs_nothing_is_trained(data):
    net, history, initial = train(data, epochs=0)
    assert same_weights(net.state_dict(), initial) and len(history) == 1 and not net.training


def test_accuracy_counts_the_right_answers(data):
    images, labels = data[1]
    answers = torch.nn.functional.one_hot(torch.tensor([0, 1, 2, 3, 0] * 10), 5).float()
    lookup = {image.tobytes(): answer for image, answer in zip(images, answers, strict=True)}

    class Oracle(torch.nn.Module):
        def forward(self, inputs):
            return torch.stack(
                [
                    lookup[(image * 255).round().byte().permute(1, 2, 0).numpy().tobytes()]
                    for image in inputs
                ]
            )

    assert accuracy(Oracle(), lambda x: x, images, labels, batch=7) == pytest.approx(0.8)


@pytest.fixture(scope="module")
def photographs(data):
    return torch.from_numpy(data[0][0][:32]).permute(0, 3, 1, 2).float() / 255


def test_augmentation_keeps_shape_and_range_and_changes_every_image(photographs):
    moved = augment(photographs, torch.Generator().manual_seed(0))
    assert moved.shape == photographs.shape and moved.dtype == photographs.dtype
    assert moved.min() >= 0 and moved.max() <= photographs.max() + 1e-6
    assert ((moved - photographs).abs().amax(dim=(1, 2, 3)) > 0.01).all()


def test_augmentation_follows_its_generator(photographs):
    first, again, other = (
        augment(photographs, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4)
    )
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_augmentation_equals_affine_maps_of_the_same_draws():
    images = torch.rand(6, 3, 12, 20, generator=torch.Generator().manual_seed(1))
    draws = torch.rand(5, 6, generator=torch.Generator().manual_seed(0))
    zoom, sign = 0.8 + 0.2 * draws[0], torch.where(draws[1] < 0.5, -1.0, 1.0)
    affine = torch.zeros(6, 2, 3)
    affine[:, 0, 0], affine[:, 1, 1] = zoom * sign, zoom
    affine[:, :, 2] = ((2 * draws[2:4] - 1) * (1 - zoom)).T
    grid = torch.nn.functional.affine_grid(affine, list(images.shape), align_corners=False)
    moved = torch.nn.functional.grid_sample(
        images, grid, padding_mode="reflection", align_corners=False
    )
    expected = moved * (0.8 + 0.2 * draws[4])[:, None, None, None]
    found = augment(images, torch.Generator().manual_seed(0))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


def test_augmentation_mirrors_half_and_never_leaves_the_image():
    ramp = torch.linspace(0, 1, 64).expand(400, 3, 64, 64)
    moved = augment(ramp, torch.Generator().manual_seed(0))
    rising = moved[:, 0, 32, -1] > moved[:, 0, 32, 0]
    assert 150 < rising.sum() < 250
    # A zoomed window of a ramp within the image is itself a ramp over .8 to 1 of the range, dimmed
    # by .8 to 1.
    assert (
        moved[:, 0].diff(dim=2).sign() == (2 * rising.int() - 1).view(-1, 1, 1)
    ).float().mean() > 0.98
    height = (moved[:, 0, 32, -1] - moved[:, 0, 32, 0]).abs()
    assert height.min() > 0.6 and height.max() <= 1 and height.std() > 0.02
    grey = augment(torch.ones(400, 3, 8, 8), torch.Generator().manual_seed(0))
    assert 0.79 < grey.min() < 0.83 and 0.97 < grey.max() <= 1 + 1e-6


@pytest.fixture
def manifest(tmp_path):
    for shape, number, image, _ in demo.draw_images(0, "train", 25, SIDE):
        io.write_image(tmp_path / "images" / shape / f"{number}.png", image)
    return find_images(tmp_path / "images")


SETTINGS = {
    "pretrained": False,
    "size": 32,
    "fit": "crop",
    "device": torch.device("cpu"),
    "epochs": 1,
    "freeze_epochs": 0,
    "lr": 0.01,
    "batch": 8,
}


def test_manifest_training_fills_the_sidecar(manifest):
    recipe = {"timm": "test_resnet", "options": {"output_stride": 8}}
    net, sidecar = finetune_from_manifest(manifest, recipe, name="a", seed=0, **SETTINGS)
    assert (
        net.num_classes == 5
        and sidecar["classes"] == sorted(demo.SHAPES)
        and sidecar["recipe"] == recipe
    )
    # Of 5 images of each class 4 are of the split train, and 1 of these is held back.
    assert sidecar["training"]["held_back"] == 5
    assert all(round(5 * row["accuracy"], 9).is_integer() for row in sidecar["epochs"])
    # The accuracy is that of the weights that were kept, on the validation split.
    part = [row for row in manifest if row["split"] == "val"]
    labels = np.array([sidecar["classes"].index(row["label"]) for row in part])
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in normalisation_of(net))
    images = load_images(part, 32, "crop")
    reached = accuracy(net, lambda images: (images - mean) / std, images, labels)
    assert sidecar["accuracy"]["after"] == reached
    assert 0 <= sidecar["accuracy"]["before"] <= 1
    assert {
        "pretrained": False,
        "size": 32,
        "epochs": 1,
        "lr": 0.01,
        "batch": 8,
        "device": "cpu",
    }.items() <= sidecar["training"].items()


def test_name_of_the_model_decides_its_weights(manifest):
    recipe = {"timm": "test_resnet"}
    (first, _), (again, _), (replicate, _) = (
        finetune_from_manifest(manifest, recipe, name=name, seed=0, **SETTINGS)
        for name in ("a", "a", "b")
    )
    assert same_weights(first.state_dict(), again.state_dict())
    assert not torch.equal(first.fc.weight, replicate.fc.weight)


def test_training_starts_from_a_checkpoint_under_a_fresh_head(manifest, tmp_path):
    recipe = {"timm": "test_resnet", "options": {}}
    torch.manual_seed(5)
    weights = build_network(recipe, 7).state_dict()
    torch.save(
        {"model": {f"module.{key}": value for key, value in weights.items()}, "epoch": 9},
        tmp_path / "w.pth",
    )
    start = {**SETTINGS, "epochs": 0, "checkpoint": tmp_path / "w.pth"}
    net, sidecar = finetune_from_manifest(manifest, recipe, name="a", seed=0, **start)
    changed = {
        key for key, value in net.state_dict().items() if not torch.equal(value, weights[key])
    }
    assert changed == {"fc.weight", "fc.bias"} and net.num_classes == 5
    head = ["fc.bias", "fc.weight"]
    assert sidecar["weights"] == {
        "source": str(tmp_path / "w.pth"),
        "loaded": len(weights) - 2,
        "missing": head,
        "prefix": "model.module.",
        "unexpected": [f"model.module.{key}" for key in head],
    }
    replicate, _ = finetune_from_manifest(manifest, recipe, name="b", seed=0, **start)
    assert not torch.equal(net.fc.weight, replicate.fc.weight)
    trained, _ = finetune_from_manifest(manifest, recipe, name="a", seed=0, **start | {"epochs": 1})
    assert not torch.equal(trained.conv1[0].weight, net.conv1[0].weight)


def test_missing_split_is_refused(manifest):
    rows = [row for row in manifest if row["split"] == "train"]
    with pytest.raises(InputError, match=r"fine-tuning a: no image in split 'val'"):
        finetune_from_manifest(rows, {"timm": "test_resnet"}, name="a", seed=0, **SETTINGS)


def test_a_single_class_is_refused(manifest):
    rows = [row | {"label": "disc"} for row in manifest]
    with pytest.raises(
        InputError, match=r"fine-tuning a: needs at least two classes.*; found only 'disc'"
    ):
        finetune_from_manifest(rows, {"timm": "test_resnet"}, name="a", seed=0, **SETTINGS)
