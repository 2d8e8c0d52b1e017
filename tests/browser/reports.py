"""Reports of real runs that the browser opens: twenty models of images with difficult names,
existing maps alone, and matrices alone.
"""

import numpy as np
from planted import HALVES, planted_stacks, write_matrices
from scipy.ndimage import gaussian_filter
from skimage.io import imsave

# What must be drawn as it is written, and must not become part of the page.
FAMILIES = ("</script><script>window.harmed=1</script>", "猫 & 犬", "\"quoted\" 'single'", "plain")
CLASSES = ("<b>bold<", "猫", 'a "class"')
MODELS, SIDE, IMAGES = 20, 28, 24
FEW = {"inference": {"bootstrap": 200, "permutations": 199}, "figures": {"panels": 0}}


def twenty_models(folder):
    """Write images in classes, and maps of twenty models in four families; return the config."""
    rng = np.random.default_rng(0)
    names = []
    for number in range(IMAGES):
        place = folder / "photos" / CLASSES[number % len(CLASSES)]
        place.mkdir(parents=True, exist_ok=True)
        names.append(f"<i>{number:02}</i> 図 & 'x'".replace("/", "∕"))
        picture = gaussian_filter(rng.random((64, 64, 3)), (3, 3, 0))
        picture = (255 * (picture - picture.min()) / np.ptp(picture)).astype(np.uint8)
        imsave(place / f"{names[-1]}.png", picture, check_contrast=False)
    models = {}
    for family, level in zip(FAMILIES, np.linspace(0.4, 1.2, len(FAMILIES)), strict=True):
        own = smooth(rng.normal(size=(IMAGES, SIDE, SIDE)))
        shared = smooth(np.random.default_rng(1).normal(size=(IMAGES, SIDE, SIDE)))
        for _ in range(MODELS // len(FAMILIES)):
            name = f"model-{len(models):02}"
            noise = smooth(rng.normal(size=(IMAGES, SIDE, SIDE)))
            home = folder / "maps" / name
            home.mkdir(parents=True)
            for image, saliency in zip(names, shared + own + level * noise, strict=True):
                np.save(home / f"{image}.npy", saliency)
            models[name] = {"maps": {"heat": f"maps/{name}"}, "family": family}
    return FEW | {
        "images": {"source": "photos", "n": "all", "size": 64},
        "models": models,
        "maps": {"size": SIDE, "sign": "signed"},
        "metrics": ["cosine", "mse"],
        "groups": {"linkages": ["average", "complete"]},
    }


def smooth(maps):
    """Return maps as smooth as those of networks."""
    return gaussian_filter(maps, (0, 3, 3)) * 8


def given_maps(folder):
    """Write maps of seven models without any image; return the config."""
    return FEW | {
        "models": planted_stacks(folder),
        "methods": {"heatmaps": {"sign": "absolute"}},
        "metrics": ["cosine"],
        "maps": {"size": 16},
    }


def given_matrix(folder):
    """Write two matrices of fourteen models; return the config."""
    halves = [half.strip("{}").split(", ") for half in HALVES["gradcam"]]
    config = {
        "models": {name: {"family": "ab"[place]} for place in (0, 1) for name in halves[place]},
        "matrices": {
            "one": {"path": "one.csv", "method": "gradcam", "metric": "mse"},
            "other": {"path": "other.csv", "method": "gradcam", "metric": "ssim"},
        },
    }
    write_matrices(folder, config)
    return config
