"""Scores of images: read and matched, what similarities they make, and how well predictions meet them."""

from collections import Counter
from pathlib import Path

import numpy as np

from lookalike import io
from lookalike.errors import InputError, near_names
from lookalike.matrices import INTERVAL, checked_symmetry
from lookalike.seeding import rng_of

# Share of the training split that no head is fitted to: it stops the fit, and chooses how many channels are kept.
STOPPING_SHARE = 0.2
FEWEST_IMAGES = 5


def match_scores(given, rows, path):
    """Find the score of every image of a manifest.

    Parameters
    ----------
    given : list of dict of str
        `image`, an image's id or the name of its file, and `score`.
    rows : list of dict
        Of the manifest.
    path : path-like
        Of the scores, for the errors.

    Returns
    -------
    list of dict
        `image`, its id, and `score`, a float, in the order of the manifest.

    Raises
    ------
    InputError
        If an image has no score or two, or a score is no finite number, or all are the same.
    """
    if not given or not {"image", "score"} <= given[0].keys():
        raise InputError(f"{path}: wants a first line with the columns image and score, and a line for each image")
    ids = {Path(row["path"]).name: row["image"] for row in rows if row["path"]} | {row["image"]: row["image"] for row in rows}
    found = {}
    for line, row in enumerate(given, 2):
        image = ids.get((row["image"] or "").strip())
        if image is None:
            continue
        if image in found:
            raise InputError(f"{path}: line {line}: image {image!r} has a score already; keep one")
        found[image] = as_number(row["score"], f"{path}: line {line}: the score of image {image!r}")
    if missing := [row["image"] for row in rows if row["image"] not in found]:
        strange = [row["image"] or "" for row in given if (row["image"] or "").strip() not in ids]
        hint = near_names(missing[0], strange) or (f"; of what it names, {strange[0]!r} is no image" if strange else "")
        raise InputError(f"{path}: {len(missing)} of {len(rows)} images have no score, for example {missing[0]!r}{hint}; add them, or take the images out")
    if len(set(found.values())) == 1:
        raise InputError(f"{path}: all images have the same score, which nothing can be learnt from")
    return [{"image": row["image"], "score": found[row["image"]]} for row in rows]


def as_number(text, what):
    """Return a text as a finite number."""
    try:
        number = float(text)
    except (TypeError, ValueError):
        raise InputError(f"{what} is {text!r}, which is no number") from None
    if not np.isfinite(number):
        raise InputError(f"{what} is {text!r}, which is not finite")
    return number


def read_scores(path, images):
    """Return the scores of images, ndarray (n,), from a table that `match_scores` made."""
    found = {row["image"]: float(row["score"]) for row in io.read_table(path)}
    return np.array([found[image] for image in images])


def read_predictions(path):
    """Return images, scores and predictions of a table of held-out images."""
    rows = io.read_table(path)
    return [row["image"] for row in rows], *(np.array([float(row[column]) for row in rows]) for column in ("score", "predicted"))


def human_similarity(images, similarity=None, scores=None):
    """Return how alike images are to humans, shape (n, n): by a given matrix, or else by their scores."""
    if similarity:
        return match_similarity(*io.read_matrix(similarity), images, similarity)
    return similarity_of_scores(read_scores(scores, images))


def similarity_of_scores(scores):
    """Return how similar images are by their scores: 1 less the difference, as a share of the largest; shape (n, n)."""
    differences = np.abs(np.subtract.outer(scores, scores))
    return 1 - differences / (differences.max() or 1)


