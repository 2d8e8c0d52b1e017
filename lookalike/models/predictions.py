"""What models predict: compared, tabulated, and the classes that follow from it."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.core.types import Row

PREDICTED = ("image", "label", "model", "index", "class", "name", "probability", "score")


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


def targets_of(
    predictions: Mapping[str, np.ndarray],
    target: Literal["predicted", "label", "consensus"],
    name: str,
    voted: Sequence[str] = (),
) -> Sequence[int] | np.ndarray:
    """Return the index of the class that is explained in every image.

    Parameters
    ----------
    predictions : dict of ndarray
        Of the model, as `predict_images` wrote them.
    target : {"predicted", "label", "consensus"}
    name : str
        Of the model, for the error.
    voted : sequence of str
        The class of every image that most models predict, for the target `consensus`.
    """
    if target == "predicted":
        return predictions["predicted"]
    indices = {label: index for index, label in enumerate(predictions["classes"].tolist())}
    wanted = predictions["labels"].tolist() if target == "label" else list(voted)
    for image, label in zip(predictions["images"].tolist(), wanted, strict=True):
        if not label:
            raise InputError(f"target: {target}: image {image!r} has no label; use predicted")
        if label not in indices:
            raise InputError(
                f"target: {target}: model {name!r} has no class {label!r} among its "
                f"{len(indices)}; fine-tune it (`finetune: true`), or use target: predicted"
            )
    return [indices[label] for label in wanted]


def tabulate_predictions(predictions: Mapping[str, Mapping[str, np.ndarray]]) -> list[Row]:
    """Return the rows of `predictions.csv`, with the columns `PREDICTED`.

    Parameters
    ----------
    predictions : dict
        From a model to what `predict_images` wrote.

    Returns
    -------
    list of dict
        One for each model and image: `index` of the predicted class among the model's, `class` as
        labels are written, `name` as figures show it, and its `probability`; of a model that
        predicts a score, the `score` alone.
    """
    rows = []
    for model, found in predictions.items():
        probabilities = np.exp(log_probabilities(found["logits"]).max(axis=1))
        for place, index in enumerate(found["predicted"]):
            about = (
                {"score": found["logits"][place, 0]}
                if len(found["classes"]) == 1
                else {
                    "index": index,
                    "class": found["classes"][index],
                    "name": found["names"][index],
                    "probability": probabilities[place],
                }
            )
            about |= {"image": found["images"][place], "label": found["labels"][place]}
            rows.append(dict.fromkeys(PREDICTED) | about | {"model": model})
    return rows


def log_probabilities(logits: np.ndarray) -> np.ndarray:
    """Return the logarithms of the probabilities of classes, shape (n, classes), float64."""
    above = logits.astype(float) - logits.max(axis=1, keepdims=True)
    return above - np.log(np.exp(above).sum(axis=1, keepdims=True))
