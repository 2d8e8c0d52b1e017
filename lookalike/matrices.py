"""From the values of all pairs on all images to dissimilarity matrices."""

import numpy as np

from lookalike import io
from lookalike.errors import InputError

AGGREGATES = {
    "mean": lambda mean, std: mean,
    "mean_std": lambda mean, std: np.sqrt(mean**2 + std**2),
}
# The method under which somebody's matrices appear.
GIVEN_MATRICES = "imported"
# The resolution under which the consensus of all resolutions appears among communities.
EVERY_RESOLUTION = "all"
# As metrics promise, equal maps are this near to one another.
ROUNDING = 1e-12


def title_of(method, metric, subset):
    """Return what a matrix is about, as a title."""
    return f"{metric}, a given matrix" if method == GIVEN_MATRICES else f"{method}, {metric}, {subset} images"


def assemble(blocks):
    """Put the values of all pairs of blocks into one table.

    Parameters
    ----------
    blocks : dict
        From a file's path to its arrays `values` and `chance` (n, a, b), `images`, `a` and `b` (names).

    Returns
    -------
    values, chance : ndarray, shape (n, pairs)
        Pairs in the order of `np.triu_indices` over the sorted names.
    names : list of str
    images : list of str

    Raises
    ------
    InputError
        If two files hold different images.
    """
    first_path, first = next(iter(blocks.items()))
    images = first["images"].tolist()
    names = sorted({name for block in blocks.values() for side in "ab" for name in block[side].tolist()})
    place = {name: index for index, name in enumerate(names)}
    # Above the diagonal alone, since every pair is there once.
    number = np.triu(pair_numbers(len(names)) + 1) - 1
    tables = np.full((2, len(images), len(names) * (len(names) - 1) // 2), np.nan)
    for path, block in blocks.items():
        io.same_images(images, block["images"].tolist(), first_path, path)
        pairs = number[np.ix_([place[name] for name in block["a"].tolist()], [place[name] for name in block["b"].tolist()])]
        here = pairs >= 0
        tables[:, :, pairs[here]] = block["values"][:, here], block["chance"][:, here]
    return tables[0], tables[1], names, images


def check_classes(predictions):
    """Refuse models whose classes go by different names, since their predictions cannot be compared.

    One may know more classes than the other, as ImageNet's 1,000 hold Imagenette's 10, if they are named and not numbered.
    """
    (first_path, first), *others = predictions.items()
    classes = set(first["classes"].tolist())
    for path, arrays in others:
        own = set(arrays["classes"].tolist())
        numbered = any(name.isdigit() for name in own | classes)
        if own != classes and (numbered or not (own <= classes or classes <= own)):
            raise InputError(f"{first_path} and {path}: the models know different classes, so that no image is one of the agreeing; use subsets: [all]")


def predicted_classes(predictions, images):
    """Return the predicted classes by name, shape (n, models), of prediction files whose images must be those given."""
    columns = []
    for path, arrays in predictions.items():
        io.same_images(images, arrays["images"].tolist(), "the maps", path)
        columns.append(arrays["classes"][arrays["predicted"]])
    return np.stack(columns, axis=1)


def values_of_subset(blocks, predictions):
    """Return the table of all pairs over the images of a subset.

    Parameters
    ----------
    blocks : dict
        As for `assemble`.
    predictions : dict
        From a file's path to a model's predictions, in the order of the sorted names: then only those images count on
        which the two models of a pair predict the same class. Empty: all images count.

    Returns
    -------
    As `assemble`; the chance values are always of all images.
    """
    values, chance, names, images = assemble(blocks)
    if predictions:
        check_classes(predictions)
        values = agreeing_only(values, predicted_classes(predictions, images))
    return values, chance, names, images


def summarise(values, aggregate="mean"):
    """Summarise the images of every pair.

    Parameters
    ----------
    values : ndarray, shape (n, pairs)
        NaN where an image does not count for a pair.
    aggregate : {"mean", "mean_std"}
        `mean_std` is sqrt(mean^2 + std^2).

    Returns
    -------
    dict of ndarray, shape (pairs,)
        `mean`, `std` (ddof 1), `n` (images used) and `dissimilarity`. NaN where no image counts; a single image has
        no standard deviation, and then no `mean_std`.
    """
    mean, std, n = weighted_moments(np.ones((1, len(values))), values)
    return {"mean": mean[0], "std": std[0], "n": n[0], "dissimilarity": AGGREGATES[aggregate](mean[0], std[0])}


def dissimilarities_of(values, aggregate):
    """Return the dissimilarities of a matrix, condensed; the plain mean of complete values takes a short way, since it is most often asked."""
    if aggregate == "mean" and len(values) and np.isfinite(values).all():
        return values.mean(axis=0)
    return summarise(values, aggregate)["dissimilarity"]


def weighted_moments(weights, values):
    """Return mean, standard deviation (ddof 1) and count of values under each row of weights.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
        How often each image counts.
    values : ndarray, shape (n, pairs)
        NaN where an image does not count for a pair.

    Returns
    -------
    mean, std, count : ndarray, shape (B, pairs)
    """
    used = np.isfinite(values)
    # Deviations from a value near the mean, so that the squares do not cancel.
    centre = np.where(used, values, 0).sum(axis=0) / np.maximum(used.sum(axis=0), 1)
    deviations = np.where(used, values - centre, 0)
    count = weights @ used.astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = (weights @ deviations) / count
        variance = (weights @ deviations**2 - count * shift**2) / (count - 1)
    variance[count < 2] = np.nan
    return centre + shift, np.sqrt(np.maximum(variance, 0)), count


def agreeing_only(values, classes):
    """Keep the images on which both models of a pair predict the same class.

    Parameters
    ----------
    values : ndarray, shape (n, pairs)
    classes : ndarray, shape (n, models)
        Predicted class of every model.

    Returns
    -------
    ndarray, shape (n, pairs)
        NaN elsewhere.
    """
    first, second = np.triu_indices(classes.shape[1], 1)
    return np.where(classes[:, first] == classes[:, second], values, np.nan)


def square(condensed, models, diagonal=0.0):
    """Return the symmetric matrix of a condensed vector in the order of `np.triu_indices`."""
    matrix = np.full((models, models), float(diagonal))
    rows, columns = np.triu_indices(models, 1)
    matrix[rows, columns] = matrix[columns, rows] = condensed
    return matrix


def all_equal(values):
    """Tell whether values are equal but for rounding, which is larger where they are; the ranks of others differ."""
    return bool(np.ptp(values) <= ROUNDING * max(1, np.abs(values).max()))


def condensed(matrix):
    """Return the part above the diagonal, shape (pairs,)."""
    return matrix[np.triu_indices(len(matrix), 1)]


def checked_matrix(matrix, names, kind, path):
    """Return somebody's matrix as dissimilarities.

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
        NaN where a value is not known; the diagonal may be left out.
    names : list of str
    kind : {"dissimilarity", "similarity"}
        A similarity's diagonal must be its largest value, from which the others are subtracted.
    path : path
        Of its file, for the errors.

    Returns
    -------
    ndarray, shape (m, m)
        Symmetric, zero on the diagonal.

    Raises
    ------
    InputError
        If names are missing or stand there twice, or the matrix is not symmetric, or is no matrix of its kind.
    """
    if len(names) < 2 or not all(names):
        raise InputError(f"{path}: wants two named models or more")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{path}: the name {twice!r} stands there twice; every model wants a name of its own")
    diagonal, tolerance = matrix.diagonal(), io.tolerance_of(matrix)
    matrix = io.checked_symmetry(matrix, names, path)
    others = condensed(matrix)
    if kind == "similarity":
        top = 1.0 if np.isnan(diagonal).all() else np.nanmax(diagonal)
        if (np.abs(diagonal - top) > tolerance).any() or (others > top + tolerance).any():
            raise InputError(f"{path}: no matrix of similarities: its diagonal must be one value, and the largest; scale it so, or give kind: dissimilarity")
        others = np.maximum(top - others, 0)
    elif (np.abs(diagonal) > tolerance).any() or (others < 0).any():
        raise InputError(f"{path}: no matrix of dissimilarities: its diagonal must be 0, and no value negative; are these similarities (kind: similarity)?")
    if not np.isfinite(others).any():
        raise InputError(f"{path}: no value between two models is known")
    return square(others, len(names))


def without_unknown(matrix, names):
    """Leave out models until every dissimilarity is known, each time the one with most unknown ones.

    Returns
    -------
    matrix : ndarray, shape (k, k)
    names : list of str
    kept : list of int
        Places of the k models that are left.
    """
    kept = list(range(len(matrix)))
    while (unknown := np.isnan(matrix[np.ix_(kept, kept)]).sum(axis=1)).any():
        left_out = kept.pop(int(unknown.argmax()))
        print(f"{names[left_out]} is left out: {unknown.max()} of its dissimilarities are not known")
    return matrix[np.ix_(kept, kept)], [names[place] for place in kept], kept


def models_of(tables):
    """Return how many models condensed matrices (..., pairs) are of."""
    return int((1 + np.sqrt(1 + 8 * tables.shape[-1])) / 2)


def pair_numbers(models):
    """Return the place of every pair among the condensed ones, shape (models, models); -1 on the diagonal."""
    return square(np.arange(models * (models - 1) // 2), models, -1).astype(int)


def select_pairs(tables, chosen):
    """Return the columns, of condensed matrices (..., pairs), that are the pairs of some models, in the order given."""
    return tables[..., condensed(pair_numbers(models_of(tables))[np.ix_(chosen, chosen)])]
