"""Findings about groups, factors and agreement: sentences made from the numbers, which say no more
than these.
"""

import numpy as np
import pandas as pd

from lookalike.findings import agreement, factors, groups, matrices
from lookalike.findings.finding import NO, UNKNOWN, YES
from lookalike.findings.tables import TEXT


def table(rows):
    """Return rows as `read_table` does: all columns but those of text hold numbers."""
    found = pd.DataFrame(rows)
    numbers = found.columns.difference(TEXT)
    return found.assign(**{name: found[name].replace("", "nan").astype(float) for name in numbers})


def texts(findings):
    return [finding.text for finding in findings]


def verdicts(findings):
    """Return the verdicts of all answers, by question, method and metric."""
    return {
        (answer.question, answer.method, answer.metric): answer.verdict
        for finding in findings
        for answer in finding.answers
    }


def structure_row(metric, variance, silhouette, untested="", method="gradcam"):
    return {
        "method": method,
        "metric": metric,
        "subset": "all",
        "variance": 0.2,
        "variance_holm": variance,
        "silhouette": 0.4,
        "silhouette_holm": silhouette,
        "groups": "2",
        "untested": untested,
    }


def factor_row(method, metric, test, holm, **more):
    row = {
        "factor": "family",
        "method": method,
        "metric": metric,
        "test": test,
        "models": "14",
        "given": "",
        "levels": "CNN 8, transformer 6",
        "p": "",
        "holm": holm,
        "least_p": "0.001",
        "untested": "",
    }
    return row | {"statistic": "3.1", "r2": "0.412" if test == "permanova" else ""} | more


def structure_texts(*rows):
    return texts(groups.structure_findings(table(rows)))


def factor_texts(*rows):
    return texts(factors.factor_findings(table(rows)))


def test_structure_is_reported_by_metric_and_its_lack_as_well():
    rows = [structure_row("cosine", "0.002", "0.004"), structure_row("rbf", "0.61", "0.3")]
    assert structure_texts(*rows) == [
        "gradcam: the dissimilarities have structure under cosine (p = 0.002); there is NO "
        "evidence of structure under rbf (p = 0.61); "
        "groups clearer than chance: 2 under cosine (p = 0.004) (model labels shuffled within "
        "each image, Holm-corrected)."
    ]
    found = groups.structure_findings(table(rows))
    assert verdicts(found) == {
        ("structure", "gradcam", "cosine"): YES,
        ("groups", "gradcam", "cosine"): YES,
        ("structure", "gradcam", "rbf"): NO,
        ("groups", "gradcam", "rbf"): NO,
    }
    first = found[0].answers[0]
    assert (first.statistic, first.value, first.p) == ("variance", 0.2, 0.002)
    assert (
        "no partition into groups is clearer than chance"
        in structure_texts(structure_row("cosine", "0.2", "0.2"))[0]
    )


def test_numbers_of_groups_are_kept_apart():
    rows = [
        structure_row(metric, "0.01", "0.01") | {"groups": number}
        for metric, number in (("cosine", "3"), ("rbf", "2"), ("mse", "3"))
    ]
    assert "clearer than chance: 3 under cosine, mse and 2 under rbf (" in structure_texts(*rows)[0]


def test_structure_that_cannot_be_tested_is_reported_with_the_reason():
    rows = [structure_row("cosine", "nan", "nan", "with n = 1 image nothing can be concluded")]
    assert structure_texts(*rows) == [
        "gradcam: whether there are groups cannot be tested: with n = 1 image nothing can be "
        "concluded."
    ]
    answer = groups.structure_findings(table(rows))[0].answers[0]
    assert answer.verdict == UNKNOWN
    assert answer.reason == "with n = 1 image nothing can be concluded"


def test_metrics_that_were_not_tested_are_reported_next_to_those_that_were():
    rows = [
        structure_row("cosine", "nan", "nan", "some are not known"),
        structure_row("mse", "0.01", "0.2"),
    ]
    assert "; not tested under cosine: some are not known (model" in structure_texts(*rows)[0]


def test_of_several_reasons_the_usual_one_is_reported():
    rows = [
        structure_row(metric, "nan", "nan", reason)
        for metric, reason in (("cosine", "no image"), ("mse", "one image"), ("rbf", "one image"))
    ]
    assert structure_texts(*rows) == [
        "gradcam: whether there are groups cannot be tested: one image."
    ]


