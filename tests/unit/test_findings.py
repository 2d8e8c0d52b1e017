"""Findings about structure, groups and user-supplied matrices: sentences made from the numbers,
which say no more than these.
"""

import numpy as np
import pandas as pd
from sentences import structure_row, table, texts, verdicts

from lookalike.findings import groups, matrices, structure
from lookalike.findings.finding import NO, UNKNOWN, YES


def structure_texts(*rows):
    return texts(structure.structure_findings(table(rows)))


def test_structure_is_reported_by_question_and_metric_and_its_lack_as_well():
    rows = [
        structure_row("cosine", "0.002", "0.004", main_effects="0.03"),
        structure_row("rbf", "0.61", "0.3"),
    ]
    assert structure_texts(*rows) == [
        "Models differ in how far they are from all others in 1 of 2 matrices: by a standard "
        "deviation of 0.031 (p = 0.03, n = 64 images, gradcam cosine); NO evidence for gradcam rbf "
        "(p = 0.5, n = 64 images). p values: model labels shuffled, Holm-corrected.",
        "Beyond that, some models are nearer to one another than others in 1 of 2 matrices: what "
        "is left has a standard deviation of 0.2 (p = 0.002, n = 64 images, gradcam cosine); NO "
        "evidence for gradcam rbf (p = 0.61).",
        "Models form groups in 1 of 2 matrices: 2 groups, nearer within than between by 0.4 (p = "
        "0.004, n = 64 images, gradcam cosine); NO evidence for gradcam rbf (p = 0.3).",
    ]
    found = structure.structure_findings(table(rows))
    assert verdicts(found) == {
        ("main effects", "gradcam", "cosine"): YES,
        ("structure", "gradcam", "cosine"): YES,
        ("groups", "gradcam", "cosine"): YES,
        ("main effects", "gradcam", "rbf"): NO,
        ("structure", "gradcam", "rbf"): NO,
        ("groups", "gradcam", "rbf"): NO,
    }
    first = found[1].answers[0]
    assert (first.statistic, first.value, first.p, first.n) == (
        "standard deviation of what is left",
        0.2,
        0.002,
        64,
    )


def test_the_whole_run_has_one_line_a_question():
    rows = [
        structure_row(metric, "0.01", "0.3" if method == "ig" else "0.02", method=method)
        for method in ("gradcam", "ig", "lime")
        for metric in ("cosine", "rbf", "mse")
    ]
    told = structure_texts(*rows)
    assert len(told) == 3
    assert "in all 9 matrices" in told[1]
    assert "in 6 of 9 matrices" in told[2] and "NO evidence for ig (p = 0.3)" in told[2]
    by_metric = [
        row | {"grouping_holm": "0.3" if row["metric"] == "mse" else "0.02"} for row in rows
    ]
    assert "NO evidence for mse (p = 0.3)" in structure_texts(*by_metric)[2]


def test_metrics_of_one_ranking_count_once_where_they_say_the_same():
    rows = table([structure_row(metric, "0.01", "0.02") for metric in ("cosine", "rbf", "mse")])
    stands = {("gradcam", metric): ("gradcam", "cosine") for metric in ("cosine", "rbf")}
    found = structure.structure_findings(rows, stands)
    assert "in all 2 matrices" in found[2].text and len(found[2].answers) == 3
    rows.loc[1, "grouping_holm"] = 0.5
    told = structure.structure_findings(rows, stands)[2].text
    assert "in 2 of 3 matrices" in told and "NO evidence for gradcam rbf" in told


def test_groups_without_other_structure_are_no_contradiction():
    told = structure_texts(structure_row("cosine", "0.2", "0.01"))
    assert "NO evidence of structure" not in told[1]
    assert told[1] == ("For gradcam cosine structure beyond that shows in groups alone (p = 0.2).")


def test_the_numbers_of_groups_are_reported_from_the_least_to_the_most():
    rows = [
        structure_row(metric, "0.01", "0.01") | {"groups": number}
        for metric, number in (("cosine", "3"), ("rbf", "2"), ("mse", "3"))
    ]
    assert (
        "3 groups, nearer within than between by 0.4 (p = 0.01, n = 64 images, gradcam cosine; 2 "
        "to 3 groups in all)" in structure_texts(*rows)[2]
    )


def test_what_rests_on_units_of_images_says_so():
    told = structure_texts(structure_row("cosine", "0.2", "0.2") | {"units": 20})[0]
    assert "n = 64 images in 20 units). p values: model labels" in told


def test_metrics_without_a_law_cannot_tell_structure_from_noise():
    rows = [
        structure_row("emd", "nan", "nan", main_effects="0.01", unresolved="no known law"),
        structure_row("mse", "0.01", "0.2"),
    ]
    told = structure_texts(*rows)
    assert "standard deviation of 0.031 (p = 0.01, n = 64 images, gradcam emd)" in told[0]
    assert told[1].endswith("; cannot tell for gradcam emd: no known law.")
    assert told[2] == (
        "NO evidence that models form groups for gradcam mse (p = 0.2); cannot tell for gradcam "
        "emd."
    )
    found = structure.structure_findings(table(rows))
    assert verdicts(found)["groups", "gradcam", "emd"] == UNKNOWN
    assert verdicts(found)["main effects", "gradcam", "emd"] == YES
    assert found[2].answers[0].reason == "no known law"


