"""Names lead to code, code has a fingerprint, and names lead to seeds."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.core import registry
from lookalike.core.errors import InputError, unknown
from lookalike.core.seeding import rng_of, seed_of
from lookalike.workflow import fingerprint

REPOSITORY = Path(registry.__file__).parents[2]


@pytest.mark.parametrize("kind", registry.KINDS)
def test_every_name_leads_to_a_card_of_its_kind(kind):
    names = registry.names(kind)
    assert names == sorted(set(names)) != []
    for name in names:
        found = registry.get(kind, name)
        assert isinstance(found, registry.KINDS[kind])
        assert found.__name__ == name
        assert found.__doc__


def test_files_that_hold_no_card_are_not_listed():
    assert "preparation" not in registry.names("metric")
    assert "baselines" not in registry.names("method")


def test_unknown_names_are_refused_naming_the_near_ones():
    with pytest.raises(
        InputError, match=r"unknown metric 'cosin'; did you mean 'cosine'\? \(all: .*cosine.*emd"
    ):
        registry.get("metric", "cosin")
    with pytest.raises(InputError, match="unknown method 'grad_cam'; did you mean 'gradcam'"):
        registry.get("method", "grad_cam")


@pytest.mark.parametrize("name", ["preparation", "", "no.such", "cosine.cosine", "..", "zzz", "np"])
def test_names_of_no_metric_are_refused(name):
    with pytest.raises(InputError, match="unknown metric"):
        registry.get("metric", name)


def test_library_that_a_file_lacks_is_not_taken_for_an_unknown_name(tmp_path, monkeypatch):
    import lookalike.metrics

    (tmp_path / "lacking.py").write_text("import no_such_library\n")
    monkeypatch.setattr(lookalike.metrics, "__path__", [*lookalike.metrics.__path__, str(tmp_path)])
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        registry.get("metric", "lacking")


def test_new_file_is_found_without_another_edit(tmp_path, monkeypatch):
    import lookalike.metrics

    (tmp_path / "bell.py").write_text(
        (REPOSITORY / "lookalike/metrics/rbf.py").read_text().replace("rbf", "bell")
    )
    monkeypatch.setattr(lookalike.metrics, "__path__", [*lookalike.metrics.__path__, str(tmp_path)])
    try:
        assert "bell" in registry.names("metric")
        assert registry.with_defaults("metric", "bell", {}) == {"sigma": 80.0}
        maps = np.array([[[1.0, 5.0]], [[2.0, 3.0]]])
        np.testing.assert_array_equal(
            registry.get("metric", "bell")(maps, maps, sigma=500.0),
            registry.get("metric", "rbf")(maps, maps, sigma=500.0),
        )
    finally:
        sys.modules.pop("lookalike.metrics.bell", None)
        vars(lookalike.metrics).pop("bell", None)


def test_options_of_a_metric_are_those_of_preparation_and_kernel():
    assert registry.get("metric", "emd").options == {"grid": 28, "sign": "absolute"}
    assert registry.get("metric", "rbf").options == {"sigma": 80.0}
    assert registry.get("metric", "cosine").options == {}


def test_data_range_is_not_for_the_user_to_set():
    assert registry.get("metric", "ssim").options == {}
    with pytest.raises(InputError, match="unknown option of metric 'ssim' 'data_range'"):
        registry.with_defaults("metric", "ssim", {"data_range": 3})


def test_defaults_are_completed_and_not_changed():
    assert registry.with_defaults("metric", "emd", {"grid": 14}) == {"grid": 14, "sign": "absolute"}
    assert registry.with_defaults("metric", "emd", {}) == {"grid": 28, "sign": "absolute"}
    assert registry.with_defaults("method", "centre", {"width": 0.5}) == {"width": 0.5}


def test_unknown_options_are_refused_naming_the_near_ones():
    with pytest.raises(
        InputError, match="unknown option of metric 'rbf' 'sigm'; did you mean 'sigma'"
    ):
        registry.with_defaults("metric", "rbf", {"sigm": 1})
    with pytest.raises(InputError, match="unknown option of method 'random' 'width'"):
        registry.with_defaults("method", "random", {"width": 1})


def test_error_for_an_unknown_name_lists_few_names_and_counts_many():
    assert str(unknown("dish", "zzz", ["b", "a"])) == "unknown dish 'zzz' (all: a, b)"
    assert str(unknown("dish", 7, map(str, range(100, 150)))).endswith("(all: 50 names)")


def test_listing_methods_and_metrics_imports_nothing_heavy():
    code = (
        "import sys; from lookalike.core import registry; assert registry.names('metric') "
        "and registry.names('method'); "
        "print([name for name in ('torch', 'scipy', 'ot', 'pandas', 'captum', 'timm') if "
        "name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr


FILES = {
    "lookalike/__init__.py": '"""A package."""\n',
    "lookalike/core/errors.py": "WORSE = 1\n",
    "lookalike/base.py": '"""Base."""\n\n\ndef one():\n    """Return one."""\n    return 1\n',
    "lookalike/middle.py": (
        "from lookalike import base\nfrom lookalike.core import errors\n\n\ndef two():\n    "
        "return 2 * base.one()\n"
    ),
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
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path)

    def change(path, old, new):
        text = (tmp_path / path).read_text()
        assert old in text
        (tmp_path / path).write_text(text.replace(old, new))
        fingerprint.examine.cache_clear()

    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    fingerprint.examine.cache_clear()
    yield change
    fingerprint.examine.cache_clear()


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


def test_metrics_do_not_import_one_another():
    files = {f"lookalike/metrics/{name}.py" for name in registry.names("metric")}
    for path in files:
        assert fingerprint.closure(path) & files == {path}


def test_seeds_are_stable():
    # The first 8 bytes of `printf '0\0louvain\0001.0' | sha256sum`, little-endian, without the
    # lowest bit.
    assert seed_of(0, "louvain", 1.0) == 0x866F0FAE74704206 >> 1
    assert rng_of(0, "louvain", 1.0).random() == np.random.default_rng(4843489282724733187).random()


def test_seeds_do_not_depend_on_the_order_in_which_they_are_asked_for():
    names = ["gradcam", "kernelshap", "random"]
    forward = {name: rng_of(3, name).random() for name in names}
    assert {name: rng_of(3, name).random() for name in reversed(names)} == forward


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(
    seed=st.integers(0, 2**40),
    names=st.lists(st.text(st.characters(min_codepoint=1), max_size=5), max_size=3),
)
def test_seeds_are_63_bits_wide_and_differ_by_seed_and_by_every_name(seed, names):
    own = seed_of(seed, *names)
    assert 0 <= own < 2**63
    others = {
        seed_of(seed + 1, *names),
        seed_of(seed, *names, ""),
        seed_of(seed, *names, "x"),
        seed_of(seed, *(f"{name}x" for name in names), "y"),
    }
    assert own not in others
    assert len(others) == 4


def test_names_are_not_run_together():
    assert (
        len(
            {
                seed_of(0, "ab", "c"),
                seed_of(0, "a", "bc"),
                seed_of(0, "abc"),
                seed_of(0, "c", "ab"),
                seed_of("0a", "bc"),
            }
        )
        == 5
    )
