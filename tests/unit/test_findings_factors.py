"""Findings about factors and agreement: sentences made from the numbers, which say no more than
these.
"""

import pandas as pd
from sentences import factor_row, table, texts, verdicts

from lookalike.findings import agreement, factors
from lookalike.findings.finding import NO, UNKNOWN, YES


def factor_texts(*rows):
    return texts(factors.factor_findings(table(rows)))


def test_a_factor_is_reported_in_one_line_with_its_statistic():
    rows = [
        factor_row("ig_abs", "cosine", "permanova", "0.002"),
        factor_row("ig_abs", "rbf", "permanova", "0.01"),
        factor_row("kernelshap", "cosine", "permanova", "0.61"),
        factor_row("kernelshap", "rbf", "permanova", "0.8"),
        factor_row("ig_abs", "cosine", "anosim", ""),
    ]
    found = factors.factor_findings(table(rows))
    assert texts(found) == [
        "family: models of different family (CNN 8, transformer 6) look at different places in 2 "
        "of 4 matrices: R² 0.41 (p = 0.002, n = 14 models, ig_abs cosine; p at most 0.01 in all); "
        "NO evidence for kernelshap (p = 0.61 to 0.8) (PERMANOVA, p corrected for 4 tests)."
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
        factor_row("ig", "mse", "permanova", "0.29", least_corrected="0.16"),
        factor_row("maps", "mse", "permanova", "0.7"),
        factor_row("maps", "mse", "mantel", "0.7", factor="depth", levels="", models="12"),
    ]
    assert (
        " in 1 of 3 matrices that can tell: R² 0.41 (p = 0.002, n = 14 models, ig cosine); NO "
        "evidence for ig rbf, maps (p = 0.3 to 0.7); cannot tell for ig mse: too few models for "
        "so many tests, no corrected p can be below 0.16 (PERMANOVA, p corrected for 4 tests)."
    ) in factor_texts(*rows)[0]


def test_planned_questions_come_first_and_are_corrected_by_themselves():
    rows = [
        factor_row("ig", "cosine", "permanova", "0.4"),
        factor_row("maps", "cosine", "permanova", "0.03", planned="2", together="1"),
        factor_row("ig", "cosine", "", "", factor="year", planned="1", untested="too few"),
        factor_row("maps", "cosine", "", "", factor="depth", untested="too few"),
    ]
    found = factors.factor_findings(table(rows))
    assert texts(found) == [
        "planned question, year: cannot be tested: too few.",
        "planned question, family: models of different family (CNN 8, transformer 6) look at "
        "different places: R² 0.41 (p = 0.03, n = 14 models, maps cosine) (PERMANOVA, one test).",
        "NO evidence that models look at different places by their family (CNN 8, transformer 6) "
        "(R² 0.41, p = 0.4) (PERMANOVA, n = 14 models, p corrected for 4 tests).",
        "Cannot tell whether a factor explains where models look: depth: too few.",
    ]
    assert [one.answers[0].verdict for one in found] == [UNKNOWN, YES, NO, UNKNOWN]


def test_levels_that_are_not_those_of_all_matrices_are_not_reported():
    rows = [
        factor_row("ig", "cosine", "permanova", "0.002"),
        factor_row("maps", "cosine", "permanova", "0.6", levels="CNN 4, ViT 3", models="7"),
    ]
    said = factor_texts(*rows)[0]
    assert said.startswith("family: models of different family look at different places in 1 of 2 ")
    assert said.endswith("(PERMANOVA, n = 7 to 14 models, p corrected for 4 tests).")


def test_a_difference_that_spread_may_explain_is_reported_with_that():
    rows = [
        factor_row("ig", "cosine", "permanova", "0.002"),
        factor_row("ig", "cosine", "permdisp", "", p="0.03"),
    ]
    assert (
        "The levels also differ in spread, which alone may explain the result of PERMANOVA, for "
        "ig cosine (PERMDISP, p = 0.03, not corrected)."
    ) in factor_texts(*rows)[0]
    rows[1] |= {"p": "", "untested": "too few levels"}
    assert factor_texts(*rows)[0].endswith(
        "Whether the levels differ in spread, which alone may explain the result of PERMANOVA, is "
        "not tested for ig cosine: too few levels."
    )
    # Of what is not significant in the first place, nothing is said.
    rows[0]["corrected"] = "0.6"
    assert "spread" not in factor_texts(*rows)[0]


