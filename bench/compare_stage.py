"""Time the compare stage as the workflow runs it, against one plain script that loops over other libraries.

    python bench/compare_stage.py [--models 14] [--images 128] [--size 224] [--metrics cosine ssim ...]

Real Snakemake runs on two cores, in blocks of 1 and in one block of all models; every pair also gets its chance value,
which the plain script does not compute. Then what a job for one pair costs beside computing: the wall time of a run of
all pairs of one image, less that of a run of one pair, shared out. And the peak memory of the job of one block, for
few images and for eight times as many. Prints tables for bench/RESULTS.md; asserts nothing.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import yaml
from metrics import ONE_THREAD, ROOT, make_maps, peers, time_peer

from lookalike import io

# Maps of each model; as many images as are wanted are these over again.
DRAWN = 16


def write_batches(folder, images):
    """Write the maps of every model as the workflow keeps them, over again where there are fewer."""
    for model in sorted(folder.glob("M*.npy")):
        maps = io.Batch(model)
        card = {"images": [f"{place:05}" for place in range(images)], "shape": [images, *maps.shape[1:]], "data_range": 1.0}
        repeated = (maps[place % len(maps)] for place in range(images))
        io.write_batch(folder / f"results/maps/gradcam/{model.stem}/batch_maps.npy", repeated, card)


def targets(config):
    """Return the files of all pairs of blocks."""
    from lookalike.config import block_pairs, blocks_of

    pairs = block_pairs(blocks_of(config["models"], config["compare"]["block"]))
    return [f"results/pairs/gradcam/{metric}/{a}~{b}.npz" for metric in config["metrics"] for a, b in pairs]


def run_workflow(folder, config, files, cores):
    """Return the seconds of a run that compares from nothing."""
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    for file in files:
        (folder / file).unlink(missing_ok=True)
    command = [sys.executable, "-m", "snakemake", "--quiet", "all", "--cores", str(cores), "--resources", "gpu=1", "--directory", folder]
    command += ["--configfile", path, "--allowed-rules", "compare_models", "--", *files]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=os.environ | ONE_THREAD, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout)
    return time.perf_counter() - start


def main():
    """Time the stage and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=14)
    parser.add_argument("--images", type=int, default=128)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--peer-images", type=int, default=2)
    parser.add_argument("--metrics", nargs="*", default=["cosine", "pearson", "rbf", "ssim", "spearman", "emd"])
    parser.add_argument("--make-maps", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make_maps:
        for number, maps in enumerate(make_maps(given.models, DRAWN, given.size)):
            np.save(Path(given.make_maps, f"M{number:02}.npy"), maps)
        return
    os.environ.update(ONE_THREAD)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Elsewhere, since the memory of a process counts as that of those which it starts.
        subprocess.run([sys.executable, __file__, "--make-maps", folder, *sys.argv[1:]], check=True)
        models = {f"M{model:02}": {"timm": "test_resnet", "finetune": False} for model in range(given.models)}
        config = {"models": models, "methods": {"gradcam": {"explain": "gradcam"}}, "maps": {"size": given.size}, "metrics": given.metrics}
        pairs = given.models * (given.models - 1) // 2
        print(f"{given.models} models, {pairs} pairs, {given.images} images of {given.size} x {given.size}, {', '.join(given.metrics)}\n")

        print("| peak memory of a run of one block | images | MB |\n|---|---|---|")
        # Not for EMD, whose maps are the smallest, and which would take long.
        for metric in [metric for metric in given.metrics if metric != "emd"]:
            block = config | {"metrics": [metric], "compare": {"block": given.models}}
            for images in (given.images, 8 * given.images):
                write_batches(folder, images)
                run_workflow(folder, block, targets(block), 1)
                print(f"| {metric} | {images} | {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} |", flush=True)

        write_batches(folder, 1)
        print("\n| a job for one pair of one image | s |\n|---|---|")
        for metric in given.metrics:
            alone = config | {"metrics": [metric], "compare": {"block": 1}}
            files = targets(alone)
            one, every = (run_workflow(folder, alone, some, 1) for some in (files[:1], files))
            print(f"| {metric} | {(every - one) / (pairs - 1):.2f} |", flush=True)

        write_batches(folder, given.images)
        known = peers()
        maps = np.array([list(io.Batch(path)) for path in sorted(folder.glob("M*.npy"))], dtype=float)[:, : given.peer_images]
        plain = given.images * sum(time_peer(known[metric][1], maps) for metric in given.metrics)
        print("\n| the whole stage | jobs | s | plain script over that |\n|---|---|---|---|")
        print(f"| plain script, no chance values | | {plain:.0f} | |", flush=True)
        for block in (1, given.models):
            whole = config | {"compare": {"block": block}}
            files = targets(whole)
            seconds = run_workflow(folder, whole, files, 2)
            print(f"| workflow, 2 cores, blocks of {block} | {len(files)} | {seconds:.0f} | {plain / seconds:.1f}x |", flush=True)


if __name__ == "__main__":
    main()
