"""Source files: what each top-level definition does, and which others it refers to."""

import ast
import contextlib
import functools
import hashlib
import json
import sys
from dataclasses import dataclass, field
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

from lookalike.core import io

ROOT = Path(__file__).parents[2]
PACKAGE = "lookalike"
# Of a module: everything in it, and what runs when it is imported.
WHOLE, AT_IMPORT = "*", ""


@dataclass
class Definition:
    """A function, a class or an assignment at the top level of a module.

    Attributes
    ----------
    digest : str
        Hash of its syntax tree, without docstrings, comments and layout.
    names : set of str
        Names of its own module that it refers to.
    symbols : set of (str, str)
        File and name of what it refers to in other modules; `WHOLE` stands for all of a module.
    packages : set of str
        Top-level names of the foreign packages that it refers to.
    """

    digest: str
    names: set[str] = field(default_factory=set)
    symbols: set[tuple[str, str]] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)

    @classmethod
    def kept(cls, digest: str, names: list, symbols: list, packages: list) -> "Definition":
        """Return a definition from the lists that JSON keeps of it."""
        return cls(digest, set(names), {(file, name) for file, name in symbols}, set(packages))


@dataclass
class Source:
    """A Python file.

    Attributes
    ----------
    parts : dict
        From the name of a definition to its statements; under `AT_IMPORT`, what runs at import.
    bound : dict
        From a name that its imports bind to a module and the name of a part of it.
    """

    parts: dict[str, list[ast.stmt]]
    bound: dict[str, tuple[str, str]]


@functools.cache
def read_source(path: str) -> Source:
    """Return the parts of a file, whose path is relative to the root of the workflow."""
    source = Source({AT_IMPORT: []}, {})
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            source.bound |= imported(node)
        elif not is_text(node):
            for name in names_of(node) or [AT_IMPORT]:
                source.parts.setdefault(name, []).append(node)
    return source


def definitions(path: str) -> dict[str, Definition]:
    """Return what each definition of a file does and refers to, by name."""
    known = known_definitions()
    return known[path] if path in known else find_definitions(path)


@functools.cache
def known_definitions() -> dict[str, dict[str, Definition]]:
    """Return the definitions of all files of the package and of its scripts.

    Finding them is the longest part of a run's start. They are kept until one of the files changes,
    where Python keeps compiled code, and as that is, only if Python may write there.
    """
    texts = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for folder in (PACKAGE, "scripts")
        for path in sorted((ROOT / folder).rglob("*.py"))
    }
    state = hashlib.sha256(repr(texts).encode()).hexdigest()
    record = Path(cache_from_source(str(ROOT / PACKAGE / "definitions.py"))).with_suffix(".json")
    with contextlib.suppress(OSError, ValueError):
        kept = json.loads(record.read_text(encoding="utf-8"))
        if kept["state"] == state:
            return {
                path: {name: Definition.kept(*parts) for name, parts in found.items()}
                for path, found in kept["files"].items()
            }
    files = {}
    for path in texts:
        # A file that is no Python is refused where it is used.
        with contextlib.suppress(SyntaxError):
            files[path] = find_definitions(path)
    if not sys.dont_write_bytecode:
        with contextlib.suppress(OSError):
            kept = {"state": state, "files": files}
            io.write_text(record, json.dumps(kept, default=lists_of))
    return files


def lists_of(part: Any) -> list:
    """Return a definition, or a set of one, as JSON can hold it."""
    return list(part) if isinstance(part, set) else list(vars(part).values())


def find_definitions(path: str) -> dict[str, Definition]:
    """Find in a file what each definition does and refers to."""
    return {name: definition(path, name) for name in read_source(path).parts}


def definition(path: str, name: str) -> Definition:
    """Find what a definition of a file does and refers to."""
    source = read_source(path)
    found, uses = Definition(""), Uses()
    found.digest = hashlib.sha256(
        repr([uses.plain(node) for node in source.parts[name]]).encode()
    ).hexdigest()
    bound = dict(source.bound)
    for node in uses.imports:
        bound |= imported(node)
    for used, attribute in uses.names:
        if used in bound:
            refer(found, *bound[used], attribute)
        elif used in source.parts:
            found.names.add(used)
    # An import may be for its effect alone.
    inner = [place for node in uses.imports for place in imported(node).values()]
    for module, part in [*inner, *(source.bound.values() if name == AT_IMPORT else [])]:
        if file := file_of(f"{module}.{part}") or file_of(module):
            found.symbols.add((file, AT_IMPORT))
    return found


class Uses:
    """The names that a syntax tree uses, and its imports, noted while it is made plain.

    Attributes
    ----------
    names : set of (str, str)
        Each with the attribute that is taken of it, else `WHOLE`.
    imports : list
    """

    def __init__(self) -> None:
        self.names: set[tuple[str, str]] = set()
        self.imports: list[ast.Import | ast.ImportFrom] = []

    def plain(self, node: object, attribute: str = WHOLE) -> object:
        """Return a tree as nested tuples, without docstrings and what is empty: then it is the same
        under every Python version.
        """
        if isinstance(node, list):
            return tuple(self.plain(part) for part in node)
        if not isinstance(node, ast.AST):
            return node
        if isinstance(node, ast.Name):
            self.names.add((node.id, attribute))
            return node.id
        if isinstance(node, ast.Import | ast.ImportFrom):
            self.imports.append(node)
        below = node.attr if isinstance(node, ast.Attribute) else WHOLE
        fields = []
        for name in node._fields:
            value = getattr(node, name, None)
            if name == "body" and isinstance(value, list) and value and is_text(value[0]):
                value = value[1:]
            if name != "ctx" and value not in (None, []):
                fields.append((name, self.plain(value, below)))
        return type(node).__name__, *fields


def is_text(node: object) -> bool:
    """Return whether a statement is a text alone, as a docstring is."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def names_of(node: ast.stmt) -> list[str]:
    """Return the names that a top-level statement defines; none where it does more than that."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
    flat = [
        part
        for target in targets
        for part in (target.elts if isinstance(target, ast.Tuple) else [target])
    ]
    names = [part.id for part in flat if isinstance(part, ast.Name)]
    return names if len(names) == len(flat) else []


def imported(node: ast.Import | ast.ImportFrom) -> dict[str, tuple[str, str]]:
    """Return what an import binds: from a name to a module and the name of a part of it."""
    if isinstance(node, ast.Import):
        return {alias.asname or alias.name.split(".")[0]: (alias.name, "") for alias in node.names}
    return {alias.asname or alias.name: (node.module or "", alias.name) for alias in node.names}


def refer(found: Definition, module: str, part: str, attribute: str) -> None:
    """Note what a bound name refers to: a foreign package, or a definition of a module."""
    package = module.split(".", maxsplit=1)[0]
    if package != PACKAGE:
        found.packages.add(package)
    elif file := file_of(f"{module}.{part}" if part else module):
        found.symbols.add((file, attribute))
    elif file := file_of(module):
        found.symbols.add((file, part))


@functools.cache
def file_of(module: str) -> str:
    """Return the file of a module of this package, relative to the root; empty if none."""
    path = module.replace(".", "/")
    for file in (f"{path}.py", f"{path}/__init__.py"):
        if (ROOT / file).is_file():
            return file
    return ""
