"""Findings about factors and agreement: sentences made from the numbers, which say no more than
these.
"""

import pandas as pd
from sentences import factor_row, table, texts, verdicts

from lookalike.findings import agreement, factors
from lookalike.findings.finding import NO, UNKNOWN, YES


def factor_texts(*rows):
    return texts(factors.factor_findings(table(rows)))


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