def clade_findings(clades, *structure, images=64, origins=()):
    """Return the findings for as many images behind all matrices; models are their own originals
    but for those given.
    """
    names = {name for rows in clades.values() for row in rows for name in row["members"].split()}
    return groups.clade_findings(
        {key: table(rows) for key, rows in clades.items()},
        table(structure),
        dict.fromkeys(clades, images),
        {name: name for name in names} | dict(origins),
    )


def clade_texts(clades, *structure, images=64, origins=()):
    return texts(clade_findings(clades, *structure, images=images, origins=origins))


CLADES = [
    {"members": "DeiT_T DeiT_S", "support": 0.98},
    {"members": "DeiT_T DeiT_S ViT", "support": 0.94},
    {"members": "DeiT_T DeiT_S ViT CNN", "support": 1.0},
]
COSINE = structure_row("cosine", "0.01", "0.01")
NO_CLADE = "gradcam: no clade of different models is in 95% of the bootstrap trees under cosine."


def test_stable_clades_are_named_and_the_root_is_not():
    found = clade_findings({("gradcam", "cosine"): CLADES}, COSINE)
    assert texts(found) == [
        "gradcam: stable clades, by their share of the bootstrap trees: {DeiT_S, DeiT_T} 98% "
        "under cosine."
    ]
    answer = found[0].answers[0]
    assert (answer.subject, answer.value, answer.n) == (("DeiT_S", "DeiT_T"), 0.98, 64)


def test_no_clade_is_named_without_structure_or_with_few_images():
    clades = {("gradcam", "cosine"): CLADES}
    assert clade_texts(clades, structure_row("cosine", "0.2", "0.01")) == []
    found = clade_findings(clades, COSINE, images=19)
    assert texts(found) == ["gradcam: no verdict on clades under cosine: fewer than 20 images."]
    assert verdicts(found) == {("clade", "gradcam", "cosine"): UNKNOWN}


def test_a_clade_of_a_model_and_its_replicate_is_no_finding():
    clades = {
        ("gradcam", "cosine"): [
            {"members": "a a-b", "support": 1.0},
            {"members": "a a-b c", "support": 0.97},
            {"members": "a a-b c d", "support": 1.0},
        ]
    }
    assert clade_texts(clades, COSINE, origins={"a-b": "a"}) == [
        "gradcam: stable clades, by their share of the bootstrap trees: {a, a-b, c} 97% under "
        "cosine."
    ]


def test_clades_that_all_metrics_share_come_first_and_long_lists_end():
    many = [{"members": f"a{place} b{place}", "support": 0.96} for place in range(8)] + [
        {"members": "root", "support": 1.0}
    ]
    clades = {
        ("gradcam", "cosine"): many,
        ("gradcam", "rbf"): [
            {"members": "b5 a5", "support": 0.99},
            {"members": "root", "support": 1.0},
        ],
    }
    told = clade_texts(clades, COSINE, structure_row("rbf", "0.01", "0.01"))[0]
    assert told.startswith(
        "gradcam: stable clades, by their share of the bootstrap trees: {a5, b5} 96% to 99% "
        "under cosine, rbf; {a0, b0} 96% under cosine; "
    )
    assert told.endswith("; and 2 more in the dendrograms.")
    weak = [{"members": "a b", "support": 0.5}, {"members": "a b c", "support": 1.0}]
    found = clade_findings({("gradcam", "cosine"): weak}, COSINE)
    assert texts(found) == [NO_CLADE]
    assert verdicts(found) == {("clade", "gradcam", "cosine"): NO}


def test_clades_of_no_known_support_are_not_stable():
    clades = {
        ("gradcam", "cosine"): [
            {"members": "a b", "support": float("nan")},
            {"members": "a b c", "support": 1.0},
        ]
    }
    assert clade_texts(clades, COSINE) == [NO_CLADE]


def test_communities_are_named_where_groups_are_clearer_than_chance():
    def consensus(numbers):
        return table(
            {"resolution": "all", "model": model, "community": number, "stability": "0.914"}
            for model, number in zip("abc", numbers, strict=True)
        )

    communities = {
        ("gradcam", "cosine"): consensus("112"),
        ("gradcam", "rbf"): consensus("112"),
        ("gradcam", "mse"): consensus("111"),
    }
    structure = table([COSINE, structure_row("rbf", "0.01", "0.2")])
    few, enough = (dict.fromkeys(communities, n) for n in (19, 20))
    assert groups.community_findings(communities, structure, few) == []
    assert texts(groups.community_findings(communities, structure, enough)) == [
        "gradcam: consensus communities: {a, b} and {c} (stability 0.91 under cosine)."
    ]
    structure = table([COSINE, structure_row("mse", "0.01", "0.01")])
    found = groups.community_findings(communities, structure, enough)
    assert texts(found) == [
        "gradcam: consensus communities: {a, b} and {c} (stability 0.91 under cosine); no stable "
        "communities (stability 0.91 under mse)."
    ]
    assert verdicts(found) == {
        ("communities", "gradcam", "cosine"): YES,
        ("communities", "gradcam", "mse"): NO,
    }


