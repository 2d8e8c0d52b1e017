"""Maps that need a look before they are trusted, and models that are dead or equal."""

import numpy as np
import pytest

from lookalike.compare.dissimilarities import Key
from lookalike.compare.image_table import assemble, without_dead
from lookalike.compare.pairs import compare_blocks, image_partners
from lookalike.compare.summary import summarise_images
from lookalike.core import registry
from lookalike.core.errors import InputError
from lookalike.findings.audits import audit_findings
from lookalike.groups.trees import link
from lookalike.maps import audit, batches, views


def blob(side=7, row=2, column=4, height=1.0):
    """Return a map with one peak."""
    rows, columns = np.mgrid[:side, :side]
    return height * np.exp(-0.5 * ((rows - row) ** 2 + (columns - column) ** 2))


def audited(raw_maps, **view):
    images = [f"i{place}" for place in range(len(raw_maps))]
    card = batches.describe(images, raw_maps, {"size": 14, **view}, signed=True)
    batch = list(batches.viewed(raw_maps, card))
    return audit.audit(batch, images, raw_maps, card["rounding"])


def test_clean_maps_give_no_warning():
    found = audited([blob(row=place, column=6 - place) for place in range(6)])
    assert found["n"] == 6
    assert [
        found[kind] for kind in ("zero", "constant", "non_finite", "duplicates", "warnings")
    ] == [[]] * 5
    assert found["peaks"]["share"] == pytest.approx(1 / 6)


def test_audit_finds_zero_constant_and_non_finite_maps():
    raw = [blob(row=place) for place in range(3)] + [
        np.zeros((7, 7)),
        np.full((7, 7), 0.4),
        np.where(np.eye(7), np.nan, 1.0),
    ]
    found = audited(raw)
    assert (found["zero"], found["constant"], found["non_finite"]) == (["i3"], ["i4"], ["i5"])
    assert found["duplicates"] == []
    assert [warning.split(", for")[0] for warning in found["warnings"]] == [
        "1 of 6 maps are zero",
        "1 of 6 maps are constant",
        "1 of 6 maps are non-finite",
    ]
    assert all(
        f"that of {image}" in warning
        for image, warning in zip(("i3", "i4", "i5"), found["warnings"], strict=True)
    )


def test_audit_groups_equal_maps():
    found = audited(
        [blob(row=0), blob(row=1), blob(row=0, height=2), blob(row=3), blob(row=1), blob(row=0)]
    )
    assert found["duplicates"] == [["i0", "i2", "i5"], ["i1", "i4"]]
    assert found["warnings"] == [
        "5 of 6 maps equal another image's, for example those of i0 and i2"
    ]


def test_audit_finds_a_cell_that_most_maps_share():
    raw = [(-1) ** place * (blob() + 0.1 * blob(row=place)) for place in range(4)] + [
        blob(row=6, column=0)
    ]
    found = audited(raw)
    assert found["peaks"] == {"cell": [2, 4], "grid": [7, 7], "share": 0.8}
    assert found["warnings"] == ["the maximum lies in cell [2, 4] of 7 x 7 in 80% of the maps"]


@pytest.mark.parametrize("count", [2, 5])
@pytest.mark.parametrize("scale", ["max_abs", "zscore", "minmax"])
def test_maps_of_nothing_but_rounding_are_zero_maps(count, scale):
    noise = 1e-8 * np.random.default_rng(0).uniform(-1, 1, (7, 7))
    raw = [noise, *(1e-3 * blob(row=place) for place in range(count - 1))]
    found = audited(raw, scale=scale)
    assert found["zero"] == found["rounding"] == ["i0"]
    assert found["warnings"][:2] == [
        f"1 of {count} maps are zero, for example that of i0",
        f"1 of {count} maps are nothing but rounding and count as zero, for example that of i0",
    ]


