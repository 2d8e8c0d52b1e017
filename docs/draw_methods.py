"""Draw docs/methods.png: the maps of all explanation methods of one image of the demo, by one of
its networks, and by its ViT where a method is of transformers.

After `make demo`: python docs/draw_methods.py [RESULTS]
"""

import sys
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from lookalike.core import registry  # noqa: E402
from lookalike.core.errors import InputError  # noqa: E402
from lookalike.images.demo import draw_images  # noqa: E402
from lookalike.methods.explain import inputs_of  # noqa: E402
from lookalike.models.loading import load_model  # noqa: E402
from lookalike.plots import style  # noqa: E402
from lookalike.plots.panels import bare_axes, draw_map  # noqa: E402

IMAGE, SEED, COLUMNS = 7, 0, 6
NETWORKS = ("ResNet", "ViT")
OPTIONS = {"kernelshap": {"segments": 25}, "lime": {"segments": 25}, "integrated_gradients": {}}


def explained(name, models, pixels):
    """Return the map of a method, and the network that it was made by; None where no network has
    one.
    """
    card = registry.get("method", name)
    for network in NETWORKS if card.needs_model else (None,):
        model = models[network] if network else None
        target = [int(model.logits(inputs_of(model, pixels, [0])[1])[0].argmax())] if model else []
        try:
            maps, _ = card(*inputs_of(model, pixels, target), [SEED], **OPTIONS.get(name, {}))
        except InputError:
            continue
        return maps[0], network
    return None


def main(results):
    """Draw all."""
    torch.set_num_threads(2)
    models = {name: load_model(results / f"checkpoints/{name}.safetensors") for name in NETWORKS}
    *_, (_, _, image, _) = list(draw_images(0, "val", IMAGE + 1, 64))
    names = [
        name
        for name in registry.names("method")
        if registry.get("method", name).targets == "classes"
    ]
    rows = -(-(len(names) + 1) // COLUMNS)
    figure = Figure(figsize=(1.25 * COLUMNS, 1.5 * rows), layout="constrained")
    grid = figure.add_gridspec(rows, COLUMNS)
    axes = bare_axes(figure, grid[0, 0])
    axes.imshow(image, extent=(0, 1, 1, 0))
    axes.set_title("image", fontsize=8)
    for place, name in enumerate(names, 1):
        axes = bare_axes(figure, grid[place // COLUMNS, place % COLUMNS])
        found, network = explained(name, models, np.asarray(image)[None])
        draw_map(axes, found, image, signed=registry.get("method", name).signed)
        axes.set_title(name, fontsize=7)
        if network != NETWORKS[0]:
            axes.set_xlabel(network or "no network", fontsize=7, labelpad=2)
    style.save(figure, [ROOT / "docs/methods.png"], dpi=110)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "results"))
