"""A fine-tuning that is killed goes on from its last whole epoch, with the same end."""

import multiprocessing
import os
import signal

import pytest
import torch

from lookalike.core import io
from lookalike.images import demo
from lookalike.images.manifest import find_images
from lookalike.models import finetuning
from lookalike.models.finetuning import finetune_from_manifest
from lookalike.models.unfinished import Unfinished

processes = multiprocessing.get_context("fork")

SIDE = 32
# With dropout, which draws from another stream of random numbers than the order of the images.
RECIPE = {"timm": "test_resnet", "options": {"drop_rate": 0.5}}
SETTINGS = {
    "pretrained": False,
    "size": SIDE,
    "fit": "crop",
    "name": "a",
    "device": torch.device("cpu"),
    "epochs": 3,
    "freeze_epochs": 2,
    "lr": 0.01,
    "batch": 8,
}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    for shape, number, image, _ in demo.draw_images(0, "train", 15, SIDE):
        io.write_image(folder / shape / f"{number}.png", image)
    return folder


def train(images, path=None, seed=0, **settings):
    """Return weights and sidecar of a training, which may keep its state in a file."""
    unfinished = Unfinished(path, "the code") if path else None
    net, sidecar = finetune_from_manifest(
        find_images(images), RECIPE, seed=seed, unfinished=unfinished, **SETTINGS | settings
    )
    return net.state_dict(), sidecar


@pytest.fixture(scope="module")
def expected(images):
    torch.set_num_threads(1)
    return train(images)


def killed(epochs, images, path):
    """Train, and die in the middle of an epoch."""
    run_epoch, left = finetuning.run_epoch, [epochs]

    def run(*args):
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return run_epoch(*args)

    finetuning.run_epoch = run
    train(images, path)


def kill_after(epochs, images, path):
    process = processes.Process(target=killed, args=(epochs, images, path))
    process.start()
    process.join(timeout=200)
    assert process.exitcode == -signal.SIGKILL


def same(found, expected):
    return found[1] == expected[1] and all(
        torch.equal(tensor, expected[0][name]) for name, tensor in found[0].items()
    )


# In the first phase, between the two, and in the second.
@pytest.mark.parametrize("epochs", [1, 2, 4])
def test_a_killed_training_goes_on_with_the_same_end(epochs, images, expected, tmp_path, capsys):
    kill_after(epochs, images, tmp_path / "state.pt")
    assert same(train(images, tmp_path / "state.pt"), expected)
    assert f"the training goes on after epoch {epochs}\n" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]


@pytest.fixture(scope="module")
def state(images, tmp_path_factory):
    """Return the bytes of the state after two epochs."""
    path = tmp_path_factory.mktemp("state") / "state.pt"
    kill_after(2, images, path)
    return path.read_bytes()


@pytest.mark.parametrize("change", [{"seed": 1}, {"lr": 0.02}, {"epochs": 2}, {"name": "b"}])
def test_the_state_of_another_training_is_not_used(change, images, state, tmp_path, capsys):
    (tmp_path / "state.pt").write_bytes(state)
    change = {"epochs": 0, "freeze_epochs": 1} | change
    found = train(images, tmp_path / "state.pt", **change)
    assert "another training" in capsys.readouterr().out
    assert same(found, train(images, **change))


def test_the_state_of_other_images_or_other_code_is_not_used(images, state, tmp_path, capsys):
    path = tmp_path / "state.pt"
    path.write_bytes(state)
    fewer = [*images.rglob("*.png")][1:]
    for number, image in enumerate(fewer):
        target = tmp_path / "images" / image.parent.name / f"{number}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(image.read_bytes())
    train(tmp_path / "images", path, epochs=0, freeze_epochs=1)
    assert "another training" in capsys.readouterr().out
    path.write_bytes(state)
    rows, other = find_images(images), Unfinished(path, "other code")
    finetune_from_manifest(rows, RECIPE, seed=0, unfinished=other, **SETTINGS | {"epochs": 0})
    assert "another training" in capsys.readouterr().out


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "text"])
def test_a_state_that_cannot_be_read_is_not_used(damage, images, state, tmp_path, capsys):
    half = len(state) // 2
    damaged = {
        "cut": state[:half],
        "flipped": state[:half] + bytes([state[half] ^ 64]) + state[half + 1 :],
        "empty": b"",
        "text": b"no state",
    }
    (tmp_path / "state.pt").write_bytes(damaged[damage])
    unfinished = Unfinished(tmp_path / "state.pt")
    assert unfinished.load("cpu") is None
    assert "cannot be read; the training starts from the beginning" in capsys.readouterr().out


def test_the_state_goes_when_the_training_ends(images, expected, tmp_path):
    unfinished = Unfinished(tmp_path / "state.pt")
    unfinished.save("cpu", history=[])
    unfinished.end()
    unfinished.end()
    assert not any(tmp_path.iterdir())
