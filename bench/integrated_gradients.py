"""Compare `steps: auto` of integrated gradients with fixed numbers: gradients and gaps.

    python bench/integrated_gradients.py [--weights FOLDER] [--demo results] [--fixed 32 64 128 256]

`--weights`: where the package of EfficientNet-Lite0 is (bench/real_network.py says how it comes
there); 18 photographs. `--demo`: results of the demo, whose networks explain 18 images each.
Blurred baseline, one thread. Prints a table for bench/RESULTS.md; asserts nothing.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import real_network

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))


def measure(model, images, steps):
    """Return gradients and gaps of all images, and CPU seconds."""
    from lookalike.methods.integrated_gradients import integrated_gradients

    found, start = [], time.process_time()
    # As many at once as the workflow explains.
    for part in images.split(model.batch(images.shape[2])):
        targets = model.logits(part).argmax(dim=1)
        _, about = integrated_gradients(
            model, part, targets, range(len(part)), steps=steps, baseline="blur"
        )
        found.append([about["steps"], about["completeness_gap"]])
    return *np.concatenate(found, axis=1), time.process_time() - start


def main():
    """Print the table."""
    import torch

    from lookalike.images.demo import draw_images
    from lookalike.models.loading import load_model
    from lookalike.models.networks import to_tensor

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--demo", type=Path)
    parser.add_argument("--fixed", nargs="*", type=int, default=[32, 64, 128, 256])
    given = parser.parse_args()
    torch.set_num_threads(1)
    cases = []
    if given.weights:
        network = real_network.load_network(given.weights)
        cases.append(("EfficientNet-Lite0", [network], real_network.load_photographs()))
    if given.demo:
        paths = sorted(given.demo.glob("checkpoints/*.safetensors"))
        pixels = np.stack([image for _, _, image, _ in draw_images(0, "val", 18, 64)])
        cases.append(("the demo's", [load_model(path) for path in paths], to_tensor(pixels)))
    print("| networks | steps | gradients | median gap | 95th percentile | over 5% | CPU s |")
    print("|---|---|---|---|---|---|---|")
    for name, models, images in cases:
        for steps in (*given.fixed, "auto"):
            parts = [measure(model, images, steps) for model in models]
            taken, gaps = (np.concatenate([part[place] for part in parts]) for place in (0, 1))
            print(
                f"| {name} | {steps} | {taken.mean():.0f} | {np.median(gaps):.1%} | "
                f"{np.quantile(gaps, 0.95):.1%} | {np.mean(gaps > 0.05):.0%} | "
                f"{sum(part[2] for part in parts):.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
