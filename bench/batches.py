"""Time integrated gradients on the CPU by how many images go through the network at once, with the
memory that it takes.

    python bench/batches.py [--models efficientnet_b3 resnet50d ...] [--batches 64 16 8 4] [--size
    224] [--steps 16]

Two images, random weights, one thread, one process a row. Prints a table for bench/RESULTS.md;
asserts nothing.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))


def measure(model: str, batch: int, size: int, steps: int) -> tuple[float, float, float, float]:
    """Return seconds of wall clock, of the program and of the system, and the peak memory in MB:
    the process of a row.
    """
    import torch

    from lookalike.methods.integrated_gradients import integrated_gradients
    from lookalike.models import networks

    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = networks.build_network({"timm": model}, 10).eval().requires_grad_(False)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in networks.normalisation_of(net))
    networks.PIXELS_AT_ONCE["cpu"] = batch * size**2
    images, targets = torch.rand(2, 3, size, size), torch.tensor([0, 1])
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    integrated_gradients(
        networks.VisionModel(net, mean, std, list("abcdefghij")),
        images,
        targets,
        [0, 1],
        steps=steps,
    )
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    return (
        seconds,
        after.ru_utime - before.ru_utime,
        after.ru_stime - before.ru_stime,
        after.ru_maxrss / 1024,
    )


def main() -> None:
    """Time all rows and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--models", nargs="+", default=["efficientnet_b3", "resnet50d", "deit_small_patch16_224"]
    )
    parser.add_argument("--batches", nargs="+", type=int, default=[64, 16, 8, 4])
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--row", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.row:
        print(json.dumps(measure(given.row[0], int(given.row[1]), given.size, given.steps)))
        return
    print("| model | images at once | s | program | system | MB |\n|---|---|---|---|---|---|")
    for model in given.models:
        for batch in given.batches:
            command = [
                sys.executable,
                __file__,
                "--row",
                model,
                str(batch),
                "--size",
                str(given.size),
                "--steps",
                str(given.steps),
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            seconds, program, system, memory = json.loads(done.stdout.splitlines()[-1])
            print(
                f"| {model} | {batch} | {seconds:.1f} | {program:.1f} | {system:.1f} | "
                f"{memory:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
