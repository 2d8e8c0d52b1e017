"""How often is something found where there is nothing, and how often do intervals hold the true
value?

    python bench/calibration.py [--draws 400] [--resamples 200] [--permutations 99]

The simulations of tests/unit/test_calibration.py, in more settings. Prints tables for
bench/RESULTS.md; asserts nothing.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "unit")]


def without_groups(models, images, given):
    """Return the shares of draws in which a clade holds, of clades that hold, of draws in which the
    test finds structure, and of draws with both.
    """
    from test_calibration import plant, table_of

    from lookalike.compare.aggregation import summarise
    from lookalike.compare.resampling import bootstrap
    from lookalike.core import registry
    from lookalike.core.condensed import square
    from lookalike.groups.trees import clade_support, link
    from lookalike.inference.structure import structure_test

    held, found = [], []
    for draw in range(given.draws):
        values = plant(np.random.default_rng([models, images, draw]), 1, 0.5, 0.5, images, models)
        tree = link(square(summarise(values)["dissimilarity"], models))
        # The root always holds.
        held.append(
            (
                clade_support(tree, bootstrap(values, "mean", given.resamples, draw))[:-1] >= 0.95
            ).sum()
        )
        tested = structure_test(
            table_of(values), registry.get("metric", "pearson"), "mean", given.permutations, draw
        )
        found.append(tested["structure_p"] <= 0.05)
    held, found = np.array(held), np.array(found)
    return (
        (held > 0).mean(),
        held.sum() / given.draws / (models - 2),
        found.mean(),
        (found & (held > 0)).mean(),
    )


def main():
    """Print the tables."""
    from test_calibration import coverage_of

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--permutations", type=int, default=99)
    given = parser.parse_args()
    print(
        "| models | images | trees with a clade at 95% | clades at 95% | structure at .05 | "
        "structure and a clade |"
    )
    print("|---|---|---|---|---|---|")
    for models in (6, 12, 24):
        for images in (20, 64, 128):
            rates = without_groups(models, images, given)
            print(
                f"| {models} | {images} | {' | '.join(f'{100 * rate:.2f}%' for rate in rates)} |",
                flush=True,
            )
    print("\n| metric | images | coverage |")
    print("|---|---|---|")
    for metric in ("pearson", "mse", "topk_iou"):
        for images in (10, 20, 32, 64, 128):
            coverage = coverage_of(metric, images, 1000)
            print(
                f"| {metric} | {images} | "
                f"{' and '.join(f'{100 * share:.1f}%' for share in coverage)} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