@pytest.mark.parametrize("factor", [1e-20, 1.0, 1e20])
def test_weak_maps_are_no_rounding_and_zero_maps_no_yardstick(factor):
    peaks = factor * np.array([1.0, 2.0, 1.1e-4, 0.9e-4, 0, 0, 0, 0, 0, 0])
    assert np.flatnonzero(batches.of_rounding(peaks)).tolist() == [3]
    assert not batches.of_rounding([0.0, 0.0]).any()
    assert not batches.of_rounding([1e-9]).any()


def test_a_repaired_cell_is_no_yardstick():
    spoilt = [1e-6 * blob(row=place) for place in range(4)]
    for raw in spoilt[:3]:
        raw[0, 0] = 100
    assert audited(spoilt)["rounding"] == ["i3"]
    assert audited(spoilt, repair=(0, 0))["rounding"] == []


def test_a_batch_with_rounding_is_as_without_but_for_that_map():
    raw = [blob(row=place).astype(np.float32) for place in range(3)]
    raw[1] *= np.float32(1e-7)
    card = batches.describe(["a", "b", "c"], raw, {"size": 9}, signed=False)
    assert (card["shape"], card["native_shape"], card["data_range"]) == ([3, 9, 9], [7, 7], 1.0)
    seen = list(batches.viewed(raw, card))
    assert not seen[1].any()
    for place in (0, 2):
        np.testing.assert_array_equal(seen[place], views.view(raw[place], size=9))


def test_dead_and_equal_models_are_named_by_method():
    one, other = ([blob(row=place + shift) for place in range(3)] for shift in (0, 3))
    audits = {
        "A": audited(one),
        "B": audited(other),
        "C": audited([2 * saliency for saliency in one]),
        "D": audited([np.zeros((7, 7))] * 3),
        "E": audited([np.zeros((7, 7))] * 3),
    }
    assert audit.equal_models(audits) == [["A", "C"]]
    assert audit.dead_models(audits) == ["D", "E"]
    assert audits["D"]["warnings"][0].startswith("all maps are zero, so that the model is left out")
    found = audit.audit(one, ["a", "b", "c"], one, same_files=["F"])
    assert found["warnings"] == ["its files are byte by byte those of F"]


def test_few_maps_may_share_a_cell():
    found = audited([blob() + 0.1 * blob(row=place) for place in range(3)])
    assert found["peaks"]["share"] == 1
    assert found["warnings"] == []


def test_audit_of_zero_maps_alone_has_no_peak():
    found = audited([np.zeros((7, 7))] * 4)
    assert found["peaks"] is None
    assert len(found["warnings"]) == 1


def planted_table(metric, dead):
    """Return the table of four models that look at two places, and of dead ones, over 6 images."""
    rng = np.random.default_rng(0)
    maps = {
        name: np.stack([blob(row=place) + 0.1 * rng.random((7, 7)) for place in (row,) * 6])
        for name, row in (("A", 1), ("B", 1), ("C", 5), ("D", 5))
    }
    maps |= {name: np.zeros((6, 7, 7)) for name in dead}
    names, options = sorted(maps), {"data_range": 1.0}
    block = [maps[name] for name in names]
    card = registry.get("metric", metric)
    (values,), (chance,) = compare_blocks([(card, options)], block, block, seed=0)
    arrays = {"values": values, "chance": chance, "images": np.array(list("abcdef"))}
    arrays |= {"partners": image_partners(6, 0, len(chance))}
    arrays |= {"a": np.array(names), "b": np.array(names)}
    return assemble({"maps": arrays}, names, Key("heatmaps", metric))


