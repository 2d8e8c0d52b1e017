"""Findings: sentences made from the numbers, which say no more than these."""

import pytest

from lookalike.findings import collect, factors, groups
from lookalike.findings.models import (
    localisation_sentence,
    replicate_sentences,
    sample_size_sentence,
    summarise_localisation,
)


def structure_row(metric, variance, silhouette, untested="", method="gradcam"):
    return {
        "method": method,
        "metric": metric,
        "subset": "all",
        "variance_holm": variance,
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
        "levels": "CNN 8, transformer 6",
        "holm": holm,
        "least_p": "0.001",
        "untested": "",
    }
    return row | {"statistic": "3.1", "r2": "0.412" if test == "permanova" else ""} | more


def test_structure_is_told_by_metric_and_its_lack_as_well():
    rows = [structure_row("cosine", "0.002", "0.004"), structure_row("rbf", "0.61", "0.3")]
    assert groups.structure_sentences(rows) == [
        "gradcam: the dissimilarities have structure by cosine (p 0.002); there is NO "
        "evidence of structure by rbf (p 0.61); "
        "groups clearer than chance: 2 by cosine (p 0.004) (permutation of models within "
        "images, Holm)."
    ]
    assert (
        "no partition is clearer than chance"
        in groups.structure_sentences([structure_row("cosine", "0.2", "0.2")])[0]
    )


def test_structure_that_cannot_be_tested_is_told_with_the_reason():
    rows = [structure_row("cosine", "nan", "nan", "with n = 1 image nothing can be concluded")]
    assert groups.structure_sentences(rows) == [
        "gradcam: whether there are groups cannot be tested: with n = 1 image nothing can be "
        "concluded."
    ]


def test_metrics_that_were_not_tested_are_told_beside_those_that_were():
    rows = [
        structure_row("cosine", "nan", "nan", "some are not known"),
        structure_row("mse", "0.01", "0.2"),
    ]
    assert (
        "; not tested by cosine: some are not known (permutation"
        in groups.structure_sentences(rows)[0]
    )


def test_of_several_reasons_the_usual_one_is_told():
    rows = [
        structure_row(metric, "nan", "nan", reason)
        for metric, reason in (("cosine", "no image"), ("mse", "one image"), ("rbf", "one image"))
    ]
    assert groups.structure_sentences(rows) == [
        "gradcam: whether there are groups cannot be tested: one image."
    ]


def test_a_replicate_without_other_pairs_cannot_be_judged():
    assert replicate_sentences([gap_row("rbf", "nan", "nan", "nan") | {"others": "nan"}]) == [
        "ig: b, a replicate of a, cannot be judged: there is no other pair to hold it against."
    ]


def gap_row(metric, difference, low, high, n="20"):
    row = {
        "method": "ig",
        "metric": metric,
        "model": "a",
        "replicate": "b",
        "distance": "0.1",
        "others": "0.4",
        "n": n,
    }
    return row | {"difference": difference, "difference_low": low, "difference_high": high}


def test_a_replicate_is_near_or_not_by_the_interval_of_the_difference():
    rows = [
        gap_row("rbf", "-0.3", "-0.4", "-0.1"),
        gap_row("emd", "-0.3", "-0.7", "0.1"),
        gap_row("mse", "0.3", "0.1", "0.4"),
    ]
    rows += [
        gap_row("ssim", "-0.3", "nan", "nan"),
        gap_row("cosine", "-0.3", "-0.4", "-0.1", n="19"),
    ]
    assert replicate_sentences(rows) == [
        "ig: b, a replicate of a, is clearly nearer to it than the mean pair by rbf (0.1 "
        "against 0.4); it is NOT clearly nearer to it than the mean pair "
        "by emd (0.1 against 0.4); it is clearly FARTHER from it than the mean pair by mse "
        "(0.1 against 0.4); it is held against the mean pair, of too few "
        "images for a verdict, by ssim (0.1 against 0.4), cosine (0.1 against 0.4)."
    ]


def clade_sentences(clades, structure, images=64, origins=()):
    """Return the sentences for as many images behind all matrices; models are their own originals
    but for those given.
    """
    names = {name for rows in clades.values() for row in rows for name in row["members"].split()}
    return groups.clade_sentences(
        clades,
        structure,
        dict.fromkeys(clades, images),
        {name: name for name in names} | dict(origins),
    )


CLADES = [
    {"members": "DeiT_T DeiT_S", "support": 0.98},
    {"members": "DeiT_T DeiT_S ViT", "support": 0.94},
    {"members": "DeiT_T DeiT_S ViT CNN", "support": 1.0},
]


