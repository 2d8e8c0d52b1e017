"""Fine-tuning: head first, then everything; one-cycle; augmentation; the best epoch is kept."""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from lookalike.core.errors import InputError
from lookalike.core.seeding import seed_of
from lookalike.core.types import Row, StrPath
from lookalike.images.reading import Fit, load_images
from lookalike.images.sampling import hold_back, training_classes
from lookalike.models.checkpoints import start_network
from lookalike.models.epochs import Labelled, Normalise, Phase, run_epoch
from lookalike.models.networks import Recipe, TimmNetwork, check_size, to_tensor
from lookalike.models.normalisation import normaliser_of
from lookalike.models.unfinished import Unfinished

WEIGHT_DECAY = 0.05
WARM_UP_SHARE = 0.3


def finetune_from_manifest(
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
    unfinished: Unfinished | None = None,
    **schedule: Any,
) -> tuple[TimmNetwork, Row]:
    """Build a classifier for the labels of a manifest and train it on its train split.

    The best epoch is chosen on a part of that split that is held back, so that the accuracy on the
    validation split, whose images are explained, is not the best of several.

    Parameters
    ----------
    rows : list of dict
        Of the manifest.
    recipe : dict
        `timm` and `options`.
    pretrained : bool
        Whether to start from timm's weights.
    checkpoint : path-like, optional
        File of weights to start from, under a fresh head.
    size : int
        Side of the images in pixels.
    fit : {"crop", "squash", "pad"}
        How images are brought to a square.
    name : str
        Of the model: with the seed it decides the fresh weights and the order of the images.
    seed : int
    device : torch.device
    threads : int
        For decoding images.
    unfinished : Unfinished, optional
        Where the state is kept after each epoch, so that an interrupted training can go on.
    **schedule
        Of `finetune`: `epochs`, `freeze_epochs`, `lr`, `batch`.

    Returns
    -------
    net : torch.nn.Module
    sidecar : dict
        `recipe`, `classes`, `training`, `accuracy` on the validation split (before, after),
        `epochs`, and `weights` if training started from a checkpoint.

    Raises
    ------
    InputError
        If there are fewer than two classes, a split without images, or classes in val alone.
    """
    classes = training_classes(rows, name)
    parts = (*hold_back(list(rows), seed), [row for row in rows if row["split"] == "val"])
    train, held_back, validation = (
        (
            load_images(part, size, fit, threads),
            np.array([classes.index(row["label"]) for row in part]),
        )
        for part in parts
    )
    own_seed = seed_of(seed, "training", name)
    net, about = start_network(recipe, len(classes), pretrained, checkpoint, own_seed)
    net.to(device)
    check_size(net, size)
    normalise = normaliser_of(net, device)
    before = accuracy(net, normalise, *validation, device=device)
    if unfinished:
        unfinished.begin(net, (*train, *held_back), device, about["recipe"], schedule, own_seed)
    try:
        history = finetune(
            net,
            normalise,
            train,
            held_back,
            **schedule,
            seed=own_seed,
            device=device,
            unfinished=unfinished,
        )
    except torch.OutOfMemoryError:
        # Half a batch would be another training.
        batch = schedule["batch"]
        raise InputError(
            f"fine-tuning {name}: the card's memory is too small for batches of {batch} images; "
            f"set `finetuning: {{batch: {max(batch // 2, 1)}}}`, or lower `images.size`"
        ) from None
    return net, about | {
        "classes": classes,
        "training": {
            "pretrained": pretrained,
            "size": size,
            "seed": own_seed,
            "device": str(device),
            "held_back": len(held_back[1]),
            **schedule,
        },
        "accuracy": {
            "before": before,
            "after": accuracy(net, normalise, *validation, device=device),
        },
        "epochs": history,
    }


