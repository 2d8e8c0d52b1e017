"""Training that was interrupted goes on from its last whole epoch, to the same end bit by bit."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import torch
from torch import nn

from lookalike.core.replacing import replacing
from lookalike.core.types import StrPath


class Unfinished:
    """The state of a training after each epoch, in a file that is gone when the training ends.

    Parameters
    ----------
    path : path-like
    source : Any
        What the training depends on besides its arguments: its code and packages.
    """

    def __init__(self, path: StrPath, source: Any = None) -> None:
        self.path, self.source, self.key = Path(path), source, ""

    def begin(
        self, net: nn.Module, arrays: Sequence[np.ndarray], device: torch.device, *about: Any
    ) -> None:
        """Set the key: a hash of all that decides how a training ends. A state that was saved under
        another key is not used.

        Parameters
        ----------
        net : torch.nn.Module
            Before the training.
        arrays : sequence of ndarray
            Images and labels.
        device : torch.device
        *about
            Anything else, with a text of its own.
        """
        card = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
        threads = torch.get_num_threads()
        about = (self.source, torch.__version__, card, threads, *about)
        digest = hashlib.sha256(repr(about).encode())
        for name, tensor in net.state_dict().items():
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
        for array in arrays:
            digest.update(repr((array.dtype.str, array.shape)).encode())
            digest.update(np.ascontiguousarray(array).data)
        self.key = digest.hexdigest()

    def load(self, device: torch.device | str) -> dict[str, Any] | None:
        """Return the state that was saved last for the same training, and set the state of torch's
        random numbers; None if there is none, or it cannot be read.
        """
        if not self.path.exists():
            return None
        try:
            # torch does not look at the checksums of its files, which are zip archives.
            with ZipFile(self.path) as archive:
                broken = archive.testzip()
            state = None if broken else torch.load(self.path, "cpu", weights_only=True)
        except Exception:
            state = None
        if state is None:
            print(f"{self.path}: cannot be read; the training starts from the beginning")
            return None
        if state["key"] != self.key:
            print(f"{self.path}: is of another training; this one starts from the beginning")
            return None
        torch.set_rng_state(state["random"])
        if torch.device(device).type == "cuda":
            torch.cuda.set_rng_state(state["random of the card"], device)
        print(f"the training goes on after epoch {len(state['history']) - 1}")
        return state

    def save(self, device: torch.device | str, **state: Any) -> None:
        """Save the state after an epoch: tensors, numbers, texts, and lists and dicts of them."""
        state |= {"key": self.key, "random": torch.get_rng_state()}
        if torch.device(device).type == "cuda":
            state["random of the card"] = torch.cuda.get_rng_state(device)
        with replacing(self.path) as temporary:
            torch.save(state, temporary)

    def end(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)
