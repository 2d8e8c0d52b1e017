"""Fingerprints: the code and the packages behind a result, so that Snakemake notices changes.

A fingerprint covers the code that a script can reach, definition by definition, and the versions of
the packages that this code uses. An edited function reruns what calls it and nothing else.
"""

import functools
import hashlib
import importlib.metadata
import re
import sys
from collections import deque

from lookalike.workflow import sources
from lookalike.workflow.sources import AT_IMPORT, Definition, definitions

# These begin and end a job, or say where it prints; they make no value.
VALUELESS = tuple(f"lookalike/core/{name}.py" for name in ("errors", "jobs", "logs", "sums"))
# No value depends on these either.
VALUELESS_PACKAGES = {"tqdm"}
# Packages whose module has another name.
DISTRIBUTIONS = {
    "PIL": "pillow",
    "skimage": "scikit-image",
    "yaml": "PyYAML",
    "ot": "POT",
    "community": "python-louvain",
    "huggingface_hub": "huggingface-hub",
}


def fingerprint(*paths: str, pins: str | None = None) -> str:
    """Return what a job depends on: a hash of code, and the versions of the packages behind it.

    Parameters
    ----------
    *paths : str
        Files relative to the root of the workflow. Of a Python file everything counts, and of what
        it imports the definitions that are used; of any other file all bytes count.
    pins : path, optional
        File of pinned requirements that says which versions are used, as in conda environments;
        by default those that are installed.

    Returns
    -------
    str
        Unmoved by comments, docstrings and layout.
    """
    code = hashlib.sha256()
    packages: set[str] = set()
    for path in sorted(path for path in paths if not path.endswith(".py")):
        code.update((sources.ROOT / path).read_bytes())
    for file, name, found in reachable(tuple(path for path in paths if path.endswith(".py"))):
        code.update(f"{file} {name} {found.digest}\n".encode())
        packages |= found.packages
    return " ".join([code.hexdigest()[:16], *versions_of(packages, pins)])


@functools.cache
def reachable(paths: tuple[str, ...]) -> list[tuple[str, str, Definition]]:
    """Return all definitions that files can reach, as file, name and definition, sorted."""
    found: dict[tuple[str, str], Definition] = {}
    pending = deque((path, name) for path in paths for name in definitions(path))
    while pending:
        file, name = pending.popleft()
        if (file, name) in found or file in VALUELESS:
            continue
        known = definitions(file)
        if name not in known:
            # All of the module counts: it is `WHOLE`, or a name that the module itself imports.
            pending.extend((file, each) for each in known)
            continue
        found[file, name] = one = known[name]
        pending.extend((file, each) for each in one.names)
        pending.extend(one.symbols)
        # What runs at import runs whichever part is used.
        pending.append((file, AT_IMPORT))
    return [(file, name, found[file, name]) for file, name in sorted(found)]


def files_behind(*paths: str) -> set[str]:
    """Return the files that hold the definitions which some files can reach."""
    return {file for file, _, _ in reachable(paths)}


def versions_behind(*paths: str, pins: str | None = None) -> list[str]:
    """Return the packages that some files compute with, as NAME==VERSION, sorted."""
    return versions_of(set().union(*(found.packages for _, _, found in reachable(paths))), pins)


def versions_of(packages: set[str], pins: str | None) -> list[str]:
    """Return packages with their versions, as NAME==VERSION, sorted; the standard library aside."""
    pinned = pins_of(pins) if pins else {}
    foreign = packages - sys.stdlib_module_names - VALUELESS_PACKAGES
    names = sorted({DISTRIBUTIONS.get(name, name) for name in foreign}, key=str.lower)
    versions = [(name, pinned.get(name.lower()) or installed_version(name)) for name in names]
    return [f"{name}=={version}" for name, version in versions if version]


@functools.cache
def installed_version(name: str) -> str:
    """Return the version of an installed package; empty if there is none."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


@functools.cache
def pins_of(path: str) -> dict[str, str]:
    """Return the versions that a file of requirements pins, by lower-case names."""
    text = (sources.ROOT / path).read_text(encoding="utf-8")
    pinned = re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", text, re.MULTILINE)
    return {name.lower(): version for name, version in pinned}