def finetune(
    net: TimmNetwork,
    normalise: Normalise,
    train: Labelled,
    held_back: Labelled,
    *,
    epochs: int,
    freeze_epochs: int,
    lr: float,
    batch: int,
    seed: int,
    device: torch.device | str = "cpu",
    unfinished: Unfinished | None = None,
) -> list[dict[str, Any]]:
    """Train a classifier in place and leave it at the weights of its best epoch.

    Parameters
    ----------
    net : torch.nn.Module
        A timm classifier on `device`.
    normalise : callable
        From images in [0, 1] to what the network expects.
    train, held_back : (ndarray, ndarray)
        Images (n, H, W, 3) uint8, and class indices (n,); the best epoch is that of the highest
        accuracy on those held back.
    epochs : int
        Over the whole network.
    freeze_epochs : int
        Before them, over the head alone.
    lr : float
        Peak of the one-cycle schedule.
    batch : int
    seed : int
        Of the order of the images and of the augmentation.
    unfinished : Unfinished, optional
        Holds the state of the same training if it was interrupted; it then goes on from there.

    Returns
    -------
    list of dict
        `epoch`, `phase`, `loss`, `train_accuracy`, `accuracy` (held back); epoch 0 is before
        training.
    """
    generator = torch.Generator().manual_seed(seed)
    history: list[dict[str, Any]] = [
        {
            "epoch": 0,
            "phase": "before",
            "loss": None,
            "train_accuracy": None,
            "accuracy": accuracy(net, normalise, *held_back, device=device),
        }
    ]
    best = None
    if state := unfinished and unfinished.load(device):
        net.load_state_dict(state["weights"])
        generator.set_state(state["order"])
        history, best = state["history"], state["best"]
    done = len(history) - 1
    steps = -(-len(train[0]) // batch)
    phases: list[tuple[Phase, int]] = [("head", freeze_epochs), ("all", epochs)]
    for phase, n_epochs in phases:
        if n_epochs <= done:
            done -= n_epochs
            continue
        trained = choose_parameters(net, phase)
        # The default for GPUs; on a CPU, too, it takes half the time, with the same bits.
        optimizer = torch.optim.AdamW(trained, lr=lr, weight_decay=WEIGHT_DECAY, foreach=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, lr, total_steps=n_epochs * steps, pct_start=WARM_UP_SHARE
        )
        if state and done:
            optimizer.load_state_dict(state["optimizer"])
            schedule.load_state_dict(state["schedule"])
        with tqdm(
            total=n_epochs * steps,
            initial=done * steps,
            desc=f"training ({phase})",
            unit="batch",
            mininterval=5,
        ) as bar:
            for _ in range(done, n_epochs):
                loss, train_accuracy = run_epoch(
                    net, normalise, train, batch, optimizer, schedule, generator, device, phase, bar
                )
                reached = accuracy(net, normalise, *held_back, device=device)
                history.append(
                    {
                        "epoch": len(history),
                        "phase": phase,
                        "loss": loss,
                        "train_accuracy": train_accuracy,
                        "accuracy": reached,
                    }
                )
                bar.set_postfix(loss=f"{loss:.3f}", accuracy=f"{reached:.3f}")
                if best is None or reached >= best[0]:
                    best = reached, copy.deepcopy(net.state_dict())
                if unfinished:
                    unfinished.save(
                        device,
                        weights=net.state_dict(),
                        optimizer=optimizer.state_dict(),
                        schedule=schedule.state_dict(),
                        order=generator.get_state(),
                        history=history,
                        best=best,
                    )
        done = 0
    if best:
        net.load_state_dict(best[1])
    net.eval()
    return history


def choose_parameters(net: TimmNetwork, phase: Phase) -> list[torch.nn.Parameter]:
    """Thaw the parameters that a phase trains, freeze the others, and return the thawed."""
    net.requires_grad_(phase == "all")
    if phase == "head":
        heads = net.get_classifier()
        # Distilled transformers have two.
        for head in heads if isinstance(heads, tuple) else (heads,):
            head.requires_grad_(True)
    return [parameter for parameter in net.parameters() if parameter.requires_grad]


@torch.no_grad()
def accuracy(
    net: torch.nn.Module,
    normalise: Normalise,
    images: np.ndarray,
    labels: np.ndarray,
    batch: int = 128,
    device: torch.device | str = "cpu",
) -> float:
    """Return the share of uint8 images (n, H, W, 3) that are classified correctly."""
    net.eval()
    hits = [
        net(normalise(to_tensor(images[start : start + batch], device))).argmax(1).cpu().numpy()
        == labels[start : start + batch]
        for start in range(0, len(images), batch)
    ]
    return float(np.concatenate(hits).mean())