def test_communities_of_user_supplied_matrices_are_named_as_not_compared_with_chance():
    def consensus(numbers):
        return table(
            {"resolution": "all", "model": model, "community": number, "stability": "0.914"}
            for model, number in zip("abc", numbers, strict=True)
        )

    communities = {
        ("gradcam", "cosine"): consensus("112"),
        ("gradcam", "theirs"): consensus("122"),
        ("lime", "theirs"): consensus("111"),
        ("lime", "few"): consensus("112"),
    }
    images = dict(zip(communities, (64, None, 20, 19), strict=True))
    given = [key for key in communities if key[1] != "cosine"]
    over = "over resolutions and seeds alone, not compared with chance"
    found = groups.community_findings(communities, pd.DataFrame(), images, given)
    assert texts(found) == [
        f"gradcam: consensus communities {over}: {{a}} and {{b, c}} (stability 0.91 under theirs).",
        f"lime: consensus communities {over}: no stable communities (stability 0.91 under theirs).",
    ]
    assert set(verdicts(found).values()) == {UNKNOWN}
    assert found[0].answers[0].subject == ("{a}", "{b, c}")
    first = groups.community_findings(communities, table([COSINE]), images, given)[0]
    assert first.text == (
        "gradcam: consensus communities: {a, b} and {c} (stability 0.91 under cosine)."
    )


def test_user_supplied_matrices_are_reported_with_what_is_known_of_them():
    three, two = np.arange(9.0).reshape(3, 3), np.array([[0.0, 1], [1, 0]])
    found = {
        ("gradcam", "cosine"): (three, ["a", "b", "c"]),
        ("lime", "cosine"): (three[::-1, ::-1], ["c", "b", "a"]),
        ("lime", "ssim"): (two, ["c", "a"]),
    }
    notes = {("gradcam", "cosine"): ["odd"], ("lime", "ssim"): ["odd"]}
    images = dict(zip(found, (128, 19, None), strict=True)) | {("ig", "mse"): 7}
    told = texts(matrices.given_findings(found, images, notes))
    assert told[0].startswith("3 user-supplied matrices are taken as they are: without intervals")
    assert told[1:] == [
        "gradcam cosine: over n = 128 images, as the config says.",
        "lime cosine: over n = 19 images, as the config says; no verdict on communities: fewer "
        "than 20 images.",
        "gradcam cosine; lime ssim: odd.",
        "lime ssim: without b, which other matrices hold.",
        "gradcam cosine; lime cosine hold the same values: count them once.",
    ]
    alone = texts(matrices.given_findings({("lime", "ssim"): (two, ["c", "a"])}, {}, {}))
    assert len(alone) == 1 and alone[0].startswith("1 user-supplied matrix is taken as it is")
    assert matrices.given_findings({}, {}, {}) == []


def test_models_in_no_group_are_named():
    rows = table({"resolution": "1.0", "model": model, "community": "1"} for model in "ab")
    key = ("gradcam", "cosine")
    assert texts(groups.left_out_findings({key: ["a", "b", "c"]}, {key: rows})) == [
        "gradcam, cosine: c cannot be grouped: dissimilarities are unknown."
    ]


def test_a_factor_is_reported_by_method_with_its_statistic():
    rows = [
        factor_row("ig_abs", "cosine", "permanova", "0.002"),
        factor_row("ig_abs", "rbf", "permanova", "0.01"),
        factor_row("kernelshap", "cosine", "permanova", "0.61"),
        factor_row("kernelshap", "rbf", "permanova", "0.8"),
        factor_row("ig_abs", "cosine", "mantel", "0.9"),
    ]
    found = factors.factor_findings(table(rows))
    assert texts(found) == [
        "family: models of different family (CNN 8, transformer 6) look at different places "
        "for ig_abs (cosine: R² 0.41, p = 0.002; rbf: R² 0.41, p = 0.01); NO evidence for "
        "kernelshap (p = 0.61 to 0.8) (PERMANOVA, Holm-corrected over 4 matrices)."
    ]
    assert verdicts(found) == {
        ("factor", "ig_abs", "cosine"): YES,
        ("factor", "ig_abs", "rbf"): YES,
        ("factor", "kernelshap", "cosine"): NO,
        ("factor", "kernelshap", "rbf"): NO,
    }
    first = found[0].answers[0]
    assert (first.subject, first.statistic, first.value, first.p, first.n) == (
        ("family",),
        "R²",
        0.412,
        0.002,
        14,
    )


