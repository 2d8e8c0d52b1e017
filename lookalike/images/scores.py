"""Scores of images, human similarities between them (read, or made from the scores), and the parts
of the training split.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from lookalike.core import io
from lookalike.core.errors import InputError, near_names
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row, StrPath
from lookalike.images.folders import composed
from lookalike.images.tables import matched_cells

# Share of the training split that no head is fitted to: it stops the fit, and sets the number of
# channels that are kept.
STOPPING_SHARE = 0.2
FEWEST_IMAGES = 5
# Of scores, as a share of the largest: near the resolution of single precision.
SMALLEST_SPREAD = 1e-4


def match_scores(given: Sequence[Row], rows: Sequence[Row], path: StrPath) -> list[Row]:
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
        If an image has no score or two, a score is no finite number, or all are equal.
    """
    cells = matched_cells(given, rows, "score", path)
    found = {
        image: as_number(cell, f"{path}: the score of image {image!r}")
        for image, cell in cells.items()
    }
    spread, largest = np.ptp(list(found.values())), max(map(abs, found.values()))
    if spread <= SMALLEST_SPREAD * largest:
        raise InputError(
            f"{path}: the scores differ by {spread:g}, too little next to their size of "
            f"{largest:g} to be learnt; subtract a constant from all"
        )
    return [{"image": row["image"], "score": found[row["image"]]} for row in rows]


def as_number(text: str | None, what: str) -> float:
    """Return a text as a finite number; `what` is the subject of the error."""
    if text is None or not text.strip():
        raise InputError(f"{what} is missing")
    try:
        number = float(text)
    except ValueError:
        raise InputError(f"{what} is {text!r}, which is not a number") from None
    if not np.isfinite(number):
        raise InputError(f"{what} is {text!r}, which is not finite")
    return number


def read_scores(path: StrPath, images: Sequence[str]) -> np.ndarray:
    """Return the scores of images, ndarray (n,), from a table that `match_scores` made."""
    found = {row["image"]: float(row["score"]) for row in io.read_table(path)}
    return np.array([found[image] for image in images])


def human_similarity(
    images: Sequence[str], similarity: StrPath | None = None, scores: StrPath | None = None
) -> np.ndarray:
    """Return the similarity of images to humans, shape (n, n): of a given matrix, or else of their
    scores.

    Parameters
    ----------
    images : list of str
    similarity, scores : path, optional
        Of a matrix, or of a table that `match_scores` made; one of them is needed.
    """
    if similarity:
        return match_similarity(*io.read_matrix(similarity), images, similarity)
    if not scores:
        raise ValueError("neither similarities nor scores of the images are given")
    return similarity_of_scores(read_scores(scores, images))


def similarity_of_scores(scores: np.ndarray) -> np.ndarray:
    """Return the similarity of images by their scores, shape (n, n): 1 minus the difference as a
    share of the largest difference.
    """
    differences = np.abs(np.subtract.outer(scores, scores))
    return 1 - differences / (differences.max() or 1)


def match_similarity(
    matrix: np.ndarray, names: Sequence[str], images: Sequence[str], path: StrPath
) -> np.ndarray:
    """Return the rows and columns of a similarity matrix that belong to some images, in order.

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
        Larger is more alike. The diagonal does not count.
    names : list of str
        Ids of its images.
    images : list of str
        The images to select.
    path : path-like
        Of the matrix, for the errors.

    Returns
    -------
    ndarray, shape (n, n)

    Raises
    ------
    InputError
        If an image is missing or appears twice, or the matrix is not symmetric, has an unknown
        value, or holds dissimilarities.
    """
    names = [composed(name) for name in names]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise InputError(f"{path}: image {twice[0]!r} appears twice; keep one")
    if missing := [image for image in images if image not in names]:
        hint = near_names(missing[0], names)
        raise InputError(
            f"{path}: lacks {len(missing)} of the {len(images)} images, for example "
            f"{missing[0]!r}{hint}; it holds {len(names)}: add the missing ones"
        )
    indices = [names.index(image) for image in images]
    matrix = io.checked_symmetry(matrix[np.ix_(indices, indices)], images, path)
    least = np.nanmax(matrix, initial=-np.inf) - io.tolerance_of(matrix)
    if np.nanmin(matrix.diagonal(), initial=np.inf) < least:
        raise InputError(
            f"{path}: not a similarity matrix: its diagonal is not its largest value; are "
            "these dissimilarities? subtract them from their largest"
        )
    np.fill_diagonal(matrix, 1)
    if np.isnan(matrix).any():
        row, column = np.argwhere(np.isnan(matrix))[0]
        raise InputError(
            f"{path}: the similarity of {images[row]!r} and {images[column]!r} is missing; "
            "fill it in"
        )
    return matrix


def split_training(rows: Sequence[Row], seed: int) -> tuple[list[Row], list[Row]]:
    """Split the training images of a manifest into two parts.

    Parameters
    ----------
    rows : list of dict
        Of the manifest.
    seed : int

    Returns
    -------
    fitted : list of dict
        Images that heads are fitted to, and that rank channels, in a random order.
    held_back : list of dict
        One fifth: images that decide when to stop, and how many channels to keep.

    Raises
    ------
    InputError
        If there are too few.
    """
    train = [row for row in rows if row["split"] == "train"]
    if len(train) == len(rows):
        raise InputError("regression heads need held-out images, but there is none in split 'val'")
    if len(train) < FEWEST_IMAGES:
        raise InputError(
            f"regression heads need at least {FEWEST_IMAGES} images in split 'train', which "
            f"has {len(train)}"
        )
    order = rng_of(seed, "stopping").permutation(len(train))
    count = max(1, round(STOPPING_SHARE * len(train)))
    return [train[index] for index in order[count:]], [train[index] for index in order[:count]]
