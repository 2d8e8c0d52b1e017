"""Time every metric over all pairs, lookalike's blocks against the libraries that users call pair
by pair.

    python bench/metrics.py [--models 14] [--images 128] [--size 224] [--peer-images 2] [--metrics
    cosine ssim ...]

Same maps, in memory; one process a row, one thread. lookalike gets them as float32, as they lie on
disk, and computes in float64. The peers get them as float64, so that both are equally exact, and
as float32 besides, in which many are faster and less exact. A loop over images costs the same
for each, so peers are timed on `--peer-images` of them. Prints a table for bench/RESULTS.md;
asserts nothing.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from peers import SALIENCYTOOLS, Peer, peers

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

INNER_PRODUCTS = ("cosine", "pearson", "mse", "rbf")


def arithmetic(name: str, models: int, pixels: int) -> float | None:
    """Return the least number of operations, for one image, that the metric's definition needs;
    None for EMD.
    """
    pairs = models * (models - 1) / 2
    product = 2 * pairs * pixels
    sort = models * pixels * np.log2(pixels)
    least = {
        "spearman": sort + product,
        "auc_judd": sort + 2 * product,
        "sign_agreement": 2 * product,
        "kl_divergence": 2 * product,
        "emd_values": sort + 3 * pairs * pixels,
        # A product, two passes of 5 sums and 6 products with mirrored halves fused, and 14
        # operations for the ratio.
        "ssim": (1 + 2 * 16 + 14) * pairs * pixels,
        # Two ratios, two logarithms of some 10 operations each, and their sum.
        "jensen_shannon": 30 * pairs * pixels,
        # A sum a map, and 3 operations a pair, along 64 lines.
        "sliced_wasserstein": 64 * (models + 3 * pairs) * pixels,
        "emd": None,
    }
    least |= dict.fromkeys(("mae", "jaccard", "czekanowski", "similarity"), 3 * pairs * pixels)
    return least.get(name, product)


def make_maps(models: int, images: int, size: int) -> np.ndarray:
    """Return smooth maps of one sign, shape (models, images, size, size), float32, scaled to at
    most 1.
    """
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(0)
    maps = np.empty((models, images, size, size), np.float32)
    for index in np.ndindex(models, images):
        saliency = np.abs(gaussian_filter(rng.normal(size=(size, size)), size / 20))
        maps[index] = saliency / saliency.max()
    return maps


def time_ours(names: Sequence[str], maps: np.ndarray) -> float:
    """Return the seconds an image of comparing one block of all models by some metrics, chance
    values left out.
    """
    from lookalike.compare.pairs import compare_maps
    from lookalike.core import registry

    metrics = [(registry.get("metric", name), {"data_range": 1.0}) for name in names]
    compare_maps(metrics, maps[:, 0])
    start = time.perf_counter()
    for image in range(maps.shape[1]):
        compare_maps(metrics, maps[:, image])
    return (time.perf_counter() - start) / maps.shape[1]


def time_peer(function: Peer, maps: np.ndarray) -> float:
    """Return the seconds an image of a loop over all pairs."""
    function(maps[0, 0], maps[1, 0])
    start = time.perf_counter()
    for image in range(maps.shape[1]):
        for row in range(len(maps)):
            for column in range(row + 1, len(maps)):
                function(maps[row, image], maps[column, image])
    return (time.perf_counter() - start) / maps.shape[1]


def matrix_rate() -> float:
    """Return the multiplications and additions a second of a large product of float64 matrices."""
    x = np.random.default_rng(0).random((1500, 1500))
    return max(2 * len(x) ** 3 / seconds(lambda: x @ x) for _ in range(5))


def memory_rate() -> float:
    """Return the bytes a second at which an array is read that no cache holds."""
    x = np.ones(2**27)
    return max(x.nbytes / seconds(x.sum) for _ in range(5))


def seconds(function: Callable[[], Any]) -> float:
    """Return the seconds of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def work(row: str, path: str, peer_images: int) -> float | tuple[float, float]:
    """Return the figure of one row: the process of `measure`."""
    kind, *rest = row.split(":")
    if kind == "rates":
        return matrix_rate(), memory_rate()
    if kind == "ours":
        return time_ours(rest[0].split(","), np.load(path))
    name, dtype = rest
    return time_peer(peers()[name][1], np.load(path, mmap_mode="r")[:, :peer_images].astype(dtype))