def test_clades_that_hold_are_named_and_the_root_is_not():
    told = clade_sentences(
        {("gradcam", "cosine"): CLADES}, [structure_row("cosine", "0.01", "0.01")]
    )
    assert told == [
        "gradcam: of the resamples of the images, the clade {DeiT_S, DeiT_T} holds in 98% by "
        "cosine."
    ]


def test_no_clade_is_named_without_structure_or_with_few_images():
    clades = {("gradcam", "cosine"): CLADES}
    assert clade_sentences(clades, [structure_row("cosine", "0.2", "0.01")]) == []
    told = clade_sentences(clades, [structure_row("cosine", "0.01", "0.01")], 19)
    assert told == [
        "gradcam: which clades hold is not told by cosine: fewer than 20 images tell nothing "
        "for sure."
    ]


def test_a_clade_of_a_model_and_its_replicate_is_no_finding():
    clades = {
        ("gradcam", "cosine"): [
            {"members": "a a-b", "support": 1.0},
            {"members": "a a-b c", "support": 0.97},
            {"members": "a a-b c d", "support": 1.0},
        ]
    }
    told = clade_sentences(clades, [structure_row("cosine", "0.01", "0.01")], origins={"a-b": "a"})
    assert told == [
        "gradcam: of the resamples of the images, the clade {a, a-b, c} holds in 97% by cosine."
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
    told = clade_sentences(
        clades, [structure_row("cosine", "0.01", "0.01"), structure_row("rbf", "0.01", "0.01")]
    )[0]
    assert told.startswith(
        "gradcam: of the resamples of the images, the clade {a5, b5} holds in 96% to 99% by "
        "cosine, rbf; the clade {a0, b0}"
    )
    assert told.endswith("and 2 more in the dendrograms.")
    weak = [{"members": "a b", "support": 0.5}, {"members": "a b c", "support": 1.0}]
    told = clade_sentences({("gradcam", "cosine"): weak}, [structure_row("cosine", "0.01", "0.01")])
    assert told == [
        "gradcam: no clade of different models holds in 95% of the resamples by cosine."
    ]


def test_clades_of_no_known_support_do_not_hold():
    clades = {
        ("gradcam", "cosine"): [
            {"members": "a b", "support": float("nan")},
            {"members": "a b c", "support": 1.0},
        ]
    }
    told = clade_sentences(clades, [structure_row("cosine", "0.01", "0.01")])
    assert told == [
        "gradcam: no clade of different models holds in 95% of the resamples by cosine."
    ]


def test_communities_are_named_where_groups_are_clearer_than_chance():
    rows = [
        {"resolution": "all", "model": model, "community": number, "stability": "0.914"}
        for model, number in (("a", "1"), ("b", "1"), ("c", "2"))
    ]
    structure = [structure_row("cosine", "0.01", "0.01"), structure_row("rbf", "0.01", "0.2")]
    communities = {("gradcam", "cosine"): rows, ("gradcam", "rbf"): rows}
    assert groups.community_sentences(communities, structure, dict.fromkeys(communities, 19)) == []
    told = groups.community_sentences(communities, structure, dict.fromkeys(communities, 20))
    assert told == ["gradcam: consensus communities: {a, b} and {c}, stability 0.91 by cosine."]


def test_models_in_no_group_are_named():
    rows = [{"resolution": "1.0", "model": model, "community": "1"} for model in "ab"]
    told = groups.left_out_sentences(
        {("gradcam", "cosine"): ["a", "b", "c"]}, {("gradcam", "cosine"): rows}
    )
    assert told == [
        "gradcam, cosine: c can be put into no group, for want of known dissimilarities."
    ]


def test_a_factor_is_told_by_method_with_its_statistic():
    rows = [
        factor_row("ig_abs", "cosine", "permanova", "0.002"),
        factor_row("ig_abs", "rbf", "permanova", "0.01"),
        factor_row("kernelshap", "cosine", "permanova", "0.61"),
        factor_row("kernelshap", "rbf", "permanova", "0.8"),
        factor_row("ig_abs", "cosine", "mantel", "0.9"),
    ]
    assert factors.factor_sentences(rows) == [
        "family: models of different family (CNN 8, transformer 6) differ in where they look "
        "by ig_abs (cosine: R2 0.41, p 0.002; rbf: R2 0.41, p 0.01), but "
        "not by kernelshap (p 0.61 to 0.8) (PERMANOVA, Holm over 4 matrices)."
    ]


def test_levels_that_are_not_those_of_all_matrices_are_not_told():
    rows = [
        factor_row("ig", "cosine", "permanova", "0.002"),
        factor_row("maps", "cosine", "permanova", "0.6", levels="CNN 4, ViT 3"),
    ]
    assert factors.factor_sentences(rows)[0].startswith(
        "family: models of different family differ in where they look by ig ("
    )


def test_a_difference_that_spread_may_explain_is_told_with_that():
    rows = [
        factor_row("ig", "cosine", "permanova", "0.002"),
        factor_row("ig", "cosine", "permdisp", "0.3", p="0.03"),
    ]
    assert (
        "Their spread differs, too, which may be all that PERMANOVA sees, by ig cosine (p "
        "0.03): PERMDISP, not corrected."
    ) in factors.factor_sentences(rows)[0]
    rows[1] |= {"p": "", "holm": "", "untested": "too few levels"}
    assert factors.factor_sentences(rows)[0].endswith(
        "Whether the spread differs, which may be all that PERMANOVA sees, is not tested by "
        "ig: too few levels."
    )
    # Of what is not clear in the first place, nothing is said.
    rows[0]["holm"] = "0.6"
    assert "spread" not in factors.factor_sentences(rows)[0]


def test_what_is_left_given_another_factor_is_told():
    def given(method, metric, holm, **more):
        return factor_row(method, metric, "partial_mantel", holm, given="predictions", **more)

    metrics = (("ig", "cosine"), ("ig", "rbf"), ("maps", "ssim"), ("maps", "mse"))
    rows = [factor_row(method, metric, "permanova", "0.002") for method, metric in metrics]
    assert "Given" not in factors.factor_sentences(rows)[0]
    rows += [factor_row(method, metric, "mantel", "0.01") for method, metric in metrics[:3]]
    rows += [
        given("ig", "cosine", "0.004"),
        given("ig", "rbf", "0.3"),
        given("maps", "ssim", "", untested="some of these models have no predictions"),
    ]
    # Mantel's test does not see the factor by the last, with nothing given.
    rows += [factor_row("maps", "mse", "mantel", "0.07"), given("maps", "mse", "0.08")]
    rows += [factor_row("ig", "cosine", "permdisp", "0.3", p="0.03")]
    assert factors.factor_sentences(rows)[0].endswith(
        " (PERMANOVA, Holm over 4 matrices). Given predictions, that still holds by ig "
        "cosine (p 0.004); there is NO evidence of that by ig rbf (p 0.3); "
        "that is not tested by maps: some of these models have no predictions (partial "
        "Mantel, Holm). Their spread differs, too, which may be all that "
        "PERMANOVA sees, by ig cosine (p 0.03): PERMDISP, not corrected."
    )


def test_a_number_is_told_by_mantel_and_a_lack_of_evidence_in_capitals():
    rows = [
        factor_row("ig", "cosine", "mantel", "0.4", factor="parameters", levels="", statistic="0.1")
    ]
    assert factors.factor_sentences(rows) == [
        "parameters: there is NO evidence that models that are near in parameters look "
        "alike, by ig (p 0.4) (Mantel, Holm over 1 matrix)."
    ]
    rows = [
        factor_row(
            "ig", "cosine", "mantel", "0.01", factor="predictions", levels="", statistic="0.55"
        )
    ]
    assert factors.factor_sentences(rows) == [
        "predictions: models that predict alike look alike by ig (cosine: rho 0.55, p 0.01) "
        "(Mantel, Holm over 1 matrix)."
    ]


def test_few_models_are_told_where_no_p_value_could_be_small_enough():
    few = [
        factor_row("maps", metric, "permanova", "0.3", least_p="0.05", levels="CNN 3, ViT 3")
        for metric in ("cosine", "rbf")
    ]
    assert factors.factor_sentences(few) == [
        "family: with so few models it cannot be told whether models of different family "
        "(CNN 3, ViT 3) differ in where they look by maps: no corrected p "
        "can be below 0.1 (PERMANOVA, Holm over 2 matrices)."
    ]
    told = factors.factor_sentences([factor_row("ig", "cosine", "permanova", "0.09"), *few])[0]
    assert (
        "there is NO evidence that models of different family differ in where they look, by "
        "ig (p 0.09); with so few models it cannot be told by maps"
    ) in told


def test_factors_that_cannot_be_tested_are_told_together():
    rows = [
        factor_row("ig", "cosine", "", "", factor=factor, untested=reason)
        for factor, reason in (
            ("family", "too few"),
            ("accuracy", "too few"),
            ("native_grid", "the native_grid of all models is 7x7"),
        )
    ]
    assert factors.factor_sentences(rows) == [
        "family, accuracy: cannot be tested: too few.",
        "native_grid: cannot be tested: the native_grid of all models is 7x7.",
    ]
    told = factors.factor_sentences(
        [
            factor_row("ig", "cosine", "permanova", "0.01"),
            factor_row("maps", "cosine", "", "", untested="too few"),
        ]
    )[0]
    assert "; not tested by maps: too few (PERMANOVA" in told


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


def test_agreement_is_told_within_methods_and_between_them():
    rows = [
        agreement_row(("gradcam", "cosine"), ("gradcam", "rbf"), "0.9", "0.01"),
        agreement_row(("gradcam", "cosine"), ("ig", "rbf"), "0.2", "0.3"),
        agreement_row(("gradcam", "rbf"), ("ig", "rbf"), "0.4", "0.04"),
    ]
    by = "(p at most 0.05: Mantel across halves of the images, Holm)."
    assert factors.agreement_sentences(rows) == [
        "Do metrics of one method agree upon who is near to whom? gradcam rho 0.90 (of "
        f"trees 0.50), beyond chance in 1 of 1 {by}",
        "Do methods agree upon who is near to whom? gradcam and ig median rho 0.30 (of "
        f"trees 0.50), beyond chance in 1 of 2 {by}",
    ]
    assert factors.agreement_sentences([agreement_row(("g", "a"), ("g", "b"), "", "", "few")]) == [
        "Whether methods and metrics agree cannot be tested: few."
    ]
    assert factors.agreement_sentences([]) == []


def test_agreement_that_few_models_cannot_show_is_not_counted():
    few = [
        agreement_row(("g", "a"), ("g", metric), "0.9", "0.2") | {"models": "4"}
        for metric in ("b", "c")
    ]
    assert (
        "g median rho 0.90 (of trees 0.50), too few models to tell ("
        in factors.agreement_sentences(few)[0]
    )
    mixed = [*few, agreement_row(("g", "d"), ("g", "e"), "0.8", "0.002")]
    assert (
        "g median rho 0.90 (of trees 0.50), beyond chance in 1 of 1 ("
        in factors.agreement_sentences(mixed)[0]
    )


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "given as they are"),
        (1, "With n = 1 image nothing can be concluded"),
        (30, "at most n = 30 images"),
    ],
)
def test_the_number_of_images_is_told_with_what_it_allows(n, text):
    assert text in sample_size_sentence(n)


