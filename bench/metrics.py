"""Time every metric over all pairs, lookalike's blocks against the libraries that users call pair by pair.

    python bench/metrics.py [--models 14] [--images 128] [--size 224] [--peer-images 2] [--metrics cosine ssim ...]

Same maps, one process a row, one thread. A peer that takes minutes is timed on `--peer-images` images and scaled up,
which is exact for a loop over images. Prints a table for bench/RESULTS.md; asserts nothing.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ROOT = Path(__file__).parent.parent


def make_maps(models, images, size, signed):
    """Return smooth maps, shape (models, images, size, size), float32, scaled to at most 1."""
    import numpy as np
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(0)
    maps = rng.normal(size=(models, images, size, size)).astype(np.float32)
    maps = gaussian_filter(maps, (0, 0, size / 20, size / 20))
    maps = maps if signed else np.abs(maps)
    return maps / np.abs(maps).max(axis=(2, 3), keepdims=True)


def peers(size):
    """Return, by metric, the function that a user would call for a pair, and whose it is."""
    import numpy as np
    import ot
    from scipy.spatial import distance
    from scipy.stats import pearsonr, spearmanr, wasserstein_distance
    from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity
    from sklearn.metrics import roc_auc_score

    from lookalike.metrics.emd import distributions, ground_distances

    grid = ground_distances(28, 28)
    gaussian = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 2.0}
    return {
        "cosine": ("SciPy", lambda x, y: distance.cosine(x.ravel(), y.ravel())),
        "pearson": ("SciPy", lambda x, y: pearsonr(x.ravel(), y.ravel())),
        "mse": ("scikit-image", mean_squared_error),
        "rbf": ("scikit-image", lambda x, y: np.exp(-3.92 * mean_squared_error(x, y))),
        "psnr": ("scikit-image", lambda x, y: peak_signal_noise_ratio(x, y, data_range=2.0)),
        "spearman": ("SciPy", lambda x, y: spearmanr(x.ravel(), y.ravel())),
        "ssim": ("scikit-image", lambda x, y: structural_similarity(x, y, **gaussian)),
        "emd": ("POT", lambda x, y: ot.emd2(*(distributions(one[None].astype(float))[0].ravel() for one in (x, y)), grid)),
        "emd_values": ("SciPy", lambda x, y: wasserstein_distance(x.ravel(), y.ravel())),
        "jensen_shannon": ("SciPy", lambda x, y: distance.jensenshannon(x.ravel(), y.ravel(), base=2)),
        "czekanowski": ("SciPy", lambda x, y: distance.braycurtis(x.ravel(), y.ravel())),
        "auc_judd": ("scikit-learn", lambda x, y: [roc_auc_score((b > b.mean()).ravel(), a.ravel()) for a, b in ((x, y), (y, x))]),
    } | {name: ("saliencytools", function) for name, function in saliencytools_functions().items()}


def saliencytools_functions():
    """Return the functions of saliencytools, by names that tell whose they are."""
    from saliencytools import maskcompare

    return {f"saliencytools.{name}": getattr(maskcompare, name) for name in SAME_AS}


def time_ours(name, maps):
    """Return the seconds of one block of all models over all images, chance values left out."""
    from lookalike import registry
    from lookalike.pairs import compare_within

    metric = registry.get("metric", name)
    options = {"data_range": 2.0} if metric.bounded else {}
    compare_within(metric, metric.prepared(maps[:, 0], **options), options)
    start = time.perf_counter()
    for image in range(maps.shape[1]):
        compare_within(metric, metric.prepared(maps[:, image], **options), options)
    return time.perf_counter() - start


def time_peer(function, maps, images):
    """Return the seconds of a loop over all pairs, scaled up from its first images."""
    function(maps[0, 0], maps[1, 0])
    start = time.perf_counter()
    for image in range(images):
        for row in range(len(maps)):
            for column in range(row + 1, len(maps)):
                function(maps[row, image], maps[column, image])
    return (time.perf_counter() - start) * maps.shape[1] / images


def work(arguments):
    """Time one row and print it as JSON: the process of `measure`."""
    from lookalike import registry

    kind, name = arguments.only.split(":")
    signed = registry.get("metric", name).views != "unsigned" if kind == "ours" else name not in UNSIGNED
    images = arguments.images if kind == "ours" else arguments.peer_images
    maps = make_maps(arguments.models, images, arguments.size, signed)
    seconds = time_ours(name, maps) if kind == "ours" else time_peer(peers(arguments.size)[name][1], maps, images) * arguments.images / images
    print(json.dumps(seconds))


# What saliencytools has, and the metric of lookalike that takes its place.
SAME_AS = {
    "ssim": "ssim",
    "psnr": "psnr",
    "emd": "emd_values",
    "mean_absolute_error": "mae",
    "sign_agreement_ratio": "sign_agreement",
    "cosine_distance": "cosine",
    "jaccard_distance": "jaccard",
    "correlation_distance": "pearson",
    "mean_squared_error": "mse",
    "czenakowski_distance": "czekanowski",
    "euclidean_distance": "rmse",
    "auc_judd": "auc_judd",
}
UNSIGNED = ("jensen_shannon", "czekanowski", "saliencytools.jaccard_distance", "saliencytools.czenakowski_distance")


def measure(row, argv):
    """Run one row in a process of its own, with one thread; return its seconds."""
    command = [sys.executable, __file__, *argv, "--only", row]
    done = subprocess.run(command, env=os.environ | ONE_THREAD | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{row}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def print_sum(label, owner, ours, peer):
    """Print the row of a sum."""
    print(f"| {label} | {sum(ours):.1f} | {owner} | {sum(peer):.1f} | {sum(peer) / sum(ours):.1f}x |")


def main():
    """Time all rows and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=14)
    parser.add_argument("--images", type=int, default=128)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--peer-images", type=int, default=2)
    parser.add_argument("--metrics", nargs="*")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        return work(arguments)
    sys.path.insert(0, str(ROOT))
    from lookalike import registry

    pairs = arguments.models * (arguments.models - 1) // 2
    print(f"{arguments.models} models, {pairs} pairs, {arguments.images} images of {arguments.size} x {arguments.size}, one thread\n")
    print("| metric | lookalike, ms an image | peer | peer, ms an image | ratio |\n|---|---|---|---|---|")
    known, totals = peers(arguments.size), {}
    for name in arguments.metrics or registry.names("metric"):
        ours = measure(f"ours:{name}", sys.argv[1:]) / arguments.images * 1e3
        owner, peer = (known[name][0], measure(f"peer:{name}", sys.argv[1:]) / arguments.images * 1e3) if name in known else ("", None)
        totals[name] = ours, peer
        print(f"| {name} | {ours:.1f} | {owner} | {'' if peer is None else f'{peer:.1f}'} | {'' if peer is None else f'{peer / ours:.1f}x'} |", flush=True)
    if arguments.metrics is None:
        four = [totals[name] for name in ("cosine", "pearson", "mse", "rbf")]
        print_sum("cosine, pearson, mse and rbf together", "SciPy, scikit-image", [ours for ours, _ in four], [peer for _, peer in four])
        package = [measure(f"peer:saliencytools.{name}", sys.argv[1:]) / arguments.images * 1e3 for name in SAME_AS]
        print_sum("all that saliencytools has", "saliencytools", [totals[name][0] for name in SAME_AS.values()], package)
    return None


if __name__ == "__main__":
    main()
