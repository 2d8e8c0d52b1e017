"""What `import lookalike` gives, and that it imports nothing heavy; the page of docs runs."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lookalike
from lookalike.core import registry

ROOT = Path(lookalike.__file__).parent.parent
HEAVY = ("torch", "matplotlib", "scipy", "numba", "ot", "pandas", "networkx", "numpy")


def run(code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return done.stdout.split()


def test_import_brings_in_nothing_heavy():
    code = f"import lookalike, sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    assert run(code) == []


def test_metrics_and_compare_maps_are_there_without_torch_or_matplotlib():
    code = (
        "import lookalike, sys; lookalike.cosine; lookalike.compare_maps; dir(lookalike);"
        "print(*[name for name in ('torch', 'matplotlib') if name in sys.modules])"
    )
    assert run(code) == []


def test_import_takes_little_time():
    code = (
        "import time; start = time.process_time(); import lookalike;"
        "print(time.process_time() - start)"
    )
    assert min(float(run(code)[0]) for _ in range(3)) < 0.3


@pytest.mark.parametrize("name", registry.names("metric"))
def test_every_metric_is_reached_and_compares(name):
    metric = getattr(lookalike, name)
    assert metric is registry.get("metric", name) and name in dir(lookalike)
    maps = np.random.default_rng(0).random((5, 28, 28))
    found = metric(maps[:2], maps[2:])
    assert found.shape == (2, 3)


def test_packages_are_reached():
    assert run("import lookalike; print(lookalike.compare.__name__)") == ["lookalike.compare"]
    assert run("from lookalike import metrics; print(metrics.__name__)") == ["lookalike.metrics"]
    assert {"compare", "metrics", "notebook", "compare_maps", "__version__"} <= set(dir(lookalike))
    assert re.fullmatch(r"\d+\.\d+\.\d+", lookalike.__version__)


@pytest.mark.parametrize(
    ("name", "near"),
    [("sim", "'ssim'"), ("compare_map", "'compare_maps'"), ("metric", "'metrics'")],
)
def test_an_unknown_name_is_refused_with_the_near_ones(name, near):
    with pytest.raises(AttributeError, match=f"no attribute '{name}'; did you mean .*{near}"):
        getattr(lookalike, name)
    assert not hasattr(lookalike, "__wrapped__")


def test_the_page_of_docs_runs(tmp_path, monkeypatch):
    page = (ROOT / "docs" / "notebook.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
    assert len(blocks) >= 5
    monkeypatch.chdir(tmp_path)
    namespace, printed = {}, []
    namespace["print"] = lambda *values: printed.append(" ".join(map(str, values)))
    for number, block in enumerate(blocks):
        exec(compile(block, f"block {number} of docs/notebook.md", "exec"), namespace)
    # What the page shows behind `print` as a comment is what is printed.
    shown = re.findall(r"^print\(.*\)\n((?:# .*\n)+)", "".join(blocks), re.M)
    expected = ["\n".join(line[2:] for line in text.splitlines()) for text in shown]
    assert len(expected) >= 4
    assert [text for text in printed if text in expected] == expected


def test_networks_import_no_compiler_and_leave_it_usable():
    code = """
import sys, lookalike.models.networks, torch
from lookalike.models import devices
devices.claim_device(1)
print("torch._dynamo" in sys.modules, "sympy" in sys.modules)
double = torch.compile(torch.compiler.disable(lambda x: 2 * x), backend="eager")
from torchvision.ops import roi_align
box = torch.tensor([[0.0, 0, 0, 2, 2]])
print(double(torch.ones(1)).item(), roi_align(torch.ones(1, 1, 4, 4), box, 1).item())
print(torch._dynamo.__file__ is not None)
"""
    assert run(code) == ["False", "False", "2.0", "1.0", "True"]
