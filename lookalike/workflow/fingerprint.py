"""Fingerprints of source files, so that Snakemake notices when the code behind a result changes."""

import ast
import functools
import hashlib
from pathlib import Path

ROOT = Path(__file__).parents[2]
# These carry values and never make them: a change in them does not make a result stale.
PLUMBING = {
    f"lookalike/{name}.py"
    for name in (
        "models/devices",
        "images/archives",
        "core/errors",
        "core/io",
        "core/logs",
        "core/memoising",
        "maps/stacks",
    )
}


def fingerprint(*paths):
    """Hash what source files do, together with every module of lookalike that they import.

    Parameters
    ----------
    *paths : str
        Relative to the root of the workflow.

    Returns
    -------
    str
        Unmoved by comments, docstrings and layout.
    """
    files = sorted(set().union(*(closure(path) for path in paths)))
    return hashlib.sha256(
        "\n".join(f"{path} {examine(path)[1]}" for path in files).encode()
    ).hexdigest()[:16]


def closure(path):
    """Return a file and, transitively, the files of lookalike that it imports, without the
    plumbing.
    """
    found, pending = set(), [path]
    while pending:
        current = pending.pop()
        if current not in found and current not in PLUMBING:
            found.add(current)
            pending.extend(examine(current)[0])
    return frozenset(found)


@functools.cache
def examine(path):
    """Return the files of lookalike that a file imports, and a hash of what it does: of Python's
    syntax tree, docstrings left out, else of all bytes.
    """
    if not path.endswith(".py"):
        return (), hashlib.sha256((ROOT / path).read_bytes()).hexdigest()
    tree, modules = ast.parse((ROOT / path).read_text(encoding="utf-8")), set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            node.body = body[1:]
        elif isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.add(node.module)
            modules.update(f"{node.module}.{alias.name}" for alias in node.names)
    files = {
        module.replace(".", "/") + ".py" for module in modules if module.startswith("lookalike.")
    }
    return sorted(file for file in files if (ROOT / file).is_file()), hashlib.sha256(
        repr(plain(tree)).encode()
    ).hexdigest()


def plain(node):
    """Return a syntax tree as nested tuples, without what is empty: then it is the same under every
    Python version.
    """
    if isinstance(node, ast.AST):
        fields = (
            (name, plain(value))
            for name, value in ast.iter_fields(node)
            if name != "ctx" and value not in (None, [])
        )
        return type(node).__name__, *fields
    return tuple(plain(part) for part in node) if isinstance(node, list) else node
