"""Fingerprints: which changes of code and packages make a result stale, and which do not."""

import importlib.metadata
import subprocess
import sys

import pytest

from lookalike.core import registry
from lookalike.workflow import fingerprint, sources


def forget():
    """Forget what was read of the sources, as a fresh process does."""
    for function in (
        sources.read_source,
        sources.known_definitions,
        sources.file_of,
        fingerprint.reachable,
    ):
        function.cache_clear()


FILES = {
    "lookalike/__init__.py": '"""A package."""\n',
    "lookalike/core/errors.py": "WORSE = 1\n",
    "lookalike/base.py": '"""Base."""\n\n\ndef one():\n    """Return one."""\n    return 1\n',
    "lookalike/middle.py": (
        "from lookalike import base\nfrom lookalike.core import errors\n\n\ndef two():\n    "
        "return 2 * base.one()\n"
    ),
    "lookalike/tools.py": (
        "import csv\n\nimport numpy as np\n\nLIMIT, SHARE = 3, 0.5\n\n\ndef used(x):\n"
        "    return np.abs(x) + helper(x) + LIMIT\n\n\ndef helper(x):\n    return x\n\n\n"
        "def title(x):\n    import matplotlib\n\n    return matplotlib, SHARE\n\n\n"
        "class Box:\n    def open(self):\n        return helper(1)\n"
    ),
    "lookalike/registered.py": "from lookalike import tools\n\ntools.Box().open()\n",
    "scripts/use.py": "from lookalike import tools\n\nprint(tools.used(1))\n",
    "scripts/hand.py": "from lookalike import tools\n\nprint(list(map(tools, [1])))\n",
    "scripts/load.py": "import lookalike.registered\n",
    "lookalike/metrics/__init__.py": "",
    "lookalike/metrics/shared.py": "def flat(x):\n    return x\n",
    "lookalike/metrics/cosine.py": "from lookalike.metrics.shared import flat\n\nC = flat(1)\n",
    "lookalike/metrics/pearson.py": "from lookalike.metrics.shared import flat\n\nP = flat(2)\n",
    "scripts/compare.py": "import json\n\nfrom lookalike.middle import two\n\nprint(two())\n",
    "report/template.html": "<p># A heading</p>\n",
    "scripts/alone.py": "def run():\n    import lookalike.base\n\n    return lookalike.base\n",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Yield a function that replaces a part of a file of a tiny package, in a fresh process's
    eyes.
    """
    monkeypatch.setattr(sources, "ROOT", tmp_path)

    def change(path, old, new):
        text = (tmp_path / path).read_text()
        assert old in text
        (tmp_path / path).write_text(text.replace(old, new))
        forget()

    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    forget()
    yield change
    forget()


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("lookalike/base.py", "    return 1\n", "    # A comment.\n    return 1  # Another.\n"),
        ("lookalike/base.py", '"""Return one."""', '"""Return 1, at last."""'),
        ("lookalike/base.py", '"""Base."""\n', ""),
        ("lookalike/middle.py", "2 * base.one()", "(2 * base.one())"),
        ("lookalike/core/errors.py", "WORSE = 1", "WORSE = 2"),
        ("lookalike/metrics/cosine.py", "flat(1)", "flat(3)"),
    ],
    ids=["comment", "docstring", "module docstring", "layout", "plumbing", "file not imported"],
)
def test_fingerprint_ignores_what_changes_no_result(package, path, old, new):
    before = fingerprint.fingerprint("scripts/compare.py")
    package(path, old, new)
    assert fingerprint.fingerprint("scripts/compare.py") == before


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("scripts/compare.py", "print(two())", "print(-two())"),
        ("lookalike/middle.py", "2 * base", "3 * base"),
        ("lookalike/base.py", "return 1", "return 11"),
    ],
    ids=["script", "module", "module of a module"],
)
def test_fingerprint_notices_a_changed_line(package, path, old, new):
    before = fingerprint.fingerprint("scripts/compare.py")
    package(path, old, new)
    assert fingerprint.fingerprint("scripts/compare.py") != before


def test_fingerprint_notices_imports_inside_functions(package):
    before = fingerprint.fingerprint("scripts/alone.py")
    package("lookalike/base.py", "return 1", "return 11")
    assert fingerprint.fingerprint("scripts/alone.py") != before


def test_fingerprint_notices_any_change_of_a_file_that_is_not_python(package):
    before = fingerprint.fingerprint("scripts/compare.py", "report/template.html")
    package("report/template.html", "# A", "# B")
    assert fingerprint.fingerprint("scripts/compare.py", "report/template.html") != before


def test_fingerprint_of_one_metric_does_not_depend_on_another(package):
    cosine, pearson = (
        fingerprint.fingerprint(f"lookalike/metrics/{name}.py") for name in ("cosine", "pearson")
    )
    package("lookalike/metrics/pearson.py", "flat(2)", "flat(4)")
    assert fingerprint.fingerprint("lookalike/metrics/cosine.py") == cosine
    assert fingerprint.fingerprint("lookalike/metrics/pearson.py") != pearson
    package("lookalike/metrics/shared.py", "return x", "return -x")
    assert fingerprint.fingerprint("lookalike/metrics/cosine.py") != cosine


def test_fingerprint_does_not_depend_on_the_order_of_the_paths(package):
    paths = ("scripts/compare.py", "lookalike/metrics/cosine.py")
    assert (
        fingerprint.fingerprint(*paths)
        == fingerprint.fingerprint(*reversed(paths))
        != fingerprint.fingerprint(paths[0])
    )


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("lookalike/tools.py", "np.abs(x)", "-np.abs(x)"),
        ("lookalike/tools.py", "def helper(x):\n    return x", "def helper(x):\n    return -x"),
        ("lookalike/tools.py", "LIMIT, SHARE = 3", "LIMIT, SHARE = 4"),
        ("lookalike/tools.py", "import csv\n", "import csv\n\nprint(csv)\n"),
    ],
    ids=["called", "called by what is called", "constant", "what runs at import"],
)
def test_a_fingerprint_follows_definitions(package, path, old, new):
    before = fingerprint.fingerprint("scripts/use.py")
    package(path, old, new)
    assert fingerprint.fingerprint("scripts/use.py") != before


def test_what_is_not_used_of_a_module_does_not_count(package):
    before = {name: fingerprint.fingerprint(f"scripts/{name}.py") for name in ("use", "hand")}
    package("lookalike/tools.py", "return matplotlib, SHARE", "return matplotlib, -SHARE")
    assert fingerprint.fingerprint("scripts/use.py") == before["use"]
    # A module that is handed on as a whole counts as a whole.
    assert fingerprint.fingerprint("scripts/hand.py") != before["hand"]


def test_what_an_import_alone_brings_about_counts(package):
    before = fingerprint.fingerprint("scripts/load.py")
    package("lookalike/tools.py", "def helper(x):\n    return x", "def helper(x):\n    return -x")
    assert fingerprint.fingerprint("scripts/load.py") != before


def test_a_fingerprint_names_the_versions_of_the_packages_that_compute(package, monkeypatch):
    numpy, matplotlib = (importlib.metadata.version(name) for name in ("numpy", "matplotlib"))
    assert fingerprint.fingerprint("scripts/use.py").split()[1:] == [f"numpy=={numpy}"]
    assert fingerprint.versions_behind("scripts/hand.py") == [
        f"matplotlib=={matplotlib}",
        f"numpy=={numpy}",
    ]
    before = fingerprint.fingerprint("scripts/use.py")
    monkeypatch.setattr(fingerprint, "installed_version", {"numpy": "2.9.9"}.get)
    assert fingerprint.fingerprint("scripts/use.py") == before.replace(numpy, "2.9.9")


def test_with_conda_the_pins_are_the_versions(package, tmp_path):
    (tmp_path / "pins.txt").write_text("# a comment\nNumPy==1.2.3\nother==4\n")
    found = fingerprint.fingerprint("scripts/use.py", pins="pins.txt")
    assert found.split()[1:] == ["numpy==1.2.3"]


def test_definitions_are_kept_until_a_file_changes(package, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    paths = ("scripts/use.py", "scripts/load.py")
    before = [fingerprint.fingerprint(path) for path in paths]
    (kept,) = tmp_path.rglob("*.json")
    forget()
    with monkeypatch.context() as patch:
        patch.setattr(sources, "read_source", None)
        assert [fingerprint.fingerprint(path) for path in paths] == before
    package("lookalike/tools.py", "np.abs(x)", "-np.abs(x)")
    assert fingerprint.fingerprint(paths[0]) != before[0]
    package("lookalike/tools.py", "-np.abs(x)", "np.abs(x)")
    kept.write_text(kept.read_text()[:99])
    assert [fingerprint.fingerprint(path) for path in paths] == before


def test_definitions_are_not_kept_where_python_may_not_write(package, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = fingerprint.fingerprint("scripts/use.py")
    assert not list(tmp_path.rglob("*.json"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "lookalike" / "__pycache__").write_text("in the way")
    forget()
    assert fingerprint.fingerprint("scripts/use.py") == before


def test_a_file_that_is_no_python_is_refused_only_where_it_is_used(package):
    before = fingerprint.fingerprint("scripts/use.py")
    package("lookalike/base.py", "return 1", "return (")
    assert fingerprint.fingerprint("scripts/use.py") == before
    with pytest.raises(SyntaxError):
        fingerprint.fingerprint("scripts/compare.py")


@pytest.mark.parametrize("script", sorted((sources.ROOT / "scripts").glob("*.py")), ids=str)
def test_every_script_reaches_code_of_the_package(script):
    path = f"scripts/{script.name}"
    assert any(file.startswith("lookalike/") for file in fingerprint.files_behind(path))


def test_training_does_not_hang_on_figures_findings_or_comparisons():
    files = fingerprint.files_behind("scripts/finetune_model.py")
    rooms = {file.split("/")[1] for file in files if file.startswith("lookalike/")}
    assert rooms <= {"core", "images", "models"}


def test_a_check_of_matrices_reruns_their_import_alone():
    reached = {
        script.name
        for script in (sources.ROOT / "scripts").glob("*.py")
        for file, name, _ in fingerprint.reachable((f"scripts/{script.name}",))
        if (file, name) == ("lookalike/core/io.py", "checked_symmetry")
    }
    assert "import_matrix.py" in reached
    assert not reached & {"finetune_model.py", "compare_models.py", "draw_matrix.py"}


def test_a_job_of_comparing_starts_quickly():
    code = "import sys; from lookalike.workflow import fingerprint; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=sources.ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_metrics_do_not_import_one_another():
    files = {f"lookalike/metrics/{name}.py" for name in registry.names("metric")}
    for path in files:
        assert fingerprint.files_behind(path) & files == {path}
