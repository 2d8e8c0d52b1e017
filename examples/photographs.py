"""Copy the photographs that come with scikit-image and scikit-learn into a folder."""

import shutil
import sys
from pathlib import Path

import skimage
import sklearn

OF_SCIKIT_IMAGE = (
    *("astronaut.png", "camera.png", "chelsea.png", "clock_motion.png", "coffee.png", "coins.png"),
    *("hubble_deep_field.jpg", "moon.png", "motorcycle_left.png", "rocket.jpg"),
)
OF_SCIKIT_LEARN = ("china.jpg", "flower.jpg")

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for package, place, names in (
        (skimage, "data", OF_SCIKIT_IMAGE),
        (sklearn, "datasets/images", OF_SCIKIT_LEARN),
    ):
        for name in names:
            shutil.copy(Path(package.__file__).parent / place / name, folder)
