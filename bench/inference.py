"""Time all of inference for one method and metric, stage by stage, next to what peers need for the
same.

    python bench/inference.py [--models 14 100] [--images 128] [--resamples 1000] [--permutations
    999]

Random dissimilarities, one thread, CPU seconds. Peers: python-louvain for the partitions (a few,
from which the time of all is estimated), scikit-bio for the tests of factors. Prints a table for
bench/RESULTS.md; asserts nothing.
"""

import argparse
import os
import sys
import time
from pathlib import Path

for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ[f"{library}_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parent.parent))

RESOLUTIONS = [0.8, 0.9, 1.0, 1.1, 1.2]
FEW = 10


def timed(function):
    """Return the CPU seconds of a call, which other work on the machine does not lengthen, and what
    it gives.
    """
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def factors_of(rng, names):
    """Return a factor with levels and two with numbers."""
    families = {
        name: "CNN" if number < 0.6 * len(names) else "transformer"
        for number, name in enumerate(names)
    }
    return {"family": families} | {
        factor: {name: str(rng.random()) for name in names} for factor in ("parameters", "accuracy")
    }


def peers(matrix, predictions, factors, permutations, partitions):
    """Return the seconds that python-louvain needs for the partitions, and scikit-bio for its
    tests.
    """
    import community
    import networkx
    import numpy as np
    from skbio import DistanceMatrix
    from skbio.stats import distance as skbio

    weights = 1 - matrix / matrix.max()
    np.fill_diagonal(weights, 0)
    graph = networkx.from_numpy_array(weights)
    louvain = (
        timed(lambda: [community.best_partition(graph, random_state=run) for run in range(FEW)])[0]
        / FEW
        * partitions
    )
    dissimilarities, levels = DistanceMatrix(matrix), list(factors["family"].values())
    same = (np.array(levels)[:, None] != np.array(levels)).astype(float)
    numbers = [
        np.array([float(value) for value in factors[factor].values()])
        for factor in ("parameters", "accuracy")
    ]

    def tests():
        for test in (skbio.anosim, skbio.permanova, skbio.permdisp):
            test(
                dissimilarities,
                levels,
                permutations=permutations,
                **({"dimensions": 0, "warn_neg_eigval": False} if test is skbio.permdisp else {}),
            )
        for other in (predictions, same, *(np.abs(values[:, None] - values) for values in numbers)):
            skbio.mantel(
                dissimilarities, DistanceMatrix(other), method="spearman", permutations=permutations
            )

    return {"communities": louvain, "factors": timed(tests)[0]}


def stages(models, images, resamples, permutations):
    """Return the seconds of every stage, and those of the peers."""
    import numpy as np

    from lookalike.compare.dissimilarities import Key
    from lookalike.compare.image_table import ImageTable
    from lookalike.compare.summary import summarise_images
    from lookalike.core import registry
    from lookalike.core.condensed import square
    from lookalike.groups.clades import describe_clades
    from lookalike.groups.communities import SEEDS, consensus_communities
    from lookalike.groups.projection import classical_scaling, resampled_covariances
    from lookalike.groups.trees import link
    from lookalike.inference.dependence import image_dependence
    from lookalike.inference.factor_tests import factor_tests
    from lookalike.inference.structure import structure_test

    rng, names = np.random.default_rng(0), tuple(f"m{number:03}" for number in range(models))
    pairs, metric = models * (models - 1) // 2, registry.get("metric", "cosine")
    table = ImageTable(
        rng.uniform(0.3, 0.7, (images, pairs)),
        rng.uniform(0.5, 0.9, (4, images, pairs)),
        tuple(map(str, range(images))),
        names,
        Key("random", "random"),
    )
    predictions, factors = square(rng.random(pairs), models), factors_of(rng, names)
    took = {}
    took["means, intervals, chance, calibration"], found = timed(
        lambda: summarise_images(
            table,
            metric,
            aggregate="mean",
            resamples=resamples,
            seed=0,
            originals=dict(zip(names, names, strict=True)),
        )
    )
    matrix = found.dissimilarities
    took["dependence on the image"] = timed(lambda: image_dependence(table, resamples, 0))[0]
    took["main effects, structure, groups"] = timed(
        lambda: structure_test(table, metric, "mean", permutations, 0)
    )[0]
    took["tree and clades (support, AU, SI)"] = timed(
        lambda: describe_clades(
            link(matrix.values), matrix, table, law=metric.law, aggregate="mean", seed=0
        )
    )[0]
    took["communities"] = timed(lambda: consensus_communities(matrix, RESOLUTIONS, 0))[0]
    took["projection and ellipses"] = timed(
        lambda: resampled_covariances(classical_scaling(matrix.values)[0], matrix)
    )[0]
    took["factors"] = timed(
        lambda: factor_tests([matrix], factors, (predictions, names), permutations, 0)
    )[0]
    values = matrix.values
    return took, peers(
        values, predictions, factors, permutations, len(RESOLUTIONS) * SEEDS * resamples
    )


def main():
    """Print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=int, nargs="+", default=[14, 100])
    parser.add_argument("--images", type=int, default=128)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--permutations", type=int, default=999)
    given = parser.parse_args()
    # What Numba compiles once a machine is not timed.
    stages(10, 8, 20, 19)
    print("| models | stage | seconds | peer | seconds | ratio |")
    print("|---|---|---|---|---|---|")
    for models in given.models:
        took, others = stages(models, given.images, given.resamples, given.permutations)
        for stage, seconds in took.items():
            peer = {"communities": "python-louvain", "factors": "scikit-bio"}.get(stage, "")
            ratio = f"{others[stage]:.1f} | {others[stage] / seconds:.2g}x" if peer else "|"
            print(f"| {models} | {stage} | {seconds:.2f} | {peer} | {ratio} |")
        print(f"| {models} | **all** | **{sum(took.values()):.1f}** | | | |", flush=True)


if __name__ == "__main__":
    main()