def measure(row: str, path: str | Path, peer_images: int) -> Any:
    """Return a figure that a process of its own finds, with one thread; times in ms an image."""
    command = [
        sys.executable,
        __file__,
        "--row",
        row,
        "--maps",
        path,
        "--peer-images",
        str(peer_images),
    ]
    done = subprocess.run(
        command, env=os.environ | ONE_THREAD, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{row}: {done.stderr}")
    found = json.loads(done.stdout.splitlines()[-1])
    return found if row == "rates" else 1e3 * found


def print_row(
    label: str, ours: float, owner: str, theirs: Sequence[float], limit: float | None
) -> None:
    """Print a row of the table; `theirs` is empty, or the peer's time in float64 and in float32."""
    times = [f"{time:.1f} | {time / ours:.1f}x" for time in theirs]
    against = " | ".join(times) if times else " | | | "
    print(
        f"| {label} | {ours:.2f} | {owner} | {against} | "
        f"{f'{limit:.2f} | {limit / ours:.0%}' if limit else ' | '} |",
        flush=True,
    )


def parser_of_sizes(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of how much is compared."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=int, default=14)
    parser.add_argument("--images", type=int, default=128)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--peer-images", type=int, default=2)
    return parser


def main() -> None:
    """Time all rows and print the table."""
    parser = parser_of_sizes(__doc__)
    parser.add_argument("--metrics", nargs="*")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    parser.add_argument("--maps", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.row:
        print(json.dumps(work(given.row, given.maps, given.peer_images)))
        return
    from lookalike.core import registry

    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/maps.npy"
        np.save(path, make_maps(given.models, given.images, given.size))
        flops, bandwidth = measure("rates", path, given.peer_images)
        pixels = given.size**2

        def time_row(names: Sequence[str]) -> float:
            return measure(f"ours:{','.join(names)}", path, given.peer_images)

        def time_peers(names: Sequence[str]) -> list[float]:
            return [
                sum(measure(f"peer:{name}:{dtype}", path, given.peer_images) for name in names)
                for dtype in ("float64", "float32")
            ]

        def limit(names: Sequence[str]) -> float | None:
            counts = [arithmetic(name, given.models, pixels) for name in names]
            known_counts = [count for count in counts if count is not None]
            if len(known_counts) < len(counts):
                return None
            return 1e3 * max(sum(known_counts) / flops, 4 * given.models * pixels / bandwidth)

        known = peers()
        pairs = given.models * (given.models - 1) // 2
        print(
            f"{given.models} models, {pairs} pairs, {given.images} images of {given.size} x "
            f"{given.size}, ms an image, one thread."
        )
        print(
            f"Rates of this machine: {flops / 1e9:.0f} Gflop/s in a matrix product of "
            f"float64, {bandwidth / 1e9:.1f} GB/s read from memory.\n"
        )
        print(
            "| metric | lookalike | peer | peer, float64 | ratio | peer, float32 | ratio | "
            "limit | reached |\n|---|---|---|---|---|---|---|---|---|"
        )
        for name in given.metrics or registry.names("metric"):
            if (
                registry.get("metric", name).views == "signed"
                and name not in SALIENCYTOOLS.values()
            ):
                continue
            print_row(
                name,
                time_row([name]),
                known[name][0] if name in known else "",
                time_peers([name]) if name in known else [],
                limit([name]),
            )
        if not given.metrics:
            # One product serves all four, so that the least work is that of one.
            print_row(
                "cosine, pearson, mse, rbf together",
                time_row(INNER_PRODUCTS),
                "SciPy, scikit-image",
                time_peers(INNER_PRODUCTS),
                limit(["mse"]),
            )
            own = list(SALIENCYTOOLS.values())
            distinct = [
                name
                for name in own
                if name not in ("pearson", "mse", "psnr", "rmse", "jaccard", "czekanowski")
            ]
            theirs = time_peers([f"saliencytools.{name}" for name in SALIENCYTOOLS])
            print_row(
                "all that saliencytools has",
                time_row(own),
                "saliencytools",
                theirs,
                limit(distinct),
            )


if __name__ == "__main__":
    main()
