"""Regression: the features of a frozen backbone, computed once, and the model with the head that is trained on them."""

import numpy as np
import torch

from lookalike.errors import InputError
from lookalike.heads import attach_head, fit_head
from lookalike.images import load_images
from lookalike.models import PIXELS_AT_ONCE, check_size, in_batches, normalisation_of
from lookalike.scores import split_training
from lookalike.seeding import seed_of
from lookalike.training import start_network

# Images in memory at a time, so that a large folder does not fill it.
DECODED_AT_ONCE = 256


def build_backbone(recipe, pretrained, checkpoint, name, seed):
    """Build the frozen backbone of a model; the same arguments give the same weights.

    Returns
    -------
    net : torch.nn.Module
        In evaluation mode; its output are its features.
    about : dict
        As of `start_network`.
    """
    net, about = start_network(recipe, 0, pretrained, checkpoint, seed_of(seed, "training", name))
    return net.eval().requires_grad_(False), about


@torch.no_grad()
def extract_features(rows, recipe, *, pretrained, checkpoint=None, size, name, seed, device, threads=1):
    """Run a backbone over images.

    Parameters
    ----------
    rows : list of dict
        Of the manifest.
    recipe : dict
        `timm` and `options`.
    pretrained : bool
        Whether the backbone has timm's weights.
    checkpoint : path-like, optional
        File of weights for the backbone.
    size : int
        Side of the images in pixels.
    name : str
        Of the model: with the seed it decides the fresh weights, where there are no others.
    seed : int
    device : torch.device
    threads : int
        For decoding images.

    Returns
    -------
    ndarray, shape (n, F), float32

    Raises
    ------
    InputError
        If the network takes no images of this size, or a feature is not finite.
    """
    net, _ = build_backbone(recipe, pretrained, checkpoint, name, seed)
    net.to(device)
    check_size(net, size)
    mean, std = (torch.tensor(values, device=device).view(1, 3, 1, 1) for values in normalisation_of(net))
    batch = max(1, PIXELS_AT_ONCE[device.type] // size**2)
    parts = []
    for start in range(0, len(rows), DECODED_AT_ONCE):
        images = load_images(rows[start : start + DECODED_AT_ONCE], size, threads)
        parts.append(in_batches(lambda images: net((images - mean) / std).flatten(1), images, batch, device))
    features = np.concatenate(parts)
    if len(bad := np.flatnonzero(~np.isfinite(features).all(axis=1))):
        raise InputError(f"{name}: the features of image {rows[bad[0]]['image']!r} are not finite; are these the right weights?")
    return features


def train_head(rows, features, scores, recipe, *, pretrained, checkpoint=None, name, seed, **fitting):
    """Train a regression head on the features of the training split, and put it on its backbone.

    Parameters
    ----------
    rows : list of dict
        Of the manifest.
    features : dict of ndarray, shape (F,)
        By image.
    scores : dict of float
        By image.
    recipe, pretrained, checkpoint, name, seed
        As for `extract_features`.
    **fitting
        Of `fit_head`: `hidden`, `dropout`, `epochs`, `patience`, `lr` and `batch`.

    Returns
    -------
    net : torch.nn.Module
    sidecar : dict
        `recipe`, `classes`, `head`, `training`, `epochs`, and `weights` if the backbone is from a checkpoint.
    """
    torch.set_num_threads(1)
    data = [
        (torch.from_numpy(np.stack([features[row["image"]] for row in part])), torch.tensor([scores[row["image"]] for row in part]))
        for part in split_training(rows, seed)
    ]
    own_seed = seed_of(seed, "head", name)
    head, history = fit_head(*data, **fitting, seed=own_seed)
    net, about = build_backbone(recipe, pretrained, checkpoint, name, seed)
    shape = {"n_features": data[0][0].shape[1], "hidden": fitting["hidden"], "dropout": fitting["dropout"]}
    attach_head(net, **shape).regression_head.load_state_dict(head.state_dict())
    images = {"fitted": len(data[0][0]), "held_back": len(data[1][0])}
    return net, about | {
        "classes": ["score"],
        "head": shape,
        "training": {"pretrained": pretrained, "seed": own_seed, **fitting, **images},
        "accuracy": None,
        "epochs": history,
    }