def test_metrics_are_named_where_those_of_a_method_differ():
    rows = [
        factor_row("ig", "cosine", "permanova", "0.002"),
        factor_row("ig", "rbf", "permanova", "0.3"),
        factor_row("ig", "mse", "permanova", "0.09", least_p="0.04"),
        factor_row("maps", "mse", "permanova", "0.7"),
    ]
    assert (
        " for ig (cosine: R² 0.41, p = 0.002); NO evidence for ig rbf (p = 0.3), maps (p = 0.7); "
        "too few models to tell for ig mse: no corrected p can be below 0.16 (PERMANOVA"
    ) in factor_texts(*rows)[0]


def test_levels_that_are_not_those_of_all_matrices_are_not_reported():
    rows = [
        factor_row("ig", "cosine", "permanova", "0.002"),
        factor_row("maps", "cosine", "permanova", "0.6", levels="CNN 4, ViT 3"),
    ]
    assert factor_texts(*rows)[0].startswith(
        "family: models of different family look at different places for ig ("
    )


def test_a_difference_that_spread_may_explain_is_reported_with_that():
    rows = [
        factor_row("ig", "cosine", "permanova", "0.002"),
        factor_row("ig", "cosine", "permdisp", "0.3", p="0.03"),
    ]
    assert (
        "The levels also differ in spread, which alone may explain the result of PERMANOVA, for "
        "ig cosine (p = 0.03) (PERMDISP, not corrected)."
    ) in factor_texts(*rows)[0]
    rows[1] |= {"p": "", "holm": "", "untested": "too few levels"}
    assert factor_texts(*rows)[0].endswith(
        "Whether the levels differ in spread, which alone may explain the result of PERMANOVA, is "
        "not tested for ig: too few levels."
    )
    # Of what is not significant in the first place, nothing is said.
    rows[0]["holm"] = "0.6"
    assert "spread" not in factor_texts(*rows)[0]


def test_what_is_left_given_another_factor_is_reported():
    def given(method, metric, holm, **more):
        return factor_row(method, metric, "partial_mantel", holm, given="predictions", **more)

    metrics = (("ig", "cosine"), ("ig", "rbf"), ("maps", "ssim"), ("maps", "mse"))
    rows = [factor_row(method, metric, "permanova", "0.002") for method, metric in metrics]
    assert "Given" not in factor_texts(*rows)[0]
    rows += [factor_row(method, metric, "mantel", "0.01") for method, metric in metrics[:3]]
    rows += [
        given("ig", "cosine", "0.004"),
        given("ig", "rbf", "0.3"),
        given("maps", "ssim", "", untested="some of these models have no predictions"),
    ]
    # Mantel's test does not see the factor by the last, with nothing given.
    rows += [factor_row("maps", "mse", "mantel", "0.07"), given("maps", "mse", "0.08")]
    rows += [factor_row("ig", "cosine", "permdisp", "0.3", p="0.03")]
    assert factor_texts(*rows)[0].endswith(
        " (PERMANOVA, Holm-corrected over 4 matrices). Given predictions, this still holds for ig "
        "cosine (p = 0.004); there is NO evidence of it for ig rbf (p = 0.3); it is not tested "
        "for maps: some of these models have no predictions (partial Mantel, Holm-corrected). The "
        "levels also differ in spread, which alone may explain the result of PERMANOVA, for ig "
        "cosine (p = 0.03) (PERMDISP, not corrected)."
    )


def test_a_number_is_tested_by_mantel_and_a_lack_of_evidence_is_in_capitals():
    row = factor_row(
        "ig", "cosine", "mantel", "0.4", factor="parameters", levels="", statistic="0.1"
    )
    assert factor_texts(row) == [
        "parameters: NO evidence that models with similar parameters look at similar places: ig "
        "(p = 0.4) (Mantel, Holm-corrected over 1 matrix)."
    ]
    row |= {"factor": "predictions", "holm": "0.01", "statistic": "0.55"}
    assert factor_texts(row) == [
        "predictions: models with similar predictions look at similar places for ig (cosine: rho "
        "0.55, p = 0.01) (Mantel, Holm-corrected over 1 matrix)."
    ]