def match_similarity(matrix, names, images, path):
    """Return the part of a matrix of similarities that speaks of some images, in their order.

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
        Larger is more alike. The diagonal does not count.
    names : list of str
        Ids of its images.
    images : list of str
        That are wanted.
    path : path-like
        Of the matrix, for the errors.

    Returns
    -------
    ndarray, shape (n, n)

    Raises
    ------
    InputError
        If it is of other images, not symmetric, or has an unknown value.
    """
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise InputError(f"{path}: image {twice[0]!r} stands there twice; keep one")
    if missing := [image for image in images if image not in names]:
        hint = near_names(missing[0], names)
        raise InputError(f"{path}: holds {len(names)} images, and {len(missing)} of the {len(images)} that are wanted are not among them: {missing[0]!r}{hint}")
    places = [names.index(image) for image in images]
    matrix = checked_symmetry(matrix[np.ix_(places, places)], images, path)
    np.fill_diagonal(matrix, 1)
    if np.isnan(matrix).any():
        row, column = np.argwhere(np.isnan(matrix))[0]
        raise InputError(f"{path}: the similarity of {images[row]!r} and {images[column]!r} is not known; fill it in")
    return matrix


def split_training(rows, seed):
    """Part the training split of a manifest.

    Parameters
    ----------
    rows : list of dict
        Of the manifest.
    seed : int

    Returns
    -------
    fitted : list of dict
        Rows that heads are fitted to, and that rank channels, in a random order.
    held_back : list of dict
        One fifth: rows that tell when to stop, and how many channels to keep.

    Raises
    ------
    InputError
        If there are too few.
    """
    train = [row for row in rows if row["split"] == "train"]
    if len(train) < FEWEST_IMAGES:
        raise InputError(f"regression heads want {FEWEST_IMAGES} images or more in split 'train', which has {len(train)}")
    order = rng_of(seed, "stopping").permutation(len(train))
    count = max(1, round(STOPPING_SHARE * len(train)))
    return [train[place] for place in order[count:]], [train[place] for place in order[:count]]


def resample(n, resamples, seed):
    """Return bootstrap resamples of n images, places of shape (1 + resamples, n); the first row is the images themselves.

    One image resampled is always itself, which would look like certainty: then there is the first row alone.
    """
    return np.vstack([np.arange(n), rng_of(seed, "bootstrap", n).integers(n, size=(resamples if n > 1 else 0, n))])


def measure_errors(scores, predicted, places):
    """Measure how well predictions meet scores in every resample.

    Parameters
    ----------
    scores, predicted : ndarray, shape (n,)
    places : ndarray of int, shape (B, n)

    Returns
    -------
    dict of ndarray, shape (B,)
        `rmse`, `pearson` and `spearman`; correlations are NaN where either side is constant.
    """
    from scipy.stats import rankdata

    x, y = scores[places], predicted[places]
    rmse = np.sqrt(((x - y) ** 2).mean(axis=1))
    return {"rmse": rmse, "pearson": correlate_rows(x, y), "spearman": correlate_rows(rankdata(x, axis=1), rankdata(y, axis=1))}


def correlate_rows(x, y):
    """Return Pearson's correlation of every row of x (B, n) with that of y, shape (B,); NaN where either is constant."""
    constant = (np.ptp(x, axis=1) == 0) | (np.ptp(y, axis=1) == 0)
    return np.where(constant, np.nan, np.vecdot(unit_rows(x), unit_rows(y)))


def unit_rows(x):
    """Return rows (..., n) less their mean, of length 1, so that products are Pearson's correlations; 0 where a row is constant."""
    deviations = np.where(np.ptp(x, axis=-1, keepdims=True) == 0, 0, x - x.mean(axis=-1, keepdims=True))
    return deviations / np.maximum(np.linalg.norm(deviations, axis=-1, keepdims=True), np.finfo(float).tiny)


def with_interval(replicates, name):
    """Return the value of the images themselves, and the bounds of the central 95% of their resamples, as columns of a table.

    Where most resamples have no value, there is no interval.
    """
    own, others = replicates[0], replicates[1:]
    known = others[np.isfinite(others)]
    low, high = np.percentile(known, INTERVAL) if 2 * len(known) > len(others) else (np.nan, np.nan)
    return {name: float(own), f"{name}_low": float(low), f"{name}_high": float(high)}
