"""How often is something found where there is nothing, how often is it found where it is, and how
often do intervals hold the true value?

    python bench/calibration [PART ...] [--draws 300] [--resamples 1000] [--permutations 199]

Without a part, all: intervals, units, dependence, structure, clades, factors, influence, seeds,
power, explanations. Prints tables for bench/RESULTS.md; asserts nothing. Simulations of
tests/unit, in more settings.
"""

import argparse
import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "unit")]
PARTS = (
    *("intervals", "units", "dependence", "structure", "clades", "factors"),
    *("influence", "seeds", "power", "explanations"),
)


def main():
    """Print the tables of the parts that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--draws", type=int, default=300)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--permutations", type=int, default=199)
    parser.add_argument("--models", type=int, nargs="+", default=[5, 8, 14], help="structure")
    parser.add_argument(
        "--metrics",
        nargs="+",
        default=["cosine", "mse", "rmse", "topk_iou", "emd_values"],
        help="structure",
    )
    parser.add_argument("--rows", nargs="+", default=[""], help="structure: beginnings of names")
    given = parser.parse_args()
    for part in given.parts or PARTS:
        if part not in PARTS:
            parser.error(f"{part} is none of {', '.join(PARTS)}")
        print(f"\n## {part}\n", flush=True)
        importlib.import_module(part).tables(given)


if __name__ == "__main__":
    main()
