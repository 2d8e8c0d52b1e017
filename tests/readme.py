"""The first example of the README, and what it is about: a folder of unlabelled photographs."""

import re
from pathlib import Path

import numpy as np
import skimage.data
import yaml
from PIL import Image

README = Path(__file__).parent.parent / "README.md"
PHOTOGRAPHS = [f"IMG_{number:04}" for number in range(48)]


def readme_config():
    """Return the first config of the README, as it stands."""
    text = README.read_text(encoding="utf-8")
    return yaml.safe_load(re.search(r"```yaml\n(.*?)```", text, re.S)[1])


def with_tiny_networks(config):
    """Return a config of small images and tiny networks with random weights, of which none are
    downloaded.
    """
    networks = ("test_resnet", "test_byobnet", "test_efficientnet")
    tiny = {"pretrained": False, "options": {"output_stride": 8}}
    models = {
        name: recipe | tiny | {"timm": networks[number % len(networks)]}
        for number, (name, recipe) in enumerate(config["models"].items())
    }
    return config | {"images": config["images"] | {"size": 64}, "models": models}


def write_photographs(folder):
    """Write the photographs: parts of three that scikit-image brings along."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    pictures = [skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea()]
    for number, name in enumerate(PHOTOGRAPHS):
        top, left = rng.integers(0, 100, 2)
        part = pictures[number % len(pictures)][top : top + 180, left : left + 240]
        Image.fromarray(part).save(folder / f"{name}.jpg")
