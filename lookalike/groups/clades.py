"""The clades of a tree as a table: how near its models are, within it and to the others, and how
sure it is.
"""

from collections.abc import Iterable, Sequence
from itertools import compress

import numpy as np

from lookalike.compare import laws
from lookalike.compare.aggregation import dissimilarities_of
from lookalike.compare.calibration import mean_of_derangements
from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.compare.image_table import ImageTable
from lookalike.compare.laws import sums_of_models
from lookalike.compare.resampling import FEWEST_UNITS, bootstrap, units_of_pairs
from lookalike.core.condensed import condensed, in_slices
from lookalike.core.types import Row
from lookalike.groups.multiscale import TESTED, clade_tests
from lookalike.groups.trees import (
    clade_members,
    clade_support,
    cophenetic_correlation,
    is_clade,
)

# `correct_clades` adds `residual_holm` and `si_holm`, which correct for the clades of the tree.
COLUMNS = {
    "left": int,
    "right": int,
    "height": float,
    "size": int,
    "support": float,
    "au": float,
    "au_standard_error": float,
    "si_p": float,
    "si_standard_error": float,
    "si_holm": float,
    "within": float,
    "between": float,
    "residual_support": float,
    "residual_p": float,
    "residual_holm": float,
    "cophenetic_correlation": float,
    "members": str,
}
RESIDUAL = ("residual_support", "residual_p")
# As many resamples show whether a share is 95%; each takes an iterated fit.
MOST_FITS = 400
# Of fewer, the lower tail is not known.
FEWEST_RESAMPLES = 40
FEWEST_FOR_A_LAW = 4


def describe_clades(
    tree: np.ndarray,
    matrix: Dissimilarities,
    table: ImageTable | None,
    law: str = "",
    aggregate: str = "mean",
    seed: int = 0,
    linkage: str = "average",
) -> list[Row]:
    """Return one row per merge of a tree of a matrix.

    Parameters
    ----------
    tree : ndarray, shape (m - 1, 4)
        Of `link`.
    matrix : Dissimilarities
        Without unknown dissimilarities.
    table : ImageTable or None
        Of these models; None for a user-supplied matrix.
    law : str
        Of the metric's card.
    aggregate : {"mean", "mean_std"}
    seed : int
    linkage : str
        Of the tree.

    Returns
    -------
    list of dict
        With `COLUMNS` but for the corrected p values: the nodes or models that are merged, their
        height, how many models are below; `clade_support`; `clade_tests`; the mean dissimilarity
        within the clade, and between it and the others; `beyond_main_effects`; the cophenetic
        correlation of the whole tree. NaN where there are no images, and for the root and what is
        no clade.
    """
    members, resamples = clade_members(tree), len(matrix.replicates)
    tested = dict.fromkeys((*TESTED, *RESIDUAL), np.full(len(tree), np.nan))
    if table is not None:
        tested = clade_tests(tree, table, aggregate, resamples, seed, linkage)
        tested |= beyond_main_effects(tree, table, law, resamples, seed)
    own = matrix.condensed
    sums = sums_over_pairs(tree, np.stack([own, np.ones_like(own)]))
    with np.errstate(invalid="ignore"):
        within, between = sums[:2, :, 0] / sums[:2, :, 1]
    columns: dict[str, Iterable[object]] = {
        "left": tree[:, 0].astype(int),
        "right": tree[:, 1].astype(int),
        "height": tree[:, 2],
        "size": tree[:, 3].astype(int),
        "support": clade_support(tree, matrix.replicates, linkage),
        **tested,
        "within": within,
        "between": between,
        "cophenetic_correlation": [cophenetic_correlation(tree, matrix.values)] * len(tree),
        "members": [" ".join(compress(matrix.names, below)) for below in members],
    }
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def beyond_main_effects(
    tree: np.ndarray, table: ImageTable, law: str, resamples: int, seed: int
) -> dict[str, np.ndarray]:
    """Test whether the two parts of each clade are nearer to one another than to its sister, and
    than to all others, beyond the main effects of the models.

    That is, they share more of what they would share by main effects alone: a share, since noise in
    the maps of one model makes all that it has in common with others smaller. The two parts, since
    a close pair would vouch for every clade that it is in.

    Parameters
    ----------
    tree : ndarray, shape (m - 1, 4)
    table : ImageTable
        Of the models of the tree.
    law : str
        Of the metric's card; empty where none is known.
    resamples : int
    seed : int

    Returns
    -------
    dict of ndarray, shape (m - 1,)
        With `RESIDUAL`: the share of bootstrap resamples in which they are, and the p value that
        they are not, by Student's t. NaN for the root and for all models but one, since that one's
        main effect is all that is between them; where a merge `is_clade` not; for fewer than four
        models; for pairs of too few images, or too few complete resamples; and where no law is
        known.
    """
    from scipy.special import ndtri, stdtr

    nothing = dict.fromkeys(RESIDUAL, np.full(len(tree), np.nan))
    clade = is_clade(tree) & (tree[:, 3] < len(tree))
    units = int(units_of_pairs(table.values, table.units).min(initial=len(table)))
    few = len(table.names) < FEWEST_FOR_A_LAW or units < FEWEST_UNITS
    if not law or not clade.any() or few:
        return nothing
    far = dissimilarities_of(mean_of_derangements(table.chance), "mean")[None]
    near = bootstrap(table.values, "mean", min(resamples, MOST_FITS), seed, table.units)
    complete = np.isfinite(near).all(axis=1)
    near = near[complete]
    if np.isnan(far).any() or complete.mean() < 1 / 2 or len(near) < FEWEST_RESAMPLES:
        return nothing
    shares = np.empty((3, len(tree), len(near)))
    for part in in_slices(len(near), near.shape[1]):
        left = laws.residuals(near[part], far, law)
        expected = left + laws.sums(laws.on_scale(far, law)) - laws.on_scale(near[part], law)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = sums_over_pairs(tree, left) / sums_over_pairs(tree, expected)
        shares[:, :, part] = found[1:]
    others, sister, joined = shares
    with np.errstate(invalid="ignore", divide="ignore"):
        nearer = np.nan_to_num(
            np.stack([others, sister]) - joined, nan=-np.inf, posinf=np.inf, neginf=-np.inf
        )
        # Ratios have long tails, of which the lower one is what matters: its 5% quantile and the
        # median stand for the standard deviation.
        low, middle = np.quantile(nearer, (0.05, 0.5), axis=2, method="nearest")
        t = ndtri(0.95) * middle / (middle - low) * np.sqrt((units - 1) / units)
    share = (nearer > 0).all(axis=0).mean(axis=1)
    # Both must be so: the larger of the two p values is one of this.
    tested = share, stdtr(units - 1, -np.nan_to_num(t)).max(axis=0)
    return {name: np.where(clade, own, np.nan) for name, own in zip(RESIDUAL, tested, strict=True)}


