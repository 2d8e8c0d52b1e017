"""Source files: what each top-level definition does, and which others it refers to."""

import ast
import functools
import hashlib
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


@functools.cache
def definition(path: str, name: str) -> Definition:
    """Return what a definition of a file does and refers to."""
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