def test_few_models_are_reported_where_no_p_value_could_be_small_enough():
    few = [
        factor_row("maps", metric, "permanova", "0.3", least_p="0.05", levels="CNN 3, ViT 3")
        for metric in ("cosine", "rbf")
    ]
    found = factors.factor_findings(table(few))
    assert texts(found) == [
        "family: too few models to tell whether models of different family (CNN 3, ViT 3) look "
        "at different places for maps: no corrected p can be below 0.1 (PERMANOVA, Holm-corrected "
        "over 2 matrices)."
    ]
    assert set(verdicts(found).values()) == {UNKNOWN}
    told = factor_texts(factor_row("ig", "cosine", "permanova", "0.09"), *few)[0]
    assert (
        "NO evidence that models of different family look at different places: ig (p = 0.09); "
        "too few models to tell for maps: "
    ) in told


def test_factors_that_cannot_be_tested_are_reported_together():
    rows = [
        factor_row("ig", "cosine", "", "", factor=factor, untested=reason)
        for factor, reason in (
            ("family", "too few"),
            ("accuracy", "too few"),
            ("native_grid", "the native_grid of all models is 7x7"),
        )
    ]
    assert factor_texts(*rows) == [
        "family, accuracy: cannot be tested: too few.",
        "native_grid: cannot be tested: the native_grid of all models is 7x7.",
    ]
    told = factor_texts(
        factor_row("ig", "cosine", "permanova", "0.01"),
        factor_row("maps", "cosine", "", "", untested="too few"),
    )[0]
    assert "; not tested for maps: too few (PERMANOVA" in told


def agreement_row(one, other, rho, holm, untested=""):
    sides = dict(
        zip(("method", "metric", "other_method", "other_metric"), (*one, *other), strict=True)
    )
    return sides | {
        "models": "9",
        "tree": "0.5" if rho else "",
        "rho": rho,
        "rho_holm": holm,
        "untested": untested,
    }


def agreement_texts(*rows):
    return texts(agreement.agreement_findings(table(rows)))


def test_agreement_is_reported_within_methods_and_between_them():
    rows = [
        agreement_row(("gradcam", "cosine"), ("gradcam", "rbf"), "0.9", "0.01"),
        agreement_row(("gradcam", "cosine"), ("ig", "rbf"), "0.2", "0.3"),
        agreement_row(("gradcam", "rbf"), ("ig", "rbf"), "0.4", "0.04"),
    ]
    by = "(Mantel across halves of the images, Holm-corrected, p at most 0.05)."
    found = agreement.agreement_findings(table(rows))
    assert texts(found) == [
        "Do the metrics of one method rank the pairs of models alike? gradcam: rho 0.90 (trees "
        f"0.50), beyond chance in 1 of 1 {by}",
        "Do different methods rank the pairs of models alike? gradcam and ig: median rho 0.30 "
        f"(trees 0.50), beyond chance in 1 of 2 {by}",
    ]
    assert [[answer.verdict for answer in one.answers] for one in found] == [[YES], [NO, YES]]
    assert found[1].answers[0].subject == ("ig", "rbf")
    assert agreement_texts(agreement_row(("g", "a"), ("g", "b"), "", "", "few")) == [
        "Whether methods and metrics agree cannot be tested: few."
    ]
    assert agreement.agreement_findings(pd.DataFrame()) == []


def test_agreement_of_user_supplied_matrices_is_not_across_halves_of_images():
    rows = [
        agreement_row(("g", "a"), ("g", "b"), "0.9", "0.01"),
        agreement_row(("g", "a"), ("g", "c"), "0.9", "0.01") | {"models": "12"},
        agreement_row(("g", "a"), ("h", "c"), "0.1", "0.9"),
    ]
    within, between = texts(agreement.agreement_findings(table(rows), [("g", "c"), ("h", "c")]))
    assert within.endswith(
        "(Mantel across halves of the images where neither matrix is user-supplied, by the 9 to 12 "
        "models that both matrices hold, Holm-corrected, p at most 0.05)."
    )
    assert between.endswith("(Mantel, Holm-corrected, p at most 0.05).")


def test_agreement_that_few_models_cannot_show_is_not_counted():
    few = [
        agreement_row(("g", "a"), ("g", metric), "0.9", "0.2") | {"models": "4"}
        for metric in ("b", "c")
    ]
    assert "g: median rho 0.90 (trees 0.50), too few models to tell (" in agreement_texts(*few)[0]
    mixed = agreement.agreement_findings(
        table([*few, agreement_row(("g", "d"), ("g", "e"), "0.8", "0.002")])
    )
    assert "g: median rho 0.90 (trees 0.50), beyond chance in 1 of 1 (" in texts(mixed)[0]
    assert [answer.verdict for answer in mixed[0].answers] == [UNKNOWN, UNKNOWN, YES]
