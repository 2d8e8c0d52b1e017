"""Explanation of many images by one method, a few images at a time."""

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.seeding import seed_of
from lookalike.images.reading import load_images

# Without a model, there is only an image's own memory to think of.
IMAGES_AT_ONCE = 64


def explain_images(method, model, rows, targets, *, size, seed, names, options, threads=1):
    """Explain images one chunk after another.

    Parameters
    ----------
    method : Method
    model : VisionModel or None
        None where the method needs none.
    rows : list of dict
        Of the manifest.
    targets : sequence of float
        A number a row, as `aim` gives them.
    size : int
        Side of the images in pixels.
    seed : int
        The config's.
    names : tuple of str
        Of this job, so that its seeds are its own.
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
    at_once = model.batch(size) if model else IMAGES_AT_ONCE
    for start in range(0, len(rows), at_once):
        chunk = rows[start : start + at_once]
        seeds = [seed_of(seed, *names, row["image"]) for row in chunk]
        images = load_images(chunk, size, threads)
        maps, diagnostics = method(
            *inputs_of(model, images, targets[start : start + at_once]), seeds, **options
        )
        for place, (row, saliency) in enumerate(zip(chunk, maps, strict=True)):
            if not np.isfinite(saliency).all():
                raise InputError(
                    f"{' '.join(names)}: the map of image {row['image']!r} is not finite; "
                    "does the model give finite logits for it?"
                )
            yield (
                row["image"],
                saliency,
                {name: float(column[place]) for name, column in diagnostics.items()},
            )


def aim(
    method, model, rows, predictions, *, target, scores=None, similarity=None, size, name, threads=1
):
    """Find what a method explains of every image.

    Parameters
    ----------
    method : Method
    model : VisionModel
    rows : list of dict
        Of the manifest.
    predictions : dict of ndarray
        Of the model.
    target : {"predicted", "label"}
        Which class, where classes are explained.
    scores, similarity : path-like, optional
        Tables of the images' scores and human similarities, of which a method wants one.
    size : int
        Side of the images in pixels.
    name : str
        Of the model, for the errors.
    threads : int
        For decoding images.

    Returns
    -------
    targets : sequence of float
    given : dict
        Options of the method that are no user's choice.
    """
    from lookalike.images.scores import human_similarity, read_scores
    from lookalike.models.networks import in_batches, targets_of

    names = [row["image"] for row in rows]
    if method.targets == "classes":
        return targets_of(predictions, target, name), {}
    if method.targets == "scores":
        return read_scores(scores, names), {}
    human = human_similarity(names, similarity, scores)
    reference = in_batches(
        model.features, load_images(rows, size, threads), model.batch(size), model.device
    )
    return range(len(rows)), {"human": human, "reference": reference}


def inputs_of(model, images, targets):
    """Return model, images (n, 3, H, W) in [0, 1] and targets as a method takes them."""
    if model is None:
        return None, images.transpose(0, 3, 1, 2) / np.float32(255), None
    import torch

    from lookalike.models.networks import to_tensor

    return (
        model,
        to_tensor(images, model.device),
        torch.as_tensor(np.asarray(targets), device=model.device),
    )
