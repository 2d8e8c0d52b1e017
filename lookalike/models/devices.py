"""The device of a job: the least busy GPU, or the CPU with the job's threads."""

import contextlib
import errno
import fcntl
import os
import socket
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import torch

# Not the system's temporary folder, which may be another one in each job.
SHARED = Path("/tmp")


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
    return torch.device("cuda", claim_card(visible_cards(count), folders()))


def visible_cards(count: int) -> list[str]:
    """Return the names of the GPUs that torch sees, the same in every process of this machine."""
    names = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[:count]
    # CUDA leaves out the first that is not there, and all that follow.
    return (
        [name.strip() for name in names]
        if len(names) == count and all(names)
        else [str(index) for index in range(count)]
    )


def folders() -> list[Path]:
    """Return where the locks may lie, the best place first: in a folder of this user alone."""
    name = f"lookalike-cards-{os.getuid()}"
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    found = [runtime / name] if runtime.is_absolute() and runtime.is_dir() else []
    # A home may be shared by several machines.
    return [*found, SHARED / name, Path.home() / ".cache" / f"{name}-{socket.gethostname()}"]


def claim_card(cards: Sequence[str], places: Sequence[Path]) -> int:
    """Claim the GPU with the fewest claims, by a lock that ends with this process.

    Parameters
    ----------
    cards : list of str
        Names of the GPUs, the same in every process.
    places : list of path
        Folders for the lock files, shared by the processes. The first is used that nobody else may
        write to.

    Returns
    -------
    int
        Index of the GPU in the list.
    """
    for place in places:
        try:
            folder = open_private(place)
        except OSError as error:
            print(f"{place}: not used for the locks of cards ({error.strerror})")
            continue
        try:
            return claim_in(folder, cards)
        except OSError as error:
            print(f"{place}: not used for the locks of cards ({error.strerror})")
        finally:
            os.close(folder)
    print("no folder for the locks of cards: jobs may share a card while another is free")
    return os.getpid() % len(cards)


def open_private(place: Path) -> int:
    """Open a folder that nobody else may write to; make it if it is not there.

    Raises
    ------
    OSError
        If it cannot be made, is a link, or belongs to another user, or others may write to it.
    """
    with contextlib.suppress(FileExistsError):
        place.parent.mkdir(exist_ok=True)
        place.mkdir(mode=0o700)
    folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    about = os.fstat(folder)
    if about.st_uid == os.getuid() and not about.st_mode & 0o022:
        return folder
    os.close(folder)
    raise PermissionError(errno.EPERM, "others may write to it")


def claim_in(folder: int, cards: Sequence[str]) -> int:
    """Claim the GPU with the fewest claims by a lock file in an open folder.

    A claim is a file that its process holds; one that nobody holds is that of a process that has
    ended.
    """
    names = [card.replace("/", "_") for card in cards]
    gate = open_in(folder, "gate")
    try:
        # One process at a time counts and claims.
        fcntl.flock(gate, fcntl.LOCK_EX)
        claims: Counter[str] = Counter()
        for claim in os.listdir(folder):
            card, _, kind = claim.rpartition(".")
            if kind != "claim":
                continue
            if is_held(folder, claim):
                claims[card.rpartition(".")[0]] += 1
            else:
                os.unlink(claim, dir_fd=folder)
        index = min(range(len(names)), key=lambda index: claims[names[index]])
        # Never closed: the lock lasts as long as the process.
        own = open_in(folder, f"{names[index]}.{uuid4().hex}.claim")
        fcntl.flock(own, fcntl.LOCK_EX)
        return index
    finally:
        os.close(gate)


def is_held(folder: int, claim: str) -> bool:
    """Return whether a living process holds a claim."""
    handle = open_in(folder, claim)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def open_in(folder: int, name: str) -> int:
    """Open a file in an open folder, and follow no link."""
    return os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600, dir_fd=folder)