def test_what_is_left_given_another_factor_is_an_effect_and_no_claim():
    def given(method, metric, rho, low="", high="", **more):
        about = {"given": "predictions", "statistic": rho, "low": low, "high": high}
        return factor_row(method, metric, "partial_mantel", "", **about | more)

    metrics = (("ig", "cosine"), ("ig", "rbf"), ("maps", "ssim"), ("maps", "mse"))
    found = ("0.002", "0.002", "0.002", "0.3")
    rows = [factor_row(*names, "permanova", p) for names, p in zip(metrics, found, strict=True)]
    assert "Given" not in factor_texts(*rows)[0]
    rows += [factor_row(*names, "mantel", "", statistic="0.61") for names in metrics]
    rows += [
        given("ig", "cosine", "0.4", "0.21", "0.52"),
        given("ig", "rbf", "-0.1"),
        given("maps", "ssim", "", untested="some of these models have no predictions"),
        # Of what is not found in the first place, nothing is left.
        given("maps", "mse", "0.08", "-0.1", "0.2"),
    ]
    rows += [factor_row("ig", "cosine", "permdisp", "", p="0.03")]
    assert factor_texts(*rows)[0].endswith(
        " (PERMANOVA, p corrected for 4 tests). Given predictions, the rank correlation is 0.40 "
        "instead of 0.61 for ig cosine (95% interval 0.21 to 0.52); -0.10 instead of 0.61 for ig "
        "rbf; not known for maps ssim: some of these models have no predictions (partial Mantel of "
        "these models, intervals over images; not a test). The levels also differ in spread, which "
        "alone may explain the result of PERMANOVA, for ig cosine (PERMDISP, p = 0.03, not "
        "corrected)."
    )


def test_a_number_is_tested_by_mantel_and_a_lack_of_evidence_is_in_capitals():
    row = factor_row(
        "ig", "cosine", "mantel", "0.4", factor="parameters", levels="", statistic="0.1"
    )
    assert factor_texts(row) == [
        "NO evidence that models look at different places by their parameters (rho 0.10, p = 0.4) "
        "(Mantel, n = 14 models, p corrected for 4 tests)."
    ]
    row |= {"factor": "predictions", "corrected": "0.01", "statistic": "0.55"}
    assert factor_texts(row) == [
        "predictions: models with similar predictions look at similar places: rho 0.55 (p = 0.01, "
        "n = 14 models, ig cosine) (Mantel, p corrected for 4 tests)."
    ]


def test_few_models_are_reported_where_no_p_value_could_be_small_enough():
    few = [
        factor_row("maps", metric, "permanova", "0.3", least_corrected="0.1", levels="CNN 3, ViT 3")
        | {"models": "6", "least_p": "0.1"}
        for metric in ("cosine", "rbf")
    ]
    found = factors.factor_findings(table(few))
    assert texts(found) == [
        "Cannot tell whether a factor explains where models look: family (CNN 3, ViT 3): too few "
        "models, no corrected p can be below 0.1."
    ]
    assert set(verdicts(found).values()) == {UNKNOWN}
    told = factor_texts(factor_row("ig", "cosine", "permanova", "0.09"), *few)[0]
    assert told.startswith(
        "NO evidence that models look at different places by their family (R² 0.41, p = 0.09; "
        "cannot tell in 2 of 3 matrices: too few models, no corrected p can be below 0.1) ("
    )


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
        "Cannot tell whether a factor explains where models look: family, accuracy: too few; "
        "native_grid: the native_grid of all models is 7x7."
    ]
    told = factor_texts(
        factor_row("ig", "cosine", "permanova", "0.01"),
        factor_row("maps", "cosine", "", "", untested="too few"),
    )[0]
    assert "; cannot tell for maps: too few (PERMANOVA" in told


