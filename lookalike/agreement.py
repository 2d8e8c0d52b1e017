"""Agreement: between models' predictions, between metrics on the images, and between whole matrices and their trees."""

import numpy as np

from lookalike.errors import InputError
from lookalike.inference import FEWEST_MODELS, LEVEL, enough_permutations, permutation_p
from lookalike.matrices import ROUNDING, check_classes, condensed, predicted_classes
from lookalike.permutation_tests import permuted_correlations, ranks_of
from lookalike.seeding import rng_of
from lookalike.trees import cophenetic_distances, link

REDUNDANT = 0.999
COLUMNS = ("method", "metric", "other_method", "other_metric", "models", "rho", "rho_p", "rho_holm", "tree", "tree_p", "tree_holm", "untested")


def rank_correlations(values):
    """Return Spearman's correlation between metrics over all pairs and images.

    Parameters
    ----------
    values : dict
        From a metric's name to its values, shape (n, pairs); NaN where it is undefined.

    Returns
    -------
    ndarray, shape (k, k)
        Over the values that both metrics have; NaN where they have fewer than two, or one of them is constant.
    """
    from scipy.stats import rankdata

    columns = [table.ravel() for table in values.values()]
    correlations = np.eye(len(columns))
    for row in range(len(columns)):
        for column in range(row):
            known = np.isfinite(columns[row]) & np.isfinite(columns[column])
            ranks = [rankdata(columns[place][known]) for place in (row, column)]
            varied = known.sum() > 1 and all(np.ptp(one) > 0 for one in ranks)
            correlations[row, column] = correlations[column, row] = np.corrcoef(*ranks)[0, 1] if varied else np.nan
    return correlations


def redundant_groups(correlations, names, threshold=REDUNDANT):
    """Return the groups of two or more metrics that are tied together by correlations above a threshold."""
    from scipy.sparse.csgraph import connected_components

    number, labels = connected_components(np.nan_to_num(correlations, nan=-1) > threshold)
    groups = [[name for name, label in zip(names, labels, strict=True) if label == one] for one in range(number)]
    return sorted(group for group in groups if len(group) > 1)


def disagreements(predictions, scores=False):
    """Tell how differently models predict.

    Parameters
    ----------
    predictions : dict
        From a file's path to a model's `images`, `classes`, `predicted` and `logits`.
    scores : bool
        Whether models predict a score.

    Returns
    -------
    ndarray, shape (m, m)
        Share of the images that two models classify differently; of scores, the mean absolute difference. NaN, also on the
        diagonal, where the models know different classes.
    """
    images = next(iter(predictions.values()))["images"].tolist()
    if scores:
        predicted = np.stack([arrays["logits"][:, 0] for arrays in predictions.values()], axis=1).astype(float)
        return np.abs(predicted[:, :, None] - predicted[:, None]).mean(axis=0)
    try:
        check_classes(predictions)
    except InputError as error:
        print(error)
        return np.full((len(predictions), len(predictions)), np.nan)
    predicted = predicted_classes(predictions, images)
    return (predicted[:, :, None] != predicted[:, None]).mean(axis=0)


def compare_matrices(matrices, linkage, permutations, seed):
    """Compare every two dissimilarity matrices, and their trees, by permuting the models.

    Parameters
    ----------
    matrices : dict
        From (method, metric) to a matrix (m, m) and the names of its models; the models that both know are compared.
    linkage : str
    permutations : int
        At least so many; more where the number of pairs, which are reported together, asks for more.
    seed : int

    Returns
    -------
    list of dict
        With `COLUMNS`, nothing corrected yet: `rho`, Spearman's correlation of the dissimilarities, and `tree`, Pearson's of the
        heights at which two models are joined, each with a one-sided p value of Mantel's test; `untested` says why there is none.

    References
    ----------
    Mantel 1967, Cancer Research 27, 209-220; Sokal and Rohlf 1962, doi:10.2307/1217208
    """
    permutations = enough_permutations(permutations, len(matrices) * (len(matrices) - 1) // 2)
    keys, rows = list(matrices), []
    for number, one in enumerate(keys):
        names = matrices[one][1]
        partners = {}
        for other in keys[number + 1 :]:
            partners.setdefault(tuple(name for name in names if name in matrices[other][1]), []).append(other)
        for common, others in partners.items():
            first, *rest = (restrict(*matrices[key], common) for key in (one, *others))
            rng = rng_of(seed, "agreement", len(common))
            orders = np.array([rng.permutation(len(common)) for _ in range(permutations)])
            found = compare_with(first, rest, linkage, orders)
            rows += [dict(zip(COLUMNS[:4], (*one, *other), strict=True)) | about for other, about in zip(others, found, strict=True)]
    return rows


def restrict(matrix, names, kept):
    """Return the part of a matrix that is of some models, in their order."""
    places = [names.index(name) for name in kept]
    return matrix[np.ix_(places, places)]


def compare_with(matrix, others, linkage, orders):
    """Compare a matrix (m, m) with others of the same models: what `compare_matrices` says of each of these pairs."""
    rows = [dict.fromkeys(COLUMNS[4:]) | {"models": len(matrix)} for _ in others]
    if len(matrix) < FEWEST_MODELS:
        reason = f"it wants {FEWEST_MODELS} models or more that both know, replicates and pruned variants aside, and has {len(matrix)}"
        return [row | {"untested": reason} for row in rows]
    tables = [condensed(one) for one in (matrix, *others)]
    varied = [np.ptp(table) > ROUNDING for table in tables]
    x, y = ranks_of(tables[:1])[0], ranks_of(tables[1:])
    for name, values, rest in (("rho", x, y), ("tree", *tree_heights(matrix, others, linkage))):
        tested = [place for place, table in enumerate(rest) if varied[0] and np.ptp(table) > ROUNDING]
        if not tested:
            continue
        observed, null = permuted_correlations(values, rest[tested], orders)
        for place, one, by_chance in zip(tested, observed, null.T, strict=True):
            rows[place] |= {name: one, f"{name}_p": permutation_p(one, by_chance)}
    return [row | {"untested": "" if varied[0] and one else "all dissimilarities between models are equal"} for row, one in zip(rows, varied[1:], strict=True)]


def tree_heights(matrix, others, linkage):
    """Return the heights at which each two models are joined in the trees of matrices, shapes (pairs,) and (k, pairs)."""
    heights = np.array([cophenetic_distances(link(one, linkage)) for one in (matrix, *others)])
    return heights[0], heights[1:]


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
    sides = [((row["method"], row["metric"]), (row["other_method"], row["other_metric"])) for row in rows]
    keys = list(dict.fromkeys(side for pair in sides for side in pair))
    matrix, marks = np.eye(len(keys)), np.full((len(keys), len(keys)), "")
    for (one, other), row in zip(sides, rows, strict=True):
        places = ([keys.index(one), keys.index(other)], [keys.index(other), keys.index(one)])
        matrix[places] = float(row[name] or "nan")
        marks[places] = "*" if row[name] and float(row[f"{name}_holm"]) <= LEVEL else ""
    names = [" ".join(key) for key in keys]
    return matrix, marks, names, dict(zip(names, (method for method, _ in keys), strict=True))