@pytest.mark.parametrize("metric", ["cosine", "mse", "emd", "topk_iou", "jaccard"])
def test_dead_models_are_in_no_matrix_whatever_the_metric(metric, capsys):
    table = without_dead(planted_table(metric, ["E", "F"]), ["E", "F"])
    assert table.names == ("A", "B", "C", "D")
    assert capsys.readouterr().out == "E, F: left out, since all maps by heatmaps are zero\n"
    np.testing.assert_array_equal(table.values, planted_table(metric, []).values)
    found = summarise_images(
        table,
        registry.get("metric", metric),
        aggregate="mean",
        resamples=10,
        seed=0,
        originals={name: name for name in "ABCDEF"},
    )
    tree = link(found.dissimilarities.values)
    assert {frozenset(pair) for pair in tree[:2, :2].astype(int).tolist()} == {
        frozenset({0, 1}),
        frozenset({2, 3}),
    }


def test_a_method_of_dead_models_alone_is_refused():
    table = planted_table("mse", ["E"])
    assert without_dead(table, ["B", "C", "D", "E"]).names == ("A",)
    with pytest.raises(InputError, match="heatmaps: all maps of all models are zero"):
        without_dead(table, list("ABCDE"))


@pytest.mark.parametrize("gaps", [[0.27, 0.1, 0.01], [0.04, 0.03, 0.9], [0.04, 0.03, 0.05], []])
def test_integrated_gradients_that_miss_much_of_the_score_are_named(gaps):
    maps = [blob(row=place) for place in range(3)]
    found = audit.audit(maps, ["a", "b", "c"], maps, gaps=gaps)
    large = {image: gap for image, gap in zip("abc", gaps, strict=False) if gap > 0.05}
    assert found["gap"] == (np.median(gaps) if gaps else None)
    assert found["incomplete"] == large
    other = audit.audit([2 * one for one in maps], ["a", "b", "c"], maps, gaps=[0.01] * 3)
    audits = {("ig", "A"): found, ("ig", "B"): other, ("ig2", "B"): found}
    texts = [finding.text for finding in audit_findings(audits, {"A": "A", "B": "B"})]
    assert other["warnings"] == []
    if large:
        worst = max(large, key=large.get)
        assert found["warnings"] == [
            f"{len(large)} of 3 maps miss more than 5% of the score (completeness gap; median of "
            f"all {np.median(gaps):.1%}), most that of {worst}, {large[worst]:.0%}: take "
            "`steps: auto`, more steps, or another `baseline`"
        ]
        many = f"({len(large)} of 3 maps, up to {large[worst]:.0%})"
        assert texts[0] == (
            f"Maps miss more than 5% of the score (completeness gap) for ig: A {many}; ig2: "
            f"B {many}: take `steps: auto`, more steps, or another `baseline`."
        )
    else:
        assert found["warnings"] == []
        assert not any("ig: A" in text for text in texts)


def test_findings_name_dead_equal_and_copied_models():
    one, other = ([blob(row=place + shift) for place in range(3)] for shift in (0, 3))
    images, zero = ["a", "b", "c"], [np.zeros((7, 7))] * 3
    by_model = {
        "A": audit.audit(one, images, one, same_files=["G"]),
        "A-pruned": audit.audit(one, images, one),
        "B": audit.audit(other, images, other),
        "E": audit.audit(zero, images, zero),
        "F": audit.audit(zero, images, zero),
        "G": audit.audit(one, images, one, same_files=["A"]),
    }
    audits = {("ig", model): found for model, found in by_model.items()}
    audits |= {("centre", "A"): by_model["A-pruned"], ("centre", "B"): by_model["A-pruned"]}
    origins = {name: name for name in by_model} | {"A-pruned": "A"}
    texts = [found.text for found in audit_findings(audits, origins, frozenset(["centre"]))]
    assert texts == [
        "All maps are zero for ig: E, F. No matrix, group or test of these methods has these "
        "models.",
        "Models to be counted once: A, G have the same files; A, A-pruned, G have equal maps by "
        "ig.",
        "The audit of the maps has 4 warnings, for ig A, ig E, ig F, ig G.",
    ]
    without = {key: found for key, found in audits.items() if key[1] in ("A-pruned", "B")}
    without["ig", "A"] = by_model["A-pruned"]
    assert audit_findings(without, origins, frozenset(["centre"])) == []
