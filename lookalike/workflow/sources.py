"""Source files: what each top-level definition does, and which others it refers to."""

import ast
import functools
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

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


@dataclass
class Source:
    """A Python file: its definitions by name; under the empty name, what runs at import."""

    definitions: dict[str, Definition]


@functools.cache
def read_source(path: str) -> Source:
    """Return the definitions of a file, whose path is relative to the root of the workflow."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    drop_docstrings(tree)
    outer: dict[str, tuple[str, str]] = {}
    parts: dict[str, list[ast.stmt]] = {AT_IMPORT: []}
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            outer |= imported(node)
        else:
            for name in names_of(node) or [AT_IMPORT]:
                parts.setdefault(name, []).append(node)
    definitions = {name: define(nodes, outer, parts.keys()) for name, nodes in parts.items()}
    for module, part in outer.values():
        note_import(definitions[AT_IMPORT], module, part)
    return Source(definitions)


def drop_docstrings(tree: ast.AST) -> None:
    """Remove the docstrings of a syntax tree, in place."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            node.body = body[1:]  # type: ignore[attr-defined]


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


def define(
    nodes: list[ast.stmt], outer: dict[str, tuple[str, str]], known: Iterable[str]
) -> Definition:
    """Return what some statements do and refer to.

    Parameters
    ----------
    nodes : list of statements
    outer : dict
        What the module's imports bind.
    known : iterable of str
        Names that the module defines.
    """
    bound = dict(outer)
    inner = [
        part
        for node in nodes
        for part in ast.walk(node)
        if isinstance(part, ast.Import | ast.ImportFrom)
    ]
    for node in inner:
        bound |= imported(node)
    found = Definition(hashlib.sha256(repr([plain(node) for node in nodes]).encode()).hexdigest())
    for name, attribute in references(nodes):
        if name in bound:
            refer(found, *bound[name], attribute)
        elif name in known:
            found.names.add(name)
    for node in inner:
        for module, part in imported(node).values():
            note_import(found, module, part)
    return found


def references(nodes: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Yield every name that statements use, with the attribute taken of it, else `WHOLE`."""
    for node in nodes:
        attributes = [part for part in ast.walk(node) if isinstance(part, ast.Attribute)]
        of_names = {id(part.value): part.attr for part in attributes}
        for part in ast.walk(node):
            if isinstance(part, ast.Name):
                yield part.id, of_names.get(id(part), WHOLE)


def refer(found: Definition, module: str, part: str, attribute: str) -> None:
    """Note what a bound name refers to: a foreign package, or a definition of a module."""
    package = module.split(".", maxsplit=1)[0]
    if package != PACKAGE:
        found.packages.add(package)
    elif file := file_of(f"{module}.{part}" if part else module):
        found.symbols.add((file, attribute))
    elif file := file_of(module):
        found.symbols.add((file, part))


def note_import(found: Definition, module: str, part: str) -> None:
    """Note that a module is imported, so that what runs at its import counts."""
    if file := file_of(f"{module}.{part}") or file_of(module):
        found.symbols.add((file, AT_IMPORT))


@functools.cache
def file_of(module: str) -> str:
    """Return the file of a module of this package, relative to the root; empty if none."""
    path = module.replace(".", "/")
    for file in (f"{path}.py", f"{path}/__init__.py"):
        if (ROOT / file).is_file():
            return file
    return ""


def plain(node: object) -> object:
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
