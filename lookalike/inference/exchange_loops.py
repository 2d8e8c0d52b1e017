"""The loop that sums what many models have under permutations of their labels, compiled by Numba at
its first call, and kept on disk. Imported inside functions, since Numba takes a third of a second
to start.
"""

import numpy as np

from lookalike.core.compiling import kept


@kept(error_model="numpy")
def permuted_sums(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the sums over images of all pairs, shape (P, pairs), of values (n, pairs) under
    permutations of the models within images (P, n, models); added in the order of the images.
    """
    permutations, images, models = order.shape
    found = np.zeros((permutations, values.shape[1]))
    full = np.zeros((models, models))
    for image in range(images):
        pair = 0
        for row in range(models):
            for column in range(row + 1, models):
                full[row, column] = full[column, row] = values[image, pair]
                pair += 1
        for one in range(permutations):
            places, start = order[one, image], 0
            for row in range(models):
                own, others = full[places[row]], places[row + 1 :]
                sums = found[one, start : start + len(others)]
                for column in range(len(others)):
                    sums[column] += own[others[column]]
                start += len(others)
    return found
