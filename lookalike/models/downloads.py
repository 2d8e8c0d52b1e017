"""timm's pretrained weights: in a cache, on the hub, on another server, or out of reach."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lookalike.core.errors import InputError, cut

HUB_FILES = ("model.safetensors", "pytorch_model.bin")
PATIENCE = 10  # seconds until a server counts as away
LONGEST_CAUSE = 60  # characters


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
    check_reachable(
        f"the pretrained weights of {name!r}",
        source,
        cache_dir,
        "or give the file as `checkpoint:`, or set `pretrained: false`",
    )


def check_reachable(
    what: str, source: dict[str, Any], cache_dir: str | Path | None, remedy: str
) -> None:
    """Refuse a file that is neither in the cache nor available, after one try.

    Parameters
    ----------
    what : str
        It is, for the error.
    source : dict
        Of timm's `pretrained_cfg`, the hub's or a server's address.
    cache_dir : path-like or None
        Instead of the hub's or torch's own cache.
    remedy : str
        What to do other than download the file.
    """
    cached, ask, download = (
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
        # Without the address that was asked: an error has to be short.
        cause = cut(cause.rpartition(": ")[2].rstrip("."), LONGEST_CAUSE)
        verb = "are" if what.startswith("the ") else "is"
        raise InputError(f"{what} {verb} not available ({cause}); {download}, {remedy}") from None


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
        f"run `hf download {repository} {files[0]}` where there is a network and copy its cache "
        f"to {folder}"
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
