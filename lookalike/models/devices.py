"""The device of a job: the least busy GPU, or the CPU with the job's threads."""

import fcntl
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch


def claim_device(threads: int) -> torch.device:
    """Choose the device of this process and hold it until the process ends.

    Parameters
    ----------
    threads : int
        Of torch on the CPU.

    Returns
    -------
    torch.device
    """
    torch.set_num_threads(threads)
    # As use_deterministic_algorithms, which imports torch's compiler to tell it as well.
    torch.set_deterministic_debug_mode("warn")
    # Else every new tensor is filled before it is written: up to 16% of a training step.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    count = torch.cuda.device_count()
    if count == 0:
        return torch.device("cpu")
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    cards = visible.split(",") if visible else [str(index) for index in range(count)]
    return torch.device(
        "cuda", claim_card(cards, Path(tempfile.gettempdir(), f"lookalike-cards-{os.getuid()}"))
    )


def claim_card(cards: Sequence[str], folder: Path) -> int:
    """Claim the GPU with the fewest claims, by a lock that ends with this process.

    Parameters
    ----------
    cards : list of str
        Names of the GPUs, the same in every process.
    folder : path
        Of the lock files, shared by the processes.

    Returns
    -------
    int
        Index of the GPU in the list.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    claims = 0
    while True:
        for index, card in enumerate(cards):
            handle = os.open(
                folder / f"{card.replace('/', '_')}.{claims}", os.O_RDWR | os.O_CREAT, 0o600
            )
            try:
                # Never closed: the lock lasts as long as the process.
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return index
            except BlockingIOError:
                os.close(handle)
        claims += 1
