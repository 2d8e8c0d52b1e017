"""Agreement between matrices, and between their trees: whether methods and metrics rank the pairs
of models alike.
"""

from collections.abc import Sequence

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.core.condensed import all_equal, models_of, square
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.groups.trees import cophenetic_distances, link
from lookalike.inference.mantel import permuted_correlations
from lookalike.inference.permutation_tests import ranks_of
from lookalike.inference.significance import (
    ALL_EQUAL,
    FEWEST_MODELS,
    enough_permutations,
    is_significant,
    orders_of,
    permutation_p,
    too_few_models,
)

COLUMNS = (
    "method",
    "metric",
    "other_method",
    "other_metric",
    "models",
    "rho",
    "rho_p",
    "rho_holm",
    "tree",
    "tree_p",
    "tree_holm",
    "untested",
)


def compare_matrices(
    matrices: Sequence[Dissimilarities], linkage: str, permutations: int, seed: int
) -> list[Row]:
    """Compare every two dissimilarity matrices, and their trees, by permuting the models.

    Matrices of the same images have those images' noise in common, which would pass for agreement.
    Therefore p values are of the correlation of one half of the images in one matrix with the other
    half in the other, where halves are known.

    Parameters
    ----------
    matrices : sequence of Dissimilarities
        Of independent models, all known, over one subset of the images. Halves are of the same
        splits in all. Two matrices are compared by the models that both hold.
    linkage : str
    permutations : int
        At least so many; more where the number of pairs, which are reported together, needs them.
    seed : int

    Returns
    -------
    list of dict
        With `COLUMNS`, nothing corrected yet: `rho`, Spearman's correlation of the dissimilarities,
        and `tree`, Pearson's of the heights at which two models are joined, each with a one-sided p
        value of Mantel's test; `untested` says why there is none.

    References
    ----------
    Mantel 1967, Cancer Research 27, 209-220; Sokal and Rohlf 1962, doi:10.2307/1217208
    """
    permutations = enough_permutations(permutations, len(matrices) * (len(matrices) - 1) // 2)
    orders: dict[int, np.ndarray] = {}
    rows = []
    for number, one in enumerate(matrices):
        # Partners with the same models are compared together.
        partners: dict[tuple[tuple[str, ...], bool], list[Dissimilarities]] = {}
        for other in matrices[number + 1 :]:
            common = tuple(name for name in one.names if name in other.names)
            partners.setdefault((common, other.halves is None), []).append(other)
        for (common, _), others in partners.items():
            m = len(common)
            if m not in orders and m >= FEWEST_MODELS:
                orders[m] = orders_of(m, permutations, rng_of(seed, "agreement", m))
            first, *rest = (matrix.of(common) for matrix in (one, *others))
            found = compare_with(first, rest, linkage, orders.get(m))
            rows += [
                dict(zip(COLUMNS[:4], (*one.key[:2], *other.key[:2]), strict=True)) | about
                for other, about in zip(others, found, strict=True)
            ]
    return rows


def compare_with(
    first: Dissimilarities,
    others: Sequence[Dissimilarities],
    linkage: str,
    orders: np.ndarray | None,
) -> list[Row]:
    """Compare one matrix with others of the same models: what `compare_matrices` says of each of
    these pairs.
    """
    models = len(first)
    rows = [
        dict.fromkeys(COLUMNS[4:])
        | {"models": models, "untested": why_untested(models, first, other)}
        for other in others
    ]
    tested = [(row, other) for row, other in zip(rows, others, strict=True) if not row["untested"]]
    if not tested or orders is None:
        return rows
    versions = versions_of(first, [other for _, other in tested])
    for name, prepare in (
        ("rho", ranks_of),
        ("tree", lambda tables: heights_of(tables, linkage)),
    ):
        whole, *parts = (
            prepare(tables)
            for tables in (
                [first.condensed, *(other.condensed for _, other in tested)],
                *versions,
            )
        )
        # Where some half joins all models at one height, its tree cannot be compared.
        kept = [
            index
            for index in range(1, len(whole))
            if all(varied(part[0]) and varied(part[index]) for part in (whole, *parts))
        ]
        if not kept:
            continue
        found = permuted_correlations(
            np.array([part[0] for part in parts]), np.array([part[kept] for part in parts]), orders
        )
        observed, null = found[0].mean(axis=0), found[1].mean(axis=1)
        for index, one, by_chance in zip(kept, observed, null.T, strict=True):
            tested[index - 1][0].update(
                {
                    name: float(np.corrcoef(whole[0], whole[index])[0, 1]),
                    f"{name}_p": permutation_p(one, by_chance),
                }
            )
    return rows


def why_untested(models: int, first: Dissimilarities, other: Dissimilarities) -> str:
    """Say why two matrices of the same models cannot be compared; empty if they can."""
    if models < FEWEST_MODELS:
        return too_few_models(models, of=" that both matrices hold")
    if not (varied(first.condensed) and varied(other.condensed)):
        return ALL_EQUAL
    known = all(varied(table) for tables in versions_of(first, [other]) for table in tables)
    return "" if known else "halves of the images lack some dissimilarities"


def versions_of(
    first: Dissimilarities, others: Sequence[Dissimilarities]
) -> list[list[np.ndarray]]:
    """Return the condensed tables that p values are of, the first's and the others': each half of
    the images with the other half, where they are known.
    """
    halves = [other.halves for other in others if other.halves is not None]
    if first.halves is None or not halves:
        return [[first.condensed, *(other.condensed for other in others)]]
    return [
        [split[one], *(other[number, 1 - one] for other in halves)]
        for number, split in enumerate(first.halves)
        for one in (0, 1)
    ]


def varied(values: np.ndarray) -> bool:
    """Return whether all values are known, and not all equal."""
    return bool(np.isfinite(values).all() and not all_equal(values))


def heights_of(tables: Sequence[np.ndarray], linkage: str) -> np.ndarray:
    """Return the heights at which each two models are joined in the trees of condensed matrices,
    shape (k, pairs).
    """
    return np.array(
        [cophenetic_distances(link(square(table, models_of(table)), linkage)) for table in tables]
    )


def as_matrix(
    rows: Sequence[Row], name: str
) -> tuple[np.ndarray, np.ndarray, list[str], dict[str, str]]:
    """Return the agreement of pairs as a matrix.

    Parameters
    ----------
    rows : list of dict
        Of the table that `compare_matrices` fills, corrected.
    name : {"rho", "tree"}

    Returns
    -------
    matrix : ndarray, shape (k, k)
        NaN where nothing was tested.
    marks : ndarray of str, shape (k, k)
        A star where the correlation is significant.
    names : list of str
        Method and metric.
    methods : dict
        From name to method.
    """
    sides = [
        ((row["method"], row["metric"]), (row["other_method"], row["other_metric"])) for row in rows
    ]
    keys = list(dict.fromkeys(side for pair in sides for side in pair))
    matrix, marks = np.eye(len(keys)), np.full((len(keys), len(keys)), "")
    for (one, other), row in zip(sides, rows, strict=True):
        cells = ([keys.index(one), keys.index(other)], [keys.index(other), keys.index(one)])
        matrix[cells] = float(row[name] or "nan")
        marks[cells] = "*" if is_significant(row, name) else ""
    names = [" ".join(key) for key in keys]
    return matrix, marks, names, dict(zip(names, (method for method, _ in keys), strict=True))
