"""Regression: the features of a frozen backbone, computed once, and the model with a head that was
trained on them.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from lookalike.core.errors import InputError
from lookalike.core.seeding import seed_of
from lookalike.core.types import Row, StrPath
from lookalike.images.reading import Fit, load_images
from lookalike.images.scores import split_training
from lookalike.models.checkpoints import start_network
from lookalike.models.heads import attach_head, build_head
from lookalike.models.networks import (
    Recipe,
    TimmNetwork,
    check_size,
    predict,
    ready,
)
from lookalike.models.normalisation import normalisation_of

# Features (n, F), float32, and scores (n,), float64.
Scored = tuple[torch.Tensor, torch.Tensor]
# Images in memory at a time, so that a large folder does not fill it.
DECODED_AT_ONCE = 256
WEIGHT_DECAY = 0.05
# As a share of the root mean square of all features' standard deviations.
SMALLEST_SPREAD = 0.1


def build_backbone(
    recipe: Recipe, pretrained: bool, checkpoint: StrPath | None, name: str, seed: int
) -> tuple[TimmNetwork, Row]:
    """Build the frozen backbone of a model; the same arguments give the same weights.

    Returns
    -------
    net : torch.nn.Module
        In evaluation mode; it outputs its features.
    about : dict
        As of `start_network`.
    """
    net, about = start_network(recipe, 0, pretrained, checkpoint, seed_of(seed, "training", name))
    return net.eval().requires_grad_(False), about


def extract_features(
    rows: Sequence[Row],
    recipe: Recipe,
    *,
    pretrained: bool,
    checkpoint: StrPath | None = None,
    size: int,
    fit: Fit,
    name: str,
    seed: int,
    device: torch.device,
    threads: int = 1,
) -> np.ndarray:
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
    fit : {"crop", "squash", "pad"}
        How images are brought to a square.
    name : str
        Of the model: with the seed it decides the fresh weights, if there are no others.
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
    check_size(net, size)
    model = ready(net, *normalisation_of(net), [], device)
    chunks = (
        rows[start : start + DECODED_AT_ONCE] for start in range(0, len(rows), DECODED_AT_ONCE)
    )
    features = np.concatenate(
        [predict(model, load_images(chunk, size, fit, threads)) for chunk in chunks]
    )
    if len(bad := np.flatnonzero(~np.isfinite(features).all(axis=1))):
        raise InputError(
            f"{name}: the features of image {rows[bad[0]]['image']!r} are not finite; are "
            "these the right weights?"
        )
    return features


def train_head(
    rows: Sequence[Row],
    features: Mapping[str, np.ndarray],
    scores: Mapping[str, float],
    recipe: Recipe,
    *,
    pretrained: bool,
    checkpoint: StrPath | None = None,
    name: str,
    seed: int,
    **fitting: Any,
) -> tuple[TimmNetwork, Row]:
    """Train a regression head on the features of the training split, and put it on its backbone.

    Parameters
    ----------
    rows : list of dict
        `image` and `split` of all images; no path is needed.
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
        `recipe`, `classes`, `head`, `training`, `epochs`, and `weights` if the backbone is from a
        checkpoint.
    """
    data = [
        (
            torch.from_numpy(np.stack([features[row["image"]] for row in part])),
            torch.tensor([scores[row["image"]] for row in part], dtype=torch.float64),
        )
        for part in split_training(rows, seed)
    ]
    own_seed = seed_of(seed, "head", name)
    head, history = fit_head(*data, **fitting, seed=own_seed)
    net, about = build_backbone(recipe, pretrained, checkpoint, name, seed)
    shape = {
        "n_features": data[0][0].shape[1],
        "hidden": fitting["hidden"],
        "dropout": fitting["dropout"],
    }
    attach_head(net, **shape).get_submodule("regression_head").load_state_dict(head.state_dict())
    images = {"fitted": len(data[0][0]), "held_back": len(data[1][0])}
    return net, about | {
        "classes": ["score"],
        "head": shape,
        "training": {"pretrained": pretrained, "seed": own_seed, **fitting, **images},
        "accuracy": None,
        "epochs": history,
    }


def fit_head(
    train: Scored,
    stopping: Scored,
    *,
    hidden: Sequence[int],
    dropout: float,
    epochs: int,
    patience: int,
    lr: float,
    batch: int,
    seed: int,
) -> tuple[nn.Sequential, list[dict[str, Any]]]:
    """Fit a head to features and scores, and stop when it no longer improves on images that it is
    not fitted to.

    The fit is on standardised features and scores. The standardisation is then folded into the
    first and last layer, so that the head takes features as they are and gives scores in their own
    unit.

    Parameters
    ----------
    train, stopping : (Tensor, Tensor)
        Features (n, F), float32, and scores (n,), float64; the weights of the epoch with the least
        squared error on `stopping` are kept.
    hidden, dropout
        As for `build_head`.
    epochs : int
        Most passes over the training images.
    patience : int
        Stop after this many epochs without improvement.
    lr : float
    batch : int
    seed : int
        Of the weights, the order of the images and the dropout.

    Returns
    -------
    head : torch.nn.Module
        In evaluation mode.
    history : list of dict
        `epoch`, `loss` (mean squared error in the fit, in standard deviations) and `rmse` on
        `stopping`, in the score's unit; epoch 0 is before the fit.
    """
    torch.manual_seed(seed)
    features, scores = train
    centre, spread = features.mean(dim=0), features.std(dim=0, correction=0)
    # A feature that hardly varies here would be scaled up, and be an outlier where it does vary.
    spread = spread.clamp(
        min=max(
            SMALLEST_SPREAD * float(spread.square().mean().sqrt()), torch.finfo(spread.dtype).tiny
        )
    )
    middle, unit = scores.mean(), scores.std(correction=0) or torch.ones((), dtype=scores.dtype)
    inputs, goals = (features - centre) / spread, ((scores - middle) / unit).float()
    held_back = (stopping[0] - centre) / spread
    head = build_head(features.shape[1], hidden, dropout)
    optimizer = torch.optim.AdamW(head.parameters(), lr=lr, weight_decay=WEIGHT_DECAY)

    def error() -> float:
        with torch.no_grad():
            return float(
                (head.eval()(held_back)[:, 0] * unit + middle - stopping[1]).square().mean().sqrt()
            )

    history: list[dict[str, Any]] = [{"epoch": 0, "loss": None, "rmse": error()}]
    best, kept = history[0], copy.deepcopy(head.state_dict())
    while len(history) <= epochs and len(history) - best["epoch"] <= patience:
        head.train()
        losses = 0.0
        for indices in torch.randperm(len(inputs)).split(batch):
            loss = nn.functional.mse_loss(head(inputs[indices])[:, 0], goals[indices])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            losses += loss.item() * len(indices)
        if not np.isfinite(losses):
            raise InputError(f"the fit of the head diverges at lr {lr:g}; lower `finetuning.lr`")
        history.append({"epoch": len(history), "loss": losses / len(inputs), "rmse": error()})
        if history[-1]["rmse"] < best["rmse"]:
            best, kept = history[-1], copy.deepcopy(head.state_dict())
    head.load_state_dict(kept)
    fold(head, centre, spread, middle, unit)
    return head.eval(), history


@torch.no_grad()
def fold(
    head: nn.Sequential,
    centre: torch.Tensor,
    spread: torch.Tensor,
    middle: torch.Tensor,
    unit: torch.Tensor,
) -> None:
    """Turn a head for standardised features and scores into one for features and scores as they
    are, in place.
    """
    layers = [layer for layer in head if isinstance(layer, nn.Linear)]
    first, last = layers[0], layers[-1]
    first.weight.div_(spread)
    first.bias.sub_(first.weight @ centre)
    last.weight.mul_(unit)
    last.bias.mul_(unit).add_(middle)