def test_structure_that_cannot_be_tested_is_reported_with_the_reason():
    rows = [
        structure_row(
            "cosine", "nan", "nan", "with n = 1 image nothing can be concluded", main_effects="nan"
        )
    ]
    assert structure_texts(*rows) == [
        "Cannot tell whether models differ, or form groups, for gradcam cosine: with n = 1 image "
        "nothing can be concluded."
    ]
    found = structure.structure_findings(table(rows))
    assert set(verdicts(found).values()) == {UNKNOWN} and len(verdicts(found)) == 3
    assert found[0].answers[0].reason == "with n = 1 image nothing can be concluded"
    assert structure.structure_findings(pd.DataFrame()) == []


def test_metrics_that_were_not_tested_are_reported_next_to_those_that_were():
    rows = [
        structure_row("cosine", "nan", "nan", "some are not known", main_effects="nan"),
        structure_row("mse", "0.01", "0.2"),
    ]
    assert (
        "; cannot tell for gradcam cosine: some are not known. p values:"
        in structure_texts(*rows)[0]
    )


def test_of_several_reasons_the_usual_one_comes_first():
    rows = [
        structure_row(metric, "nan", "nan", reason)
        for metric, reason in (("cosine", "no image"), ("mse", "one image"), ("rbf", "one image"))
    ]
    assert structure_texts(*rows) == [
        "Cannot tell whether models differ, or form groups, for gradcam mse/rbf: one image; cannot "
        "tell for gradcam cosine: no image."
    ]


COSINE = structure_row("cosine", "0.01", "0.01")


def consensus(numbers):
    return table(
        {"resolution": "all", "model": model, "community": number, "stability": "0.914"}
        for model, number in zip("abc", numbers, strict=True)
    )


def test_communities_are_named_where_groups_are_clearer_than_chance():
    communities = {
        ("gradcam", "cosine"): consensus("112"),
        ("gradcam", "rbf"): consensus("112"),
        ("gradcam", "mse"): consensus("111"),
    }
    tests = table([COSINE, structure_row("rbf", "0.01", "0.2")])
    few, enough = (dict.fromkeys(communities, n) for n in (19, 20))
    assert groups.community_findings(communities, tests, few) == []
    assert texts(groups.community_findings(communities, tests, enough)) == [
        "Communities describe these groups, and are no test: {a, b} and {c} for gradcam cosine "
        "(stability 0.91)."
    ]
    tests = table([COSINE, structure_row("mse", "0.01", "0.01")])
    found = groups.community_findings(communities, tests, enough)
    assert texts(found) == [
        "Communities describe these groups, and are no test: {a, b} and {c} for gradcam cosine "
        "(stability 0.91); no stable communities for gradcam mse (stability 0.91)."
    ]
    assert verdicts(found) == {
        ("communities", "gradcam", "cosine"): YES,
        ("communities", "gradcam", "mse"): NO,
    }


def test_communities_of_user_supplied_matrices_are_named_as_not_compared_with_chance():
    communities = {
        ("gradcam", "cosine"): consensus("112"),
        ("gradcam", "theirs"): consensus("122"),
        ("lime", "theirs"): consensus("111"),
        ("lime", "few"): consensus("112"),
    }
    images = dict(zip(communities, (64, None, 20, 19), strict=True))
    given = [key for key in communities if key[1] != "cosine"]
    told = (
        "Consensus communities of user-supplied matrices, over resolutions and seeds alone, not "
        "compared with chance: {a} and {b, c} for gradcam (stability 0.91); no stable communities "
        "for lime (stability 0.91)."
    )
    found = groups.community_findings(communities, pd.DataFrame(), images, given)
    assert texts(found) == [told]
    assert set(verdicts(found).values()) == {UNKNOWN}
    assert found[0].answers[0].subject == ("{a}", "{b, c}")
    (both,) = texts(groups.community_findings(communities, table([COSINE]), images, given))
    assert both == (
        "Communities describe these groups, and are no test: {a, b} and {c} for gradcam cosine "
        f"(stability 0.91). {told}"
    )


def test_user_supplied_matrices_are_reported_with_what_is_known_of_them():
    three, two = np.arange(9.0).reshape(3, 3), np.array([[0.0, 1], [1, 0]])
    found = {
        ("gradcam", "cosine"): (three, ["a", "b", "c"]),
        ("lime", "cosine"): (three[::-1, ::-1], ["c", "b", "a"]),
        ("lime", "ssim"): (two, ["c", "a"]),
    }
    notes = {("gradcam", "cosine"): ["odd", "even"], ("lime", "ssim"): ["odd"]}
    images = dict(zip(found, (128, 19, None), strict=True)) | {("ig", "mse"): 7}
    told = texts(matrices.given_findings(found, images, notes))
    assert told[0].startswith("3 user-supplied matrices are taken as they are: without intervals")
    assert told[1:] == [
        "As the config says: gradcam over n = 128 images; lime cosine over n = 19 images (no "
        "verdict on communities: fewer than 20 images).",
        "Not taken as it is: gradcam, lime ssim: odd; gradcam: even.",
        "Models that other matrices hold are missing: b in lime ssim.",
        "Matrices with the same values count once: gradcam cosine, lime cosine.",
    ]
    alone = texts(matrices.given_findings({("lime", "ssim"): (two, ["c", "a"])}, {}, {}))
    assert len(alone) == 1 and alone[0].startswith("1 user-supplied matrix is taken as it is")
    assert matrices.given_findings({}, {}, {}) == []


def test_models_in_no_group_are_named():
    rows = table({"resolution": "1.0", "model": model, "community": "1"} for model in "ab")
    key = ("gradcam", "cosine")
    assert texts(groups.left_out_findings({key: ["a", "b", "c"]}, {key: rows})) == [
        "Not grouped, since dissimilarities are unknown: c for gradcam cosine."
    ]
