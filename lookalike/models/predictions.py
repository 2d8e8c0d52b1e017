"""How differently models predict."""

from collections.abc import Mapping, Sequence

import numpy as np

from lookalike.core import io
from lookalike.core.errors import InputError


def disagreements(
    predictions: Mapping[str, Mapping[str, np.ndarray]], scores: bool = False
) -> np.ndarray:
    """Return how differently models predict.

    Parameters
    ----------
    predictions : dict
        From a file's path to a model's `images`, `classes`, `predicted` and `logits`.
    scores : bool
        Whether models predict a score.

    Returns
    -------
    ndarray, shape (m, m)
        Share of the images that two models classify differently; of scores, the mean absolute
        difference. NaN, also on the diagonal, where the models know different classes.
    """
    images = next(iter(predictions.values()))["images"].tolist()
    if scores:
        predicted = np.stack(
            [arrays["logits"][:, 0] for arrays in predictions.values()], axis=1
        ).astype(float)
        return np.abs(predicted[:, :, None] - predicted[:, None]).mean(axis=0)
    try:
        check_classes(predictions)
    except InputError as error:
        print(error)
        return np.full((len(predictions), len(predictions)), np.nan)
    predicted = predicted_classes(predictions, images)
    return (predicted[:, :, None] != predicted[:, None]).mean(axis=0)


def check_classes(predictions: Mapping[str, Mapping[str, np.ndarray]]) -> None:
    """Refuse models that know different classes, since their predictions cannot be compared.

    One may know more classes than the other, as ImageNet's 1,000 hold Imagenette's 10, if they are
    named and not numbered.

    Raises
    ------
    InputError
        Naming the files.
    """
    (first_path, first), *others = predictions.items()
    classes = set(first["classes"].tolist())
    for path, arrays in others:
        own = set(arrays["classes"].tolist())
        numbered = any(name.isdigit() for name in own | classes)
        if own != classes and (numbered or not (own <= classes or classes <= own)):
            raise InputError(
                f"{first_path} and {path}: the models know different classes, so that they agree "
                "on no image; use subsets: [all]"
            )


def predicted_classes(
    predictions: Mapping[str, Mapping[str, np.ndarray]], images: Sequence[str]
) -> np.ndarray:
    """Return the predicted classes by name, shape (n, models), of prediction files, which must hold
    these images.
    """
    columns = []
    for path, arrays in predictions.items():
        io.same_images(images, arrays["images"].tolist(), "the maps", path)
        columns.append(arrays["classes"][arrays["predicted"]])
    return np.stack(columns, axis=1)
