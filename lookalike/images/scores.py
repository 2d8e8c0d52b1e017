"""Scores of images and human similarities between them: read, matched, and made from one another;
the parts of the training split.
"""

from collections import Counter
from pathlib import Path

import numpy as np

from lookalike.core import io
from lookalike.core.errors import InputError, near_names
from lookalike.core.seeding import rng_of

# Share of the training split that no head is fitted to: it stops the fit, and chooses how many
# channels are kept.
STOPPING_SHARE = 0.2
FEWEST_IMAGES = 5
# Of scores, as a share of the largest; numbers of single precision tell no less apart.
SMALLEST_SPREAD = 1e-4


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
    given = [
        {(column or "").strip().lower(): cell for column, cell in row.items()} for row in given
    ]
    if not given or not {"image", "score"} <= given[0].keys():
        header = f"it names {', '.join(map(repr, given[0]))}" if given else "it is empty"
        raise InputError(
            f"{path}: wants a first line with the columns image and score, between commas, "
            f"and a line for each image; {header}"
        )
    ids = ids_of(rows)
    found, strange = {}, []
    for row in given:
        name = (row["image"] or "").strip()
        if name not in ids:
            strange.append(name)
            continue
        if ids[name] in found:
            raise InputError(
                f"{path}: image {ids[name]!r} stands there twice; keep one of its scores"
            )
        found[ids[name]] = as_number(row["score"], f"{path}: the score of image {ids[name]!r}")
    if missing := [row["image"] for row in rows if row["image"] not in found]:
        hint = near_names(missing[0], strange) or (
            f"; of what it names, {strange[0]!r} is no image" if strange else ""
        )
        raise InputError(
            f"{path}: {len(missing)} of {len(rows)} images have no score, for example "
            f"{missing[0]!r}{hint}; add them, or take the images out"
        )
    spread, largest = np.ptp(list(found.values())), max(map(abs, found.values()))
    if spread <= SMALLEST_SPREAD * largest:
        raise InputError(
            f"{path}: the scores differ by {spread:g}, too little beside their size of "
            f"{largest:g} to be learnt; subtract a constant from all"
        )
    return [{"image": row["image"], "score": found[row["image"]]} for row in rows]


def ids_of(rows):
    """Return the id of an image by its id, and by the name of its file where no other has the
    same.
    """
    files = Counter(Path(row["path"]).name for row in rows if row["path"])
    return {
        Path(row["path"]).name: row["image"] for row in rows if files[Path(row["path"]).name] == 1
    } | {row["image"]: row["image"] for row in rows}


def as_number(text, what):
    """Return a text as a finite number."""
    if text is None or not text.strip():
        raise InputError(f"{what} is missing")
    try:
        number = float(text)
    except ValueError:
        raise InputError(f"{what} is {text!r}, which is no number") from None
    if not np.isfinite(number):
        raise InputError(f"{what} is {text!r}, which is not finite")
    return number


def read_scores(path, images):
    """Return the scores of images, ndarray (n,), from a table that `match_scores` made."""
    found = {row["image"]: float(row["score"]) for row in io.read_table(path)}
    return np.array([found[image] for image in images])


def human_similarity(images, similarity=None, scores=None):
    """Return how alike images are to humans, shape (n, n): by a given matrix, or else by their
    scores.
    """
    if similarity:
        return match_similarity(*io.read_matrix(similarity), images, similarity)
    return similarity_of_scores(read_scores(scores, images))


def similarity_of_scores(scores):
    """Return how similar images are by their scores: 1 less the difference, as a share of the
    largest; shape (n, n).
    """
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
        raise InputError(
            f"{path}: holds {len(names)} images, and {len(missing)} of the {len(images)} "
            f"that are wanted are not among them: {missing[0]!r}{hint}"
        )
    places = [names.index(image) for image in images]
    matrix = io.checked_symmetry(matrix[np.ix_(places, places)], images, path)
    if np.nanmin(matrix.diagonal(), initial=np.inf) < np.nanmax(matrix, initial=-np.inf):
        raise InputError(
            f"{path}: no matrix of similarities: its diagonal is not its largest value; are "
            "these dissimilarities? subtract them from it"
        )
    np.fill_diagonal(matrix, 1)
    if np.isnan(matrix).any():
        row, column = np.argwhere(np.isnan(matrix))[0]
        raise InputError(
            f"{path}: the similarity of {images[row]!r} and {images[column]!r} is not known; "
            "fill it in"
        )
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
    if len(train) == len(rows):
        raise InputError("regression heads want held-out images, but there is none in split 'val'")
    if len(train) < FEWEST_IMAGES:
        raise InputError(
            f"regression heads want {FEWEST_IMAGES} images or more in split 'train', which "
            f"has {len(train)}"
        )
    order = rng_of(seed, "stopping").permutation(len(train))
    count = max(1, round(STOPPING_SHARE * len(train)))
    return [train[place] for place in order[count:]], [train[place] for place in order[:count]]
