"""One epoch of training: batches in a random order, augmented; in mixed precision on a GPU."""

import contextlib
from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from tqdm import tqdm

from lookalike.models.augmentation import augment
from lookalike.models.networks import TimmNetwork, to_tensor

Normalise = Callable[[torch.Tensor], torch.Tensor]
# Images (n, H, W, 3) uint8, and class indices (n,).
Labelled = tuple[np.ndarray, np.ndarray]
Phase = Literal["head", "all"]


def run_epoch(
    net: TimmNetwork,
    normalise: Normalise,
    train: Labelled,
    batch: int,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    generator: torch.Generator,
    device: torch.device | str,
    phase: Phase,
    bar: tqdm,
) -> tuple[float, float]:
    """Train for one epoch; return the mean loss and the accuracy on the augmented images."""
    images, labels = train
    # A frozen backbone keeps its batch statistics too.
    net.train(phase == "all")
    autocast, scaler = mixed_precision(device)
    losses = hits = 0.0
    order = torch.randperm(len(images), generator=generator)
    # A batch of one image has no batch statistics.
    for indices in [part for part in order.split(batch) if len(part) > 1 or len(images) == 1]:
        inputs = normalise(augment(to_tensor(images[indices.numpy()], device), generator))
        targets = torch.from_numpy(labels[indices.numpy()]).to(device)
        with autocast():
            logits = net(inputs)
            loss = torch.nn.functional.cross_entropy(logits, targets)
        optimizer.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        schedule.step()
        losses += loss.item() * len(indices)
        hits += (logits.argmax(1) == targets).sum().item()
        bar.update()
    return losses / len(images), hits / len(images)


def mixed_precision(
    device: torch.device | str,
) -> tuple[Callable[[], contextlib.AbstractContextManager], torch.amp.GradScaler]:
    """Return an autocast context factory and a gradient scaler; both do nothing on a CPU."""
    if torch.device(device).type == "cpu":
        return contextlib.nullcontext, torch.amp.GradScaler("cpu", enabled=False)
    dtype = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return lambda: torch.autocast("cuda", dtype), torch.amp.GradScaler(
        "cuda", enabled=dtype == torch.float16
    )