def test_many_factors_fill_few_lines():
    rows = [
        factor_row("ig", metric, "permanova", p, factor=f"{name}{place}")
        for name, p in (("found", "0.01"), ("none", "0.4"))
        for place in range(9)
        for metric in ("cosine", "rbf")
    ]
    rows += [factor_row("ig", "cosine", "", "", factor=f"f{n}", untested="few") for n in range(9)]
    told = factor_texts(*rows)
    assert len(told) == 5 + 3
    assert told[5] == "So do found5, found6, found7, found8 (see the table)."
    assert told[6].count("none") == 5 and " and 4 more (PERMANOVA" in told[6]
    assert told[7].endswith(": f0, f1, f2, f3, f4 and 4 more: few.")
    every = [
        answer.subject for one in factors.factor_findings(table(rows)) for answer in one.answers
    ]
    assert len(every) == 18 * 2 + 9


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
        agreement_row(("ig", "rbf"), ("gradcam", "rbf"), "0.4", "0.04"),
    ]
    by = "Mantel across halves of the images, n = 9 models, Holm-corrected)."
    found = agreement.agreement_findings(table(rows))
    assert texts(found) == [
        "Metrics of one method rank the pairs of models alike in the one comparison: rho 0.90 "
        f"(trees 0.50) for gradcam (p = 0.01, {by}",
        "Different methods rank the pairs of models alike in 1 of 2 comparisons: median rho 0.30 "
        f"(trees 0.50) for gradcam and ig (p = 0.04 to 0.3, {by}",
    ]
    assert [[answer.verdict for answer in one.answers] for one in found] == [[YES], [NO, YES]]
    assert found[1].answers[0].subject == ("ig", "rbf")
    assert agreement_texts(rows[1])[0].startswith(
        "NO evidence that different methods rank the pairs of models alike in one comparison: rho "
    )
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
        "(p = 0.01, Mantel across halves of the images where neither matrix is user-supplied, n = "
        "9 to 12 models, Holm-corrected)."
    )
    assert between.endswith("(p = 0.9, Mantel, n = 9 models, Holm-corrected).")


def test_the_methods_that_agree_least_and_most_are_named():
    rows = [
        agreement_row((one, "a"), (other, "a"), rho, holm)
        for one, other, rho, holm in (("f", "g", "0.9", "0.01"), ("f", "h", "0.1", "0.5"))
    ]
    assert (
        ": median rho 0.50 (trees 0.50); from rho 0.10 (trees 0.50) for f and h, beyond chance in "
        "0 of 1 to rho 0.90 (trees 0.50) for f and g, beyond chance in 1 of 1 (p = 0.01 to 0.5, "
    ) in agreement_texts(*rows)[0]


def test_metrics_of_one_ranking_are_named_once_for_all_methods():
    stands = {
        (method, metric): (method, "cosine")
        for method in ("f", "g")
        for metric in ("cosine", "rbf")
    }
    (found,) = agreement.redundancy_findings(stands | {("h", "mse"): ("h", "rmse")}, [("g", "rbf")])
    assert found.text == (
        "Metrics that rank all pairs of models and images alike (Spearman's rho > 0.999) count "
        "once: cosine, rbf under f."
    )
    assert agreement.redundancy_findings({}) == []


def test_agreement_that_few_models_cannot_show_is_not_counted():
    few = [
        agreement_row(("g", "a"), ("g", metric), "0.9", "0.2") | {"models": "4"}
        for metric in ("b", "c")
    ]
    assert agreement_texts(*few)[0].startswith(
        "Too few models to tell whether metrics of one method rank the pairs of models alike: "
        "median rho 0.90 (trees 0.50) for g (p = 0.2, "
    )
    # Two metrics of one ranking make one test, which four models can pass.
    stands = {("g", metric): ("g", "b") for metric in "bc"}
    one_test = agreement.agreement_findings(table(few), stands=stands)
    assert [answer.verdict for answer in one_test[0].answers] == [NO, NO]
    mixed = agreement.agreement_findings(
        table([*few, agreement_row(("g", "d"), ("g", "e"), "0.8", "0.002")])
    )
    assert texts(mixed)[0].startswith(
        "Metrics of one method rank the pairs of models alike in the one comparison that can tell: "
        "median rho 0.90 (trees 0.50) for g ("
    )
    assert [answer.verdict for answer in mixed[0].answers] == [UNKNOWN, UNKNOWN, YES]
