"""What timm calls its networks, found without importing it, which takes seconds."""

import importlib.util
import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from lookalike.core.errors import InputError, unknown

LOCAL, HUB = "local-dir", "hf-hub"


def split_source(name: str) -> tuple[str | None, str]:
    """Return where timm looks for a network and what it looks for: a folder, a repository of the
    hub, or, with None, a name of its own.

    Raises
    ------
    InputError
        For another source, or a path or a repository without one.
    """
    source, colon, place = name.partition(":")
    source = source.lower().replace("_", "-")
    if colon and source in (LOCAL, HUB) and place:
        if source == LOCAL:
            return LOCAL, os.path.expandvars(Path(place).expanduser())
        if re.fullmatch(r"[\w.-]+(/[\w.-]+)?(@[\w./-]+)?", place):
            return HUB, place
        raise InputError(f"timm model {name!r}: needs {HUB}:OWNER/NAME")
    if colon or "/" in name or "\\" in name:
        raise InputError(
            f"timm model {name!r}: is no name of timm's; give {LOCAL}:FOLDER, {HUB}:OWNER/NAME, or "
            "a name of timm and a file of weights as `checkpoint:`"
        )
    return None, name


def local_folder(name: str | None) -> str | None:
    """Return the folder that a name of a network speaks of, if it does."""
    source, place = split_source(name) if name else (None, "")
    return place if source == LOCAL else None


@cache
def module_of(architecture: str) -> str:
    """Return the text of the module in which timm registers a network; empty if none is found."""
    found = importlib.util.find_spec("timm")
    folder = Path(found.origin or "").parent / "models" if found else Path()
    files = sorted(folder.glob("*.py")) if found else []
    # Most names begin like their module, which is looked at first.
    files.sort(key=lambda file: not architecture.startswith(file.stem[:4]))
    pattern = re.compile(rf"@register_model\s+def {re.escape(architecture)}\(")
    return next(
        (text for file in files if pattern.search(text := file.read_text(encoding="utf-8"))), ""
    )


def check_name(name: str) -> None:
    """Refuse a name that timm does not have."""
    from lookalike.models.compiler import import_timm

    timm = import_timm()
    architecture, _, tag = name.partition(".")
    if not timm.is_model(architecture):
        raise unknown("timm model", architecture, timm.list_models())
    tagged = timm.list_pretrained(f"{architecture}.*")
    if tag and name not in tagged:
        raise unknown("timm model", name, tagged)


def is_listed(name: str) -> bool:
    """Tell whether a name stands in timm's code; False is not certain, since few names are made up
    there.
    """
    architecture, _, tag = name.partition(".")
    text = module_of(architecture)
    return bool(text) and (not tag or f"'{name}'" in text or f'"{name}"' in text)


def side_of(name: str) -> int | None:
    """Return the side in pixels of the images that a network of one size alone takes, as its entry
    in timm's code says; None for other networks, and where it is not known.
    """
    text = module_of(name.partition(".")[0])
    tag = re.escape(name) if "." in name else rf"{re.escape(name)}\.\w+"
    found = re.search(rf"['\"]{tag}['\"]: ?\w*_cfg\w*\((.*?)\n(?:    ['\"]|}})", text, re.DOTALL)
    entry = found[1] if found else ""
    # An entry's own word goes before that of all entries of the module.
    fixed = re.search(r"fixed_input_size=(\w+)", entry) or re.search(
        r"['\"]fixed_input_size['\"]: ?(\w+)", text
    )
    if not (fixed and fixed[1] == "True"):
        return None
    sizes = [
        found[1]
        for part in (entry, text)
        if (found := re.search(r"input_size['\"]?[=:] ?\(3, (\d+), \d+\)", part))
    ]
    return int(sizes[0]) if sizes else None


def architecture_of(folder: str) -> str:
    """Return the name in timm of the network in a folder, as its config.json says."""
    path = Path(folder, "config.json")
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        return str(content["architecture"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: names no `architecture` of timm ({error!r})") from None