def sums_over_pairs(tree: np.ndarray, tables: np.ndarray) -> np.ndarray:
    """Return the sums of condensed matrices over the pairs of models that are within each clade,
    between it and all others, between it and its sister, and between its two parts.

    Each pair meets in one merge; so all sums are of those of the merges, and of those of the
    models.

    Parameters
    ----------
    tree : ndarray, shape (m - 1, 4)
    tables : ndarray, shape (B, pairs)

    Returns
    -------
    ndarray, shape (4, m - 1, B)
        The root has no sister: 0.
    """
    models, meets = len(tree) + 1, merges_of_pairs(tree)
    joined = np.array([np.bincount(meets, table, models - 1) for table in tables])
    joined = joined.reshape(len(tables), models - 1)
    of_models = sums_of_models(tables)
    within = np.hstack([np.zeros_like(of_models), joined])
    total = np.hstack([of_models, np.zeros_like(joined)])
    sister = np.zeros_like(within)
    for node, parts in enumerate(tree[:, :2].astype(int), models):
        within[:, node] += within[:, parts].sum(axis=1)
        total[:, node] = total[:, parts].sum(axis=1)
        sister[:, parts] = joined[:, [node - models]]
    inner = slice(models, None)
    between = total[:, inner] - 2 * within[:, inner]
    # Nothing, and not what rounding leaves.
    between[:, -1:] = 0
    return np.array([one.T for one in (within[:, inner], between, sister[:, inner], joined)])


def merges_of_pairs(tree: np.ndarray) -> np.ndarray:
    """Return the merge in which each pair of models meets, condensed, shape (pairs,)."""
    models = len(tree) + 1
    below = [np.array([model]) for model in range(models)]
    meets = np.zeros((models, models), int)
    for merge, (left, right) in enumerate(tree[:, :2].astype(int)):
        for one, other in ((left, right), (right, left)):
            meets[np.ix_(below[one], below[other])] = merge
        below.append(np.concatenate([below[left], below[right]]))
    return condensed(meets)


def parse_clades(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of a table of clades, as they were read, with their numbers."""
    return [{column: COLUMNS[column](cell) for column, cell in row.items()} for row in rows]
