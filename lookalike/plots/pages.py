"""Pages of the explained images with all their maps, read from the results of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lookalike.core import io
from lookalike.core.types import Row
from lookalike.images.manifest import placed
from lookalike.images.reading import Fit, read_image
from lookalike.maps.stacks import Batch, files_of_models, read_batch
from lookalike.models.predictions import predicted_classes
from lookalike.plots import panels


@dataclass(frozen=True, eq=False)
class Pages:
    """What the pages of a run show.

    Attributes
    ----------
    rows : list of dict
        Of the explained images, with their whole paths.
    models : list of str
        Those that are drawn; `note` says if these are not all.
    predictions : dict
        From a model to its predictions.
    classes : ndarray, shape (n, models), or None
        Predicted class by name, where predictions are known.
    voted : list of str, or None
        The class of every image that all models are explained for, where they are.
    batches : dict
        From method to a dict from model to its maps and their card.
    size : int
    fit : {"crop", "squash", "pad"}
        How images are brought to that size.
    note : str
    """

    rows: list[Row]
    models: list[str]
    predictions: Mapping[str, Mapping[str, np.ndarray]]
    classes: np.ndarray | None
    voted: list[str] | None
    batches: Mapping[str, Mapping[str, tuple[Batch, Row]]]
    size: int
    fit: Fit
    note: str

    def draw(self, index: int, note: str = "") -> Figure:
        """Draw one of the images with its maps; the note becomes part of the title."""
        row = self.rows[index]
        image = read_image(row["path"], self.size, self.fit) if row["path"] else None
        about = {
            "image": row["image"] + self.note,
            "label": panels.readable_label(row["label"], self.predictions),
        }
        about["label" if about["label"] else "image"] += note
        titles = panels.titles_of(self.models, self.predictions, index)
        explained = self.voted[index] if self.voted else ""
        return panels.panel_of_image(row | about, index, image, self.batches, titles, explained)


def read_pages(read: Any, given: Any, most: int | None = panels.MOST_MODELS) -> Pages:
    """Open what the pages of a run show.

    Parameters
    ----------
    read : mapping
        The rule's named inputs: `sample`, `images`, `batches`, `predictions` and `consensus`; what
        does not exist is empty.
    given : mapping
        The rule's parameters: `methods`, from each to its models; `places`, the number of its files
        among the batches; `models`, `computed`, `size` and `fit`.
    most : int or None
        Of more models, some are shown.
    """
    rows = placed(io.read_table(read.sample), read.images)
    found = io.read_each(read.predictions)
    shown = panels.choose_models(given.models, most)
    places = iter(read.batches)
    batches = {}
    for method, models in given.methods.items():
        own = [next(places) for _ in range(given.places[method])]
        paths = dict(zip(models, files_of_models(own, models), strict=True))
        batches[method] = {name: read_batch(paths[name]) for name in models if name in shown}
    few = len(shown) < len(given.models)
    return Pages(
        rows,
        shown,
        dict(zip(given.computed, found.values(), strict=True)),
        predicted_classes(found, [row["image"] for row in rows]) if found else None,
        [panels.class_text(row["name"]) for row in io.read_table(read.consensus)]
        if read.consensus
        else None,
        batches,
        given.size,
        given.fit,
        f" ({len(shown)} of {len(given.models)} models)" if few else "",
    )
