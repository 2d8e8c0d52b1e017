"""Explanation of many images by one method, a few images at a time."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lookalike.core import io
from lookalike.core.cards import Method
from lookalike.core.errors import InputError
from lookalike.core.seeding import seed_of
from lookalike.core.types import Row, StrPath
from lookalike.images.reading import Fit, load_images
from lookalike.methods.second_runs import choose_again

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel

# Without a model, only the images themselves take memory.
IMAGES_AT_ONCE = 64
# Of every image its id, its map (h, w) and diagnostics.
Explained = Iterator[tuple[str, np.ndarray, dict[str, float]]]
# One number for every image: the index of a class, a score, or the image's own index.
Targets = Sequence[float] | np.ndarray


def explain_sample(
    method: Method,
    rows: Sequence[Row],
    read: Mapping[str, StrPath],
    *,
    target: Literal["predicted", "label", "consensus"],
    size: int,
    fit: Fit,
    seed: int,
    names: tuple[str, str],
    options: dict[str, Any],
    again: int | Literal["auto"] = 0,
    threads: int = 1,
) -> tuple[Explained, Explained]:
    """Explain the sampled images by a method, with the model that it needs, and some of them again.

    Parameters
    ----------
    read : mapping
        Files: `weights`, `sidecar` and `predictions` of the model, if the method needs one, and
        `consensus`, `scores` or `similarity`, if that is what it explains.
    names : (str, str)
        Of the explanation run and of the model.
    again : int or "auto"
        How many images are explained a second time, as for `choose_again`.
    method, rows, target, size, fit, seed, options, threads
        As for `explain_images` and `resolve_targets`.

    Returns
    -------
    explained, explained_again : iterator
        As of `explain_images`. The second run has other seeds, and options as the method's card
        says; without images where the method's second run is the same.
    """
    model: VisionModel | None = None
    targets: Targets = []
    if method.needs_model:
        from lookalike.models import devices, loading

        device = devices.claim_device(threads)
        model = loading.load_model(read["weights"], device, read["sidecar"])
        targets, known = resolve_targets(
            method,
            model,
            rows,
            io.read_arrays(read["predictions"]),
            target=target,
            consensus=read.get("consensus"),
            scores=read.get("scores"),
            similarity=read.get("similarity"),
            size=size,
            fit=fit,
            name=names[1],
            threads=threads,
        )
        options = options | known

    def explain(
        places: Sequence[int], names: tuple[str, ...], options: dict[str, Any]
    ) -> Explained:
        return explain_images(
            method,
            model,
            [rows[place] for place in places],
            [targets[place] for place in places] if model else [],
            size=size,
            fit=fit,
            seed=seed,
            names=names,
            options=options,
            threads=threads,
        )

    start = seed_of(seed, *names, "again")
    chosen = choose_again(rows, again, start) if method.again is not None else []
    return (
        explain(range(len(rows)), names, options),
        explain(chosen, (*names, "again"), method.options_again(options)),
    )


def explain_images(
    method: Method,
    model: "VisionModel | None",
    rows: Sequence[Row],
    targets: Targets,
    *,
    size: int,
    fit: Fit,
    seed: int,
    names: tuple[str, ...],
    options: dict[str, Any],
    threads: int = 1,
) -> Explained:
    """Explain images one chunk after another.

    Parameters
    ----------
    method : Method
    model : VisionModel or None
        None where the method needs none.
    rows : list of dict
        Of the manifest.
    targets : sequence of float
        One number for every row, as `resolve_targets` returns them.
    size : int
        Side of the images in pixels.
    fit : {"crop", "squash", "pad"}
        How images are brought to a square.
    seed : int
        The config's.
    names : tuple of str
        Of this job; they decide its seeds, together with `seed`.
    options : dict
        Of the method.
    threads : int
        For decoding images.

    Yields
    ------
    image : str
        Its id.
    saliency : ndarray, shape (h, w), float32
    diagnostics : dict of float

    Raises
    ------
    InputError
        If a map is not finite.
    """

    def explain(part: slice) -> tuple[Sequence[Row], np.ndarray, dict[str, np.ndarray]]:
        chunk = rows[part]
        seeds = [seed_of(seed, *names, row["image"]) for row in chunk]
        images = load_images(chunk, size, fit, threads)
        return chunk, *method(*inputs_of(model, images, targets[part]), seeds, **options)

    parts = (
        model.in_batches(explain, len(rows), size)
        if model
        else (
            explain(slice(start, start + IMAGES_AT_ONCE))
            for start in range(0, len(rows), IMAGES_AT_ONCE)
        )
    )
    for chunk, maps, diagnostics in parts:
        for index, (row, saliency) in enumerate(zip(chunk, maps, strict=True)):
            if not np.isfinite(saliency).all():
                raise InputError(
                    f"{' '.join(names)}: the map of image {row['image']!r} is not finite; "
                    "does the model give finite logits for it?"
                )
            yield (
                row["image"],
                saliency,
                {name: float(column[index]) for name, column in diagnostics.items()},
            )


def resolve_targets(
    method: Method,
    model: "VisionModel",
    rows: Sequence[Row],
    predictions: dict[str, np.ndarray],
    *,
    target: Literal["predicted", "label", "consensus"],
    consensus: StrPath | None = None,
    scores: StrPath | None = None,
    similarity: StrPath | None = None,
    size: int,
    fit: Fit,
    name: str,
    threads: int = 1,
) -> tuple[Targets, dict[str, Any]]:
    """Find what a method explains in every image.

    Parameters
    ----------
    method : Method
    model : VisionModel
    rows : list of dict
        Of the manifest.
    predictions : dict of ndarray
        Of the model.
    target : {"predicted", "label", "consensus"}
        Which class, for a method that explains classes.
    consensus : path-like, optional
        Table of the classes that most models predict, for the target of that name.
    scores, similarity : path-like, optional
        Table of the images' scores, for a method that explains these; matrix of the human
        similarities, for one that explains similarity. Without the matrix, similarities are made
        from the scores.
    size : int
        Side of the images in pixels.
    fit : {"crop", "squash", "pad"}
        How images are brought to a square.
    name : str
        Of the model, for errors.
    threads : int
        For decoding images.

    Returns
    -------
    targets : sequence of float
        One number for every row.
    given : dict
        Options of the method that the workflow sets, not the user.
    """
    from lookalike.images.scores import human_similarity, read_scores
    from lookalike.models.consensus import read_consensus
    from lookalike.models.networks import in_batches
    from lookalike.models.predictions import targets_of

    names = [row["image"] for row in rows]
    if method.targets == "classes":
        voted = read_consensus(consensus, names) if consensus else ()
        return targets_of(predictions, target, name, voted), {}
    if method.targets == "scores":
        if scores is None:
            raise InputError(f"{name}: the method explains scores of images, and none are given")
        return read_scores(scores, names), {}
    human = human_similarity(names, similarity, scores)
    reference = in_batches(model, model.features, load_images(rows, size, fit, threads))
    return range(len(rows)), {"human": human, "reference": reference}


def inputs_of(
    model: "VisionModel | None", images: np.ndarray, targets: Targets
) -> "tuple[VisionModel | None, torch.Tensor | np.ndarray, torch.Tensor | None]":
    """Return model, images and targets as a method takes them.

    Parameters
    ----------
    model : VisionModel or None
    images : ndarray, shape (n, H, W, 3), uint8
    targets : sequence of float, shape (n,)

    Returns
    -------
    model : VisionModel or None
    images : Tensor, shape (n, 3, H, W)
        In [0, 1], on the model's device; an ndarray where there is no model.
    targets : Tensor, shape (n,), or None
        None where there is no model.
    """
    if model is None:
        return None, images.transpose(0, 3, 1, 2) / np.float32(255), None
    import torch

    from lookalike.models.networks import to_tensor

    return (
        model,
        to_tensor(images, model.device),
        torch.as_tensor(np.asarray(targets), device=model.device),
    )
