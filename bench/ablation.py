"""Time a network without each single channel of its target layer: batches above the layer, compared
with the whole network.

    python bench/ablation.py [--models vgg19 resnet50 ...] [--channels 512] [--depth 1] [--size 224]
    [--rounds 3]

One image, random weights, one thread; no more channels than the layer has. In every round, the
whole network runs with a hook, once for each of a few channels; then all channels run in batches.
Times are medians over the rounds. `recorded` is the time of the recording, which each image needs
once. `apart` is the largest difference between the outputs of the two, over the standard deviation
of the outputs. Prints a table for bench/RESULTS.md; asserts nothing.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

FEW = 16


def seconds(function, *args):
    """Return how long a call takes, and its result."""
    start = time.perf_counter()
    result = function(*args)
    return time.perf_counter() - start, result


def one_by_one(net, layer, images, kept, axis):
    """Return the outputs (n, M, ...) of the whole network with each mask in turn."""
    import torch

    outputs = []
    for mask in kept:

        def drop(module, inputs, output, mask=mask):
            return output * mask.view([-1 if own == axis else 1 for own in range(output.ndim)])

        handle = layer.register_forward_hook(drop)
        with torch.no_grad():
            outputs.append(net(images))
        handle.remove()
    return torch.stack(outputs, dim=1)


def measure(model, channels, depth, size, rounds):
    """Return a row of the table."""
    import torch

    from lookalike.models.channels import record, rerun
    from lookalike.models.layers import target_layer
    from lookalike.models.networks import build_network

    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = build_network({"timm": model}, 1000).eval().requires_grad_(False)
    layer = target_layer(net, depth, size=(size, size))
    images = torch.rand(1, 3, size, size)
    naive, recorded, batched, apart = [], [], [], []
    for number in range(rounds):
        spent, recording = seconds(record, net, layer, images)
        recorded.append(spent)
        kept = ~torch.eye(recording.channels, dtype=torch.bool)[:channels]
        few = torch.arange(number * FEW, (number + 1) * FEW) % len(kept)
        spent, expected = seconds(one_by_one, net, layer, images, kept[few], recording.axis)
        naive.append(spent / len(few) * len(kept))
        spent, found = seconds(rerun, recording, kept)
        batched.append(spent)
        apart.append(float((found[:, few] - expected).abs().max() / recording.outputs.std()))
    once, whole, above = (statistics.median(times) for times in (recorded, naive, batched))
    return (
        f"| {model} | {recording.name} | {len(kept)} | {whole:.1f} | {once:.2f} | {above:.2f} | "
        f"{whole / (once + above):.0f}x | {max(apart):.0e} |"
    )


def main():
    """Time all models and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--models",
        nargs="+",
        default=["vgg19", "resnet50", "resnet152", "deit_small_patch16_224", "convnext_tiny"],
    )
    parser.add_argument("--channels", type=int, default=512)
    parser.add_argument("--depth", type=float, default=1.0)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    print(
        "| model | layer | channels | whole network, s | recorded, s | above the layer, s | "
        "ratio | apart |\n|---|---|---|---|---|---|---|---|"
    )
    for model in given.models:
        print(measure(model, given.channels, given.depth, given.size, given.rounds), flush=True)


if __name__ == "__main__":
    main()
