"""Agreement between matrices, and between their trees: whether methods and metrics say the same of
who is near to whom.
"""

import numpy as np

from lookalike.core.condensed import all_equal, condensed, models_of, select_pairs, square
from lookalike.core.seeding import rng_of
from lookalike.groups.trees import cophenetic_distances, link
from lookalike.inference.permutation_tests import permuted_correlations, ranks_of
from lookalike.inference.significance import (
    ALL_EQUAL,
    FEWEST_MODELS,
    enough_permutations,
    is_clear,
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


def compare_matrices(matrices, linkage, permutations, seed):
    """Compare every two dissimilarity matrices, and their trees, by permuting the models.

    Matrices of the same images have those images' noise in common, which would pass for agreement.
    Therefore p values are of the correlation of one half of the images in one matrix with the other
    half in the other, where halves are known.

    Parameters
    ----------
    matrices : dict
        From (method, metric) to a matrix (m, m), the names of its models, and the condensed
        dissimilarities of halves of the images (splits, 2, pairs), the same splits in all, or None;
        the models that two matrices both know are compared.
    linkage : str
    permutations : int
        At least so many; more where the number of pairs, which are reported together, asks for
        more.
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
    keys, orders, rows = list(matrices), {}, []
    for number, one in enumerate(keys):
        partners = {}
        for other in keys[number + 1 :]:
            common = tuple(name for name in matrices[one][1] if name in matrices[other][1])
            partners.setdefault((common, matrices[other][2] is None), []).append(other)
        for (common, _), others in partners.items():
            m = len(common)
            if m not in orders:
                orders[m] = (
                    orders_of(m, permutations, rng_of(seed, "agreement", m))
                    if m >= FEWEST_MODELS
                    else None
                )
            first, *rest = (restrict(*matrices[key], common) for key in (one, *others))
            found = compare_with(first, rest, linkage, orders[m])
            rows += [
                dict(zip(COLUMNS[:4], (*one, *other), strict=True)) | about
                for other, about in zip(others, found, strict=True)
            ]
    return rows


def restrict(matrix, names, halves, kept):
    """Return the parts of a matrix and of its halves, condensed, that are of some models, in their
    order: (pairs,), (splits, 2, pairs) or None.
    """
    places = [names.index(name) for name in kept]
    return condensed(matrix[np.ix_(places, places)]), None if halves is None else select_pairs(
        halves, places
    )


def compare_with(first, others, linkage, orders):
    """Compare one matrix, as `restrict` returns it, with others of the same models: what
    `compare_matrices` says of each of these pairs.
    """
    table = first[0]
    models = models_of(table)
    rows = [
        dict.fromkeys(COLUMNS[4:])
        | {"models": models, "untested": why_untested(models, first, other)}
        for other in others
    ]
    tested = [(row, other) for row, other in zip(rows, others, strict=True) if not row["untested"]]
    if not tested:
        return rows
    versions = versions_of(first, [other for _, other in tested])
    for name, prepare in (
        ("rho", ranks_of),
        ("tree", lambda tables: heights_of(tables, models, linkage)),
    ):
        whole, *parts = (
            prepare(tables) for tables in ([table, *(other[0] for _, other in tested)], *versions)
        )
        # Where some half joins all models at one height, its tree cannot be compared.
        kept = [
            place
            for place in range(1, len(whole))
            if all(varied(part[0]) and varied(part[place]) for part in (whole, *parts))
        ]
        if not kept:
            continue
        found = [permuted_correlations(part[0], part[kept], orders) for part in parts]
        observed, null = (np.mean(results, axis=0) for results in zip(*found, strict=True))
        for place, one, by_chance in zip(kept, observed, null.T, strict=True):
            tested[place - 1][0].update(
                {
                    name: float(np.corrcoef(whole[0], whole[place])[0, 1]),
                    f"{name}_p": permutation_p(one, by_chance),
                }
            )
    return rows


def why_untested(models, first, other):
    """Say why two matrices, as `restrict` returns them, cannot be compared; empty if they can."""
    if models < FEWEST_MODELS:
        return too_few_models(models, of=" that both know")
    if not (varied(first[0]) and varied(other[0])):
        return ALL_EQUAL
    known = all(varied(table) for tables in versions_of(first, [other]) for table in tables)
    return "" if known else "halves of the images lack some dissimilarities"


def versions_of(first, others):
    """Return the tables that p values are of, the first's and the others': each half of the images
    against the other half, where they are known.
    """
    if first[1] is None or others[0][1] is None:
        return [[first[0], *(other[0] for other in others)]]
    return [
        [split[one], *(other[1][number, 1 - one] for other in others)]
        for number, split in enumerate(first[1])
        for one in (0, 1)
    ]


def varied(values):
    """Tell whether all values are known, and not all equal."""
    return bool(np.isfinite(values).all() and not all_equal(values))


def heights_of(tables, models, linkage):
    """Return the heights at which each two models are joined in the trees of condensed matrices,
    shape (k, pairs).
    """
    return np.array(
        [cophenetic_distances(link(square(table, models), linkage)) for table in tables]
    )


def as_matrix(rows, name):
    """Lay the agreement of pairs out as a matrix.

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
        A star where the corrected p value is at most the level.
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
        places = ([keys.index(one), keys.index(other)], [keys.index(other), keys.index(one)])
        matrix[places] = float(row[name] or "nan")
        marks[places] = "*" if is_clear(row, name) else ""
    names = [" ".join(key) for key in keys]
    return matrix, marks, names, dict(zip(names, (method for method, _ in keys), strict=True))
