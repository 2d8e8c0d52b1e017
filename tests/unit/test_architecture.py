"""The packages of lookalike, in the order in which data flows: each imports from those before it
alone.
"""

import ast
from pathlib import Path

import pytest

import lookalike

ROOT = Path(lookalike.__file__).parent
ORDER = (
    "core",
    "images",
    "models",
    "methods",
    "maps",
    "metrics",
    "compare",
    "groups",
    "inference",
    "studies",
    "findings",
    "plots",
    "report",
    "notebook",
    "workflow",
)
MODULES = sorted(path for path in ROOT.rglob("*.py") if path.parent != ROOT)


def modules_imported_by(path):
    """Return the names of all modules of lookalike that a file imports, at its top or inside a
    function.
    """
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.update([node.module, *(f"{node.module}.{alias.name}" for alias in node.names)])
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return {name for name in names if name.startswith("lookalike.")}


def test_every_package_has_its_place_in_the_order():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages <= set(ORDER)
    assert len(packages) <= 20


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path):
    own = ORDER.index(path.relative_to(ROOT).parts[0])
    upward = {name for name in modules_imported_by(path) if ORDER.index(name.split(".")[1]) > own}
    assert not upward


def test_no_module_imports_itself_by_way_of_others():
    names = {
        ".".join(("lookalike", *path.relative_to(ROOT).with_suffix("").parts)): path
        for path in MODULES
    }
    graph = {name: modules_imported_by(path) & names.keys() for name, path in names.items()}
    done = set()

    def visit(name, above):
        assert name not in above, " -> ".join([*above, name])
        if name not in done:
            for other in graph[name]:
                visit(other, [*above, name])
            done.add(name)

    for name in graph:
        visit(name, [])


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_is_too_long(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
