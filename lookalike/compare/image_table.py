"""The table of all pairs on all images."""

import numpy as np

from lookalike.core import io
from lookalike.core.condensed import pair_numbers
from lookalike.models.predictions import check_classes, predicted_classes


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
