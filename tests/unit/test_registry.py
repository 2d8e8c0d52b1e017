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


@pytest.mark.parametrize(
    ("name", "option"), [("kernelshap", "samples"), ("integrated_gradients", "steps")]
)
def test_a_number_may_be_the_word_auto_and_no_other(name, option):
    for value in ("auto", 7):
        assert registry.with_defaults("method", name, {option: value})[option] == value
    for value in ("many", 7.5, True, 0):
        with pytest.raises(InputError, match=f"{option} must be a whole number .*, or auto, not"):
            registry.with_defaults("method", name, {option: value})
    with pytest.raises(InputError, match="tolerance must be a number such as"):
        registry.with_defaults("method", name, {"tolerance": "auto"})
