"""Time the compare stage as the workflow runs it, against one plain script that loops over other
libraries.

    python bench/compare_stage.py [--models 14] [--images 128] [--size 224] [--metrics cosine ssim
    ...]

Real Snakemake runs on two cores, in blocks of 1 and in one block of all models; every pair also
gets its chance value, which the plain script does not compute. What a job for one pair costs: the
wall time of a run of many pairs on one core, less that of a run of one pair, shared out; and what
the computing takes of that, in a process that has the maps in memory. And the peak memory of the
job of one block, for few images and for eight times as many. Prints tables for bench/RESULTS.md;
asserts nothing.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from metrics import ONE_THREAD, ROOT, make_maps, measure, parser_of_sizes

from lookalike.maps import stacks

# Maps of each model: more images are these over again.
DRAWN = 16
JOBS_TIMED = 15


def write_batches(folder: Path, images: int) -> None:
    """Write the maps of every model as the workflow keeps them, over again where there are
    fewer.
    """
    for model, maps in enumerate(np.load(folder / "maps.npy")):
        card = {
            "images": [f"{index:05}" for index in range(images)],
            "shape": [images, *maps.shape[1:]],
            "data_range": 1.0,
        }
        repeated = (maps[index % len(maps)] for index in range(images))
        stacks.write_batch(
            folder / f"results/maps/gradcam/M{model:02}/batch_maps.npy", repeated, card
        )


def targets(config: dict[str, Any]) -> list[str]:
    """Return the files of all pairs of blocks."""
    from lookalike.compare.blocks import block_pairs, blocks_of

    pairs = block_pairs(blocks_of(config["models"], config["compare"]["block"]))
    return [
        f"results/pairs/gradcam/{metric}/{a}~{b}.npz"
        for metric in config["metrics"]
        for a, b in pairs
    ]


def run_workflow(
    folder: Path, config: dict[str, Any], files: list[str], cores: int
) -> tuple[float, float]:
    """Return the seconds of a run that compares from nothing, and the most memory, in MB, of any of
    its processes.
    """
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    for file in files:
        (folder / file).unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--quiet",
        "all",
        "--cores",
        str(cores),
        "--resources",
        "gpu=1",
        "--directory",
        str(folder),
    ]
    command += ["--configfile", str(path), "--allowed-rules", "compare_models", "--", *files]
    start = time.perf_counter()
    with (folder / "text").open("w") as text:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | ONE_THREAD, stdout=text, stderr=text
        )
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit((folder / "text").read_text())
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def computing(metric: str, folder: Path) -> float:
    """Return the seconds of comparing two models whose maps are in memory: the process of
    `--computing`.
    """
    from lookalike.compare.pairs import compare_blocks
    from lookalike.core import registry

    x, y = (
        [np.load(folder / f"results/maps/gradcam/{model}/batch_maps.npy")]
        for model in ("M00", "M01")
    )
    metrics = [(registry.get("metric", metric), {"data_range": 1.0})]
    compare_blocks(metrics, [x[0][:2]], [y[0][:2]], seed=0)
    start = time.perf_counter()
    compare_blocks(metrics, x, y, seed=0)
    return time.perf_counter() - start


def main() -> None:
    """Time the stage and print the tables."""
    parser = parser_of_sizes(__doc__)
    parser.add_argument(
        "--metrics", nargs="*", default=["cosine", "pearson", "rbf", "ssim", "spearman", "emd"]
    )
    parser.add_argument("--make-maps", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--write-batches", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--computing", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write_batches:
        write_batches(given.make_maps, given.write_batches)
        return
    if given.make_maps:
        np.save(given.make_maps / "maps.npy", make_maps(given.models, DRAWN, given.size))
        return
    if given.computing:
        print(computing(given.metrics[0], given.computing))
        return

    def elsewhere(*arguments: object) -> str:
        """Run this file in a process of its own: what a process holds counts as the memory of those
        that it starts.
        """
        done = subprocess.run(
            [sys.executable, __file__, *map(str, arguments)],
            env=os.environ | ONE_THREAD,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        elsewhere("--make-maps", folder, "--models", given.models, "--size", given.size)
        models = {
            f"M{model:02}": {"timm": "test_resnet", "finetune": False}
            for model in range(given.models)
        }
        config = {
            "models": models,
            "methods": {"gradcam": {"explain": "gradcam"}},
            "maps": {"size": given.size},
            "metrics": given.metrics,
        }
        print(
            f"{given.models} models, {given.images} images of {given.size} x {given.size}, "
            f"{', '.join(given.metrics)}\n"
        )

        print("| peak memory of a run of one block | images | MB |\n|---|---|---|")
        # Not for EMD, whose maps are the smallest, and which would take long.
        for images in (given.images, 8 * given.images):
            elsewhere("--make-maps", folder, "--write-batches", images)
            for metric in [metric for metric in given.metrics if metric != "emd"]:
                one_block = config | {"metrics": [metric], "compare": {"block": given.models}}
                print(
                    f"| {metric} | {images} | "
                    f"{run_workflow(folder, one_block, targets(one_block), 1)[1]:.0f} |",
                    flush=True,
                )

        elsewhere("--make-maps", folder, "--write-batches", given.images)
        print(
            f"\n| a job for one pair of {given.images} images | s | computing | "
            "the rest |\n|---|---|---|---|"
        )
        for metric in given.metrics:
            alone = config | {"metrics": [metric], "compare": {"block": 1}}
            files = targets(alone)[: 1 + JOBS_TIMED]
            run_workflow(folder, alone, files[:1], 1)
            one, many = (run_workflow(folder, alone, some, 1)[0] for some in (files[:1], files))
            job = (many - one) / (len(files) - 1)
            inside = float(elsewhere("--computing", folder, "--metrics", metric))
            print(f"| {metric} | {job:.2f} | {inside:.2f} | {job - inside:.2f} |", flush=True)

        for metrics in (given.metrics, [metric for metric in given.metrics if metric != "emd"]):
            plain = (
                given.images
                / 1e3
                * sum(
                    measure(f"peer:{metric}:float64", folder / "maps.npy", given.peer_images)
                    for metric in metrics
                )
            )
            print(
                f"\n| the whole stage, {', '.join(metrics)} | jobs | s | plain script over "
                "that |\n|---|---|---|---|"
            )
            print(f"| plain script, no chance values | | {plain:.0f} | |", flush=True)
            for block in (1, given.models):
                whole = config | {"metrics": metrics, "compare": {"block": block}}
                files = targets(whole)
                seconds, _ = run_workflow(folder, whole, files, 2)
                print(
                    f"| workflow, 2 cores, blocks of {block} | {len(files)} | {seconds:.0f} "
                    f"| {plain / seconds:.1f}x |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
