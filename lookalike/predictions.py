"""How differently models predict."""

import numpy as np

from lookalike.errors import InputError
from lookalike.matrices import check_classes, predicted_classes


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
