"""The class that most models predict in an image, which all of them are then explained for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import fsum

import numpy as np

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.core.types import Row, StrPath
from lookalike.models.predictions import log_probabilities, predicted_classes


def choose_consensus(predictions: Mapping[str, Mapping[str, np.ndarray]]) -> list[Row]:
    """Let models vote for the class of every image.

    Classes with equally many votes are told apart by the sum of all models' log probabilities of
    them, then by the alphabet. So the order of the models does not matter.

    Parameters
    ----------
    predictions : dict
        From a model that votes to its `images`, `classes`, `names`, `predicted` and `logits`.

    Returns
    -------
    list of dict
        `image`, `class`, its `name` in figures, `votes`, `voters` and `tied`, the number of classes
        with as many votes.

    Raises
    ------
    InputError
        If the models know different classes, or a logit is not finite.
    """
    (first, about), *_ = predictions.items()
    images, classes = about["images"].tolist(), about["classes"].tolist()
    names = dict(zip(classes, about["names"].tolist(), strict=True))
    known = []
    for model, arrays in predictions.items():
        check_same_classes(first, classes, model, arrays["classes"].tolist())
        if not np.isfinite(arrays["logits"]).all():
            raise InputError(f"target: consensus: model {model!r} gives logits that are not finite")
        columns = {name: place for place, name in enumerate(arrays["classes"].tolist())}
        known.append((columns, log_probabilities(arrays["logits"])))
    rows = []
    for place, predicted in enumerate(predicted_classes(predictions, images).tolist()):
        votes = Counter(predicted)
        most = max(votes.values())
        # The sum is exact, so that it does not depend on the order.
        support = {
            name: fsum(scores[place, columns[name]] for columns, scores in known)
            for name, count in votes.items()
            if count == most
        }
        chosen = min(support, key=lambda name: (-support[name], name))
        rows.append(
            {
                "image": images[place],
                "class": chosen,
                "name": names[chosen],
                "votes": most,
                "voters": len(predicted),
                "tied": len(support),
            }
        )
    return rows


def check_same_classes(
    first: str, classes: Sequence[str], other: str, others: Sequence[str]
) -> None:
    """Refuse two models that know different classes, and name one of these."""
    if lacking := sorted(set(classes) ^ set(others)):
        raise InputError(
            f"target: consensus: models {first!r} ({len(classes)} classes) and {other!r} "
            f"({len(others)}) know different classes: only one of them knows {lacking[0]!r}; use "
            "target: predicted, or fine-tune both"
        )


def read_consensus(path: StrPath, images: Sequence[str]) -> list[str]:
    """Return the class that was voted for in each of these images."""
    rows = io.read_table(path)
    io.same_images(images, [row["image"] for row in rows], "the sample", path)
    return [row["class"] for row in rows]
