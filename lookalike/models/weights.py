"""Files of weights: .safetensors, files saved by torch, and timm's pretrained weights. Other
formats are in io.py.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lookalike.core.errors import InputError
from lookalike.core.io import replacing
from lookalike.core.types import StrPath

if TYPE_CHECKING:
    import torch

# Where training checkpoints keep their state dict; as in timm, a running average comes before the
# last step.
ENTRIES = ("state_dict_ema", "model_ema", "state_dict", "model_state_dict", "model")
HUB_FILES = ("model.safetensors", "pytorch_model.bin")
PATIENCE = 10  # seconds until a server counts as away


def read_weights(path: StrPath) -> "dict[str, torch.Tensor]":
    """Return the state dict of a checkpoint: .safetensors, or .pt and .pth with only weights.

    Parameters
    ----------
    path : path-like
        A state dict by itself, or a training checkpoint that holds one under one of `ENTRIES`.

    Returns
    -------
    dict of Tensor

    Raises
    ------
    InputError
        For a file that is absent or damaged, that would import more than tensors, or that holds no
        state dict.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such checkpoint")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        import torch

        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(f"{path}: {complaint(str(error) or type(error).__name__)}") from None
    for key in ENTRIES:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if (
        not isinstance(content, dict)
        or not content
        or not all(
            isinstance(name, str) and torch.is_tensor(tensor) for name, tensor in content.items()
        )
    ):
        raise InputError(
            f"{path}: holds no state dict, neither by itself nor as "
            f"{' or '.join(map(repr, ENTRIES))}; save `model.state_dict()` alone"
        )
    return content


def complaint(text: str) -> str:
    """Return in one line, from the reader's own message, why a checkpoint cannot be read, and the
    remedy.
    """
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


def write_weights(path: StrPath, weights: "Mapping[str, torch.Tensor]") -> None:
    """Write a state dict as .safetensors."""
    from safetensors.torch import save_file

    with replacing(path) as temporary:
        save_file(
            {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()},
            temporary,
        )


def check_pretrained(
    name: str, source: dict[str, Any], cache_dir: str | Path | None = None
) -> None:
    """Refuse pretrained weights that are neither in the cache nor available, after one try.

    The hub's own client would try for minutes before it reports an error.

    Parameters
    ----------
    name : str
        Of the timm model, for the error.
    source : dict
        timm's `pretrained_cfg`.
    cache_dir : path-like, optional
        Instead of the hub's or torch's own cache.

    Raises
    ------
    InputError
        It names the file to download, and where to put it.
    """
    if source.get("file") or source.get("state_dict"):
        return
    if not source.get("hf_hub_id") and not source.get("url"):
        raise InputError(
            f"timm has no pretrained weights of {name!r}; give your own as `checkpoint:`, or "
            "set `pretrained: false`"
        )
    cached, ask, remedy = (
        hub_source(source, cache_dir)
        if source.get("hf_hub_id")
        else url_source(source["url"], cache_dir)
    )
    if cached:
        return
    try:
        ask()
    except Exception as error:
        cause = (str(error).strip() or type(error).__name__).splitlines()[0]
        remedies = f"{remedy}, or give the file as `checkpoint:`, or set `pretrained: false`"
        raise InputError(
            f"the pretrained weights of {name!r} are not available ({cause}); {remedies}"
        ) from None


def hub_source(
    source: dict[str, Any], cache_dir: str | Path | None
) -> tuple[bool, Callable[[], None], str]:
    """Return whether a model of the hub is in the cache, a function that asks the hub for it, and
    what to download.
    """
    import huggingface_hub as hub

    repository, _, revision = source["hf_hub_id"].partition("@")
    version = {"revision": revision or None}
    files = [source["hf_hub_filename"]] if source.get("hf_hub_filename") else HUB_FILES
    cached = any(
        isinstance(
            hub.try_to_load_from_cache(repository, file, cache_dir=cache_dir, **version), str
        )
        for file in files
    )

    def ask() -> None:
        try:
            hub.get_hf_file_metadata(
                hub.hf_hub_url(repository, files[0], **version), timeout=PATIENCE
            )
        except hub.errors.RemoteEntryNotFoundError:
            # The hub answers; timm then asks for the other file.
            return

    folder = cache_dir or hub.constants.HF_HUB_CACHE
    remedy = (
        f"download {files[0]} of {repository} where there is a network (`hf download "
        f"{repository} {files[0]}`) and copy that cache to {folder}"
    )
    return cached, ask, remedy


def url_source(url: str, cache_dir: str | Path | None) -> tuple[bool, Callable[[], None], str]:
    """Return whether the file of a URL is in the cache, a function that asks its server, and what
    to download.
    """
    import huggingface_hub as hub
    import torch

    folder = Path(cache_dir or Path(torch.hub.get_dir(), "checkpoints"))
    file = Path(url).name

    def ask() -> None:
        import urllib.request

        # Offline mode is about the hub, but without a network other servers are out of reach too.
        if hub.constants.HF_HUB_OFFLINE:
            raise ConnectionError("offline mode, HF_HUB_OFFLINE, is on")
        urllib.request.urlopen(url, timeout=PATIENCE).close()

    return (folder / file).is_file(), ask, f"download {url} to {folder / file}"