def test_findings_are_read_as_they_were_written():
    sections = {
        "Images": ["One.", "Two - with a dash."],
        "Groups": [],
        "Factors": ["Three ## four."],
    }
    text = collect.as_markdown(sections)
    assert text == (
        "# Findings\n\n## Images\n\n- One.\n- Two - with a dash.\n\n## Factors\n\n- Three ## "
        "four.\n"
    )
    assert collect.from_markdown(text) == {
        title: sentences for title, sentences in sections.items() if sentences
    }


def masses(images):
    """Return rows for two models, one of which finds the object, and the null methods, with some
    spread over images.
    """
    means = {"a": 0.5, "b": 0.11, "random": 0.1, "centre": 0.12}
    return [
        {"model": model, "mass": str(mean + 0.02 * (place % 3 - 1)), "area": "0.1"}
        for model, mean in means.items()
        for place in range(images)
    ]


def test_models_that_find_the_object_are_counted_and_the_others_named():
    assert localisation_sentence("ig", summarise_localisation(masses(20)), ["a", "b"]) == (
        "ig: the maps of 1 of 2 models find the object clearly better than area share 0.10, "
        "random 0.10, centre 0.12. Not for b."
    )


def test_of_few_images_no_model_is_said_to_find_the_object():
    table = summarise_localisation(masses(19))
    assert not table["a"]["clear"]
    assert localisation_sentence("ig", table, ["a", "b"]) == (
        "ig: whether the maps find the object cannot be told: fewer than 20 images tell "
        "nothing for sure."
    )
    some = [
        row | ({"mass": "nan"} if place == 0 and row["model"] == "a" else {})
        for place, row in enumerate(masses(20))
    ]
    assert localisation_sentence("ig", summarise_localisation(some), ["a", "b"]) == (
        "ig: the maps of 0 of 1 models find the object clearly better than area share 0.10, "
        "random 0.10, centre 0.12. Untold for a: fewer than 20 images tell "
        "nothing for sure."
    )
