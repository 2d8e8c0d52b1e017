"""Files of weights: .safetensors, and files saved by torch. Other formats are in io.py."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lookalike.core.errors import InputError
from lookalike.core.replacing import replacing
from lookalike.core.types import StrPath

if TYPE_CHECKING:
    import torch

# What a file of another kind starts with, or is called, and what to do about it.
FOREIGN = (
    (b"version https://git-lfs", "a pointer of Git LFS, not the weights; run `git lfs pull`"),
    (b"<", "a web page, not the weights; download the file itself"),
    (b"\x1f\x8b", "a compressed file; unpack it"),
    (b"GGUF", "a GGUF file; give `model.state_dict()` of PyTorch"),
    (b"\x89HDF", "an HDF5 file, as Keras writes; give `model.state_dict()` of PyTorch"),
)
FOREIGN_SUFFIXES = {
    ".onnx": "ONNX",
    ".pb": "TensorFlow",
    ".tflite": "TensorFlow",
    ".keras": "Keras",
    ".npz": "NumPy",
    ".npy": "NumPy",
    ".msgpack": "Flax",
}
DEEPEST = 50  # dots in a name


def read_weights(path: StrPath) -> "dict[str, torch.Tensor]":
    """Return all tensors of a checkpoint: .safetensors, or a file that torch saved with nothing but
    tensors and plain values.

    Parameters
    ----------
    path : path-like
        What it is shows in its content, not in its suffix.

    Returns
    -------
    dict of Tensor
        By name. A training checkpoint holds state dicts below other keys: `weight` in `net` is
        `net.weight`.

    Raises
    ------
    InputError
        For a file that is absent or damaged, that would import more than tensors, or that holds
        none.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give the file of weights in it")
    if not path.is_file():
        raise InputError(f"{path}: no such checkpoint")
    with path.open("rb") as file:
        start = file.read(32)
    if kind := next((kind for first, kind in FOREIGN if start.startswith(first)), None):
        raise InputError(f"{path}: is {kind}")
    try:
        content = load_safetensors(path) if start[8:9] == b"{" else load_of_torch(path)
    except Exception as error:
        raise InputError(
            f"{path}: {complaint(str(error) or type(error).__name__, path.suffix)}"
        ) from None
    found: dict[str, torch.Tensor] = {}
    collect_tensors(content, found, path)
    if not found:
        raise InputError(
            f"{path}: holds no state dict, neither by itself nor below a key; save "
            "`model.state_dict()` alone"
        )
    return found


def load_safetensors(path: Path) -> "dict[str, torch.Tensor]":
    """Return the tensors of a .safetensors file."""
    from safetensors.torch import load_file

    return load_file(path)


def load_of_torch(path: Path) -> Any:
    """Return what torch saved, without running code of the file."""
    import argparse

    import numpy as np
    import torch

    # What training scripts put next to the weights: arguments, and numbers of NumPy.
    kinds = (np.float64, np.float32, np.int64, np.bool_)
    scalar: Any = np.float64().__reduce__()[0]
    # NumPy 1 calls the module of its scalars otherwise.
    names = [(scalar, f"numpy.{module}.multiarray.scalar") for module in ("core", "_core")]
    harmless: list[Any] = [
        argparse.Namespace,
        np.dtype,
        *(type(np.dtype(kind)) for kind in kinds),
        *names,
    ]
    # Not the path, of which torch reads the suffix.
    with torch.serialization.safe_globals(harmless), path.open("rb") as file:
        return torch.load(file, map_location="cpu", weights_only=True)


def collect_tensors(
    content: Any, found: "dict[str, torch.Tensor]", path: Path, prefix: str = ""
) -> None:
    """Add the tensors in nested dictionaries to those found, under their keys joined by dots."""
    import torch

    if not isinstance(content, Mapping):
        return
    if prefix.count(".") > DEEPEST:
        raise InputError(
            f"{path}: its dictionaries are nested too deep; save `model.state_dict()` alone"
        )
    for key, value in content.items():
        name = f"{prefix}{key}"
        if torch.is_tensor(value):
            if name in found:
                raise InputError(f"{path}: holds two tensors {name!r}; save one network alone")
            found[name] = value
        else:
            collect_tensors(value, found, path, f"{name}.")


def complaint(text: str, suffix: str) -> str:
    """Return in one line, from the reader's own message, why a checkpoint cannot be read, and the
    remedy.
    """
    if suffix in FOREIGN_SUFFIXES:
        return (
            f"is a file of {FOREIGN_SUFFIXES[suffix]}; give `model.state_dict()` of PyTorch, as "
            ".safetensors or .pth"
        )
    if "TorchScript" in text:
        return (
            "is a compiled program of TorchScript; save `torch.jit.load(FILE).state_dict()` alone"
        )
    foreign = re.search(r"GLOBAL (\S+)", text)
    if foreign:
        return (
            f"not a readable checkpoint of plain weights: it would import {foreign[1]!r}, "
            "which could run code; save `model.state_dict()` alone"
        )
    reason = re.search(r"WeightsUnpickler error: (.+)", text)
    first_line = reason[1] if reason else text.strip().splitlines()[0]
    return (
        f"not a readable checkpoint of plain weights ({first_line}); is it whole? copy it again, "
        "or save `model.state_dict()` alone"
    )


def check_values(
    source: StrPath, weights: "Mapping[str, torch.Tensor]", expected: "Mapping[str, torch.Tensor]"
) -> None:
    """Refuse weights that are no plain numbers, or not finite.

    Parameters
    ----------
    source : path-like
        Where they come from, for errors.
    weights, expected : dict of Tensor
        Of a file, and of the network that takes them.
    """
    import torch

    floats = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
    broken = []
    for name, tensor in weights.items():
        if expected[name].is_meta:
            continue
        # A counter may be a whole number of any kind.
        known = tensor.dtype in floats or not (
            expected[name].is_floating_point() or tensor.is_quantized or tensor.is_complex()
        )
        if not known or tensor.layout != torch.strided or tensor.is_meta:
            kind = str(tensor.dtype if tensor.layout == torch.strided else tensor.layout)
            raise InputError(
                f"{source}: {name!r} is stored as {kind.removeprefix('torch.')}, and not as plain "
                "numbers; give the weights from before quantisation, in float16 or wider"
            )
        if not bool(torch.isfinite(tensor).all()):
            broken.append(name)
    if broken:
        shown = ", ".join(map(repr, broken[:3])) + ", ..." * (len(broken) > 3)
        raise InputError(
            f"{source}: {len(broken)} weights hold NaN or infinite values: {shown}; give weights "
            "from before the training diverged"
        )


def write_weights(path: StrPath, weights: "Mapping[str, torch.Tensor]") -> None:
    """Write a state dict as .safetensors."""
    from safetensors.torch import save_file

    with replacing(path) as temporary:
        save_file(
            {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()},
            temporary,
        )
