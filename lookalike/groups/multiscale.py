"""Is a clade more than chance? p values by the multiscale bootstrap: how the support of a clade
changes with the number of images that are drawn.
"""

import numpy as np

from lookalike.compare.image_table import ImageTable
from lookalike.compare.resampling import bootstrap
from lookalike.groups.trees import clade_counts, is_clade

# Number of units over number of units drawn.
SMALLEST_SCALE, LARGEST_SCALE, SCALES = 0.5, 2, 10
# Least squares cannot use shares this near to 0 or 1.
EXTREME = 1e-3
# Of the fit to them by maximum likelihood; normal quantiles so far out have numbers still.
FISHER_STEPS, FARTHEST, RIDGE = 30, 6.0, 1e-12
TESTED = ("au", "au_standard_error", "si_p", "si_standard_error")


def clade_tests(
    tree: np.ndarray,
    table: ImageTable,
    aggregate: str,
    resamples: int,
    seed: int,
    method: str = "average",
) -> dict[str, np.ndarray]:
    """Test every clade of a tree by the multiscale bootstrap over the units of the images.

    Parameters
    ----------
    tree : ndarray, shape (m - 1, 4)
        Of `link`.
    table : ImageTable
        Of the models of the tree.
    aggregate : {"mean", "mean_std"}
    resamples : int
        At each scale.
    seed : int
    method : str
        Linkage of the tree.

    Returns
    -------
    dict of ndarray, shape (m - 1,)
        With `TESTED`: `au`, the support of a clade corrected for its bias (approximately unbiased),
        near 1 for a clade that holds; `si_p`, the selective p value of the hypothesis that it does
        not hold, given that the tree has it; and their standard errors, due to the number of
        resamples. NaN for the root, where a merge `is_clade` not, and where no resample of two or
        more units is complete.
    """
    found = np.full((len(TESTED), len(tree)), np.nan)
    number = int(table.units.max(initial=-1)) + 1
    clade = is_clade(tree)
    clade[-1:] = False
    if number > 1 and clade.any():
        scales = np.geomspace(SMALLEST_SCALE, LARGEST_SCALE, SCALES)
        sizes = np.unique(np.rint(number / scales).astype(int))
        hits, trees = np.empty((len(sizes), len(tree))), np.empty(len(sizes))
        for place, size in enumerate(sizes.tolist()):
            replicates = bootstrap(table.values, aggregate, resamples, seed, table.units, size)
            hits[place], trees[place] = clade_counts(tree, replicates, method)
        known = trees > 0
        if known.any():
            shares = hits[known][:, clade].T / trees[known]
            found[:, clade] = fit(shares, sizes[known] / number, trees[known], number)
    return dict(zip(TESTED, found, strict=True))


def fit(
    shares: np.ndarray, drawn: np.ndarray, resamples: np.ndarray, units: int | None = None
) -> np.ndarray:
    """Return AU with its standard error, and the p value of SI with its standard error.

    With z the normal quantile of 1 - share, and r the units drawn over all units,
    z = v sqrt(r) + c / sqrt(r) is fitted by weighted least squares. v is the signed distance of the
    data from the boundary of the hypothesis that the clade holds, and c the boundary's curvature.
    AU = Phi(c - v), and the p value of SI = Phi(v - c) / Phi(-c).

    Parameters
    ----------
    shares : ndarray, shape (clades, scales)
        Of the resamples that have each clade.
    drawn : ndarray, shape (scales,)
        r.
    resamples : ndarray, shape (scales,)
    units : int, optional
        Of the images. From few of them, resamples vary too little: v then counts as one of
        Student's t (with 8 units, 14% of the clades that do not hold pass at the level of 5%
        without it, 7% with it). By default they are taken for many, as pvclust does.

    Returns
    -------
    ndarray, shape (4, clades)
        Where a share is within .001 of 0 or 1, which least squares would have to leave out, the fit
        is by maximum likelihood. Where all shares are 0 or 1, AU is 0 or 1, and p is 1, or
        1 / (1 + all resamples) for a clade that is in all trees. With `units`, p is at least that,
        and at least what the signs of so many could give.

    References
    ----------
    Shimodaira 2002, doi:10.1080/10635150290069913; Suzuki and Shimodaira 2006,
    doi:10.1093/bioinformatics/btl117; Terada and Shimodaira 2017, arXiv:1711.00949
    """
    from scipy.special import log_ndtr, ndtr, ndtri, stdtr

    usable: np.ndarray = np.all((shares > EXTREME) & (shares < 1 - EXTREME), axis=1)
    fitted = (shares > 0).any(axis=1) & (shares < 1).any(axis=1)
    basis = np.stack([np.sqrt(drawn), 1 / np.sqrt(drawn)])
    z = -ndtri(np.clip(shares, EXTREME, 1 - EXTREME))
    coefficients, covariance = least_squares(z, z, resamples, basis)
    for _ in range(FISHER_STEPS):
        # Only least squares are as pvclust's; only likelihood can use shares of 0 and 1.
        at = np.clip(coefficients.T @ basis, -FARTHEST, FARTHEST)
        response = at + (ndtr(-at) - shares) / normal_density(at)
        refined, spread = least_squares(at, response, resamples, basis)
        coefficients = np.where(usable, coefficients, refined)
        covariance = np.where(usable[:, None, None], covariance, spread)
    v, c = np.where(fitted, coefficients, 0)
    least = 1 / (1 + resamples.sum())
    if units is not None:
        tails = stdtr(units - 1, -np.abs(v) * np.sqrt((units - 1) / units))
        v, least = -np.sign(v) * ndtri(tails), max(least, 2.0 ** (1 - units))
    # Differences of logarithms: either probability may be too small for a number.
    p = np.exp(np.minimum(log_ndtr(v - c) - log_ndtr(-c), 0))
    by_v = normal_density(v - c) / ndtr(-c)
    slope = np.stack([by_v, -by_v + p * normal_density(c) / ndtr(-c)])
    holds = shares.mean(axis=1) >= 0.5
    return np.where(
        fitted,
        [
            ndtr(c - v),
            normal_density(v - c) * along(covariance, np.array([1.0, -1.0])[:, None]),
            p if units is None else np.maximum(p, least),
            np.where(p < 1, along(covariance, slope), 0),
        ],
        [holds, np.zeros(len(v)), np.where(holds, least, 1), np.zeros(len(v))],
    )


def least_squares(
    z: np.ndarray, response: np.ndarray, resamples: np.ndarray, basis: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients (2, clades) of a response (clades, scales), and their covariances, with
    weights for shares of normal quantiles z (clades, scales).
    """
    from scipy.special import ndtr

    weights = normal_density(z) ** 2 * resamples / (ndtr(z) * ndtr(-z))
    covariance = np.linalg.inv(
        np.einsum("ks,is,js->kij", weights, basis, basis) + RIDGE * np.eye(2)
    )
    return np.einsum("kij,js,ks->ik", covariance, basis, weights * response), covariance


def normal_density(z: np.ndarray) -> np.ndarray:
    """Return the density of the standard normal distribution."""
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


def along(covariance: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Return the standard errors (k,) of functions with slopes (2, k) or (2, 1) of two coefficients
    with covariances (k, 2, 2).
    """
    return np.sqrt(np.einsum("ik,kij,jk->k", slope, covariance, slope))
