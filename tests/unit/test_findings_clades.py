"""Findings about clades: which are named, and what is said of them."""

import pytest
from sentences import structure_row, table, texts, verdicts

from lookalike.findings import clades
from lookalike.findings.finding import NO, UNKNOWN, YES

COSINE = structure_row("cosine", "0.01", "0.01")
NO_CLADE = (
    "Which models form these groups is not sure: no clade of different models is clearer than "
    "chance by itself in the one matrix with groups (n = 64 images)."
)


def clade(members, p=0.004, *, support=0.98, beyond=0.01, left=0, right=1):
    return {
        "members": members,
        "left": left,
        "right": right,
        "support": support,
        "si_p": p,
        # As `correct_clades` leaves out those that are no more than main effects.
        "si_holm": "" if beyond == "" or beyond > 0.05 else p,
        "residual_holm": beyond,
        "within": 0.123,
        "between": 0.581,
    }


def root(members, left=0, right=1):
    return clade(members, "", support=1, beyond="", left=left, right=right)


def findings(tables, *structure, images=64, origins=()):
    """Return the findings for as many images behind all matrices; models are their own originals
    but for those given.
    """
    names = {name for rows in tables.values() for row in rows for name in row["members"].split()}
    return clades.clade_findings(
        {key: table(rows) for key, rows in tables.items()},
        table(structure),
        dict.fromkeys(tables, images),
        {name: name for name in names} | dict(origins),
    )


def named(*rows, origins=()):
    """Return the clades that are named of one tree."""
    found = findings({("gradcam", "cosine"): rows}, COSINE, origins=origins)
    return [answer.subject for answer in found[0].answers if answer.verdict == YES]


ROWS = [
    clade("DeiT_T DeiT_S"),
    clade("DeiT_T DeiT_S ViT", p=0.051),
    root("DeiT_T DeiT_S ViT CNN"),
]


def test_clades_that_hold_are_named_with_their_effect_and_the_root_is_not():
    found = findings({("gradcam", "cosine"): ROWS}, COSINE)
    assert texts(found) == [
        "{DeiT_S, DeiT_T} look alike in the one matrix with groups: mean cosine 0.12 within, 0.58 "
        "to the others, in 98% of the bootstrap trees (selective inference corrected for the "
        "clades beyond main effects: p = 0.004, n = 64 images, gradcam cosine)."
    ]
    answer = found[0].answers[0]
    assert (answer.subject, answer.value, answer.p, answer.n) == (
        ("DeiT_S", "DeiT_T"),
        0.98,
        0.004,
        64,
    )


def test_no_clade_is_named_without_groups_or_with_few_images():
    tables = {("gradcam", "cosine"): ROWS}
    assert findings(tables, structure_row("cosine", "0.01", "0.2")) == []
    found = findings(tables, COSINE, images=19)
    assert texts(found) == [
        "Cannot tell which clades hold for gradcam cosine: fewer than 20 images."
    ]
    assert verdicts(found) == {("clade", "gradcam", "cosine"): UNKNOWN}


@pytest.mark.parametrize(
    "row",
    [clade("a b", p=0.06), clade("a b", beyond=0.06)],
    ids=["chance", "main effects"],
)
def test_clades_of_chance_and_of_main_effects_are_not_named(row):
    found = findings({("gradcam", "cosine"): [row, root("a b c d")]}, COSINE)
    assert texts(found) == [NO_CLADE]
    assert verdicts(found) == {("clade", "gradcam", "cosine"): NO}


@pytest.mark.parametrize(
    "row", [clade("a b", p=""), clade("a b", beyond="")], ids=["chance", "main effects"]
)
def test_where_no_clade_could_be_tested_there_is_no_verdict(row):
    found = findings({("gradcam", "cosine"): [row, root("a b c d")]}, COSINE)
    assert texts(found) == [
        "Cannot tell which clades hold for gradcam cosine: too few resamples of the images "
        "have all dissimilarities, or all models are equally near."
    ]
    assert verdicts(found) == {("clade", "gradcam", "cosine"): UNKNOWN}


def test_a_clade_of_a_model_and_its_replicate_is_no_finding():
    rows = [clade("a a-b"), clade("a a-b c"), root("a a-b c d e")]
    assert named(*rows, origins={"a-b": "a"}) == [("a", "a-b", "c")]


def test_what_one_model_or_a_pair_leave_is_no_clade():
    one_apart = [clade("a b c"), root("a b c d", 4, 3)]
    assert named(*one_apart) == []
    pair = [clade("a b"), clade("c d e f"), root("a b c d e f", 6, 7)]
    assert named(*pair) == [("a", "b")]
    replicated = [clade("a b c d"), clade("e e2"), root("a b c d e e2", 6, 7)]
    assert named(*replicated, origins={"e2": "e"}) == []


def test_both_sides_of_the_root_may_be_clades():
    halves = [clade("a b"), clade("c d"), root("a b c d", 4, 5)]
    assert named(*halves) == [("a", "b"), ("c", "d")]
    third = [clade("a b"), clade("c d e"), root("a b c d e", 5, 6)]
    assert named(*third) == [("a", "b"), ("c", "d", "e")]
    # Two models that are far from all, and from one another, leave a clade.
    chain = [clade("a b c d"), clade("a b c d e", 0.2, left=6, right=4), root("a b c d e f", 7, 5)]
    assert named(*chain) == [("a", "b", "c", "d")]


def test_clades_that_all_metrics_share_come_first_and_long_lists_end():
    many = [clade(f"a{place} b{place}", support=0.96) for place in range(8)]
    everyone = root(" ".join(row["members"] for row in many), 100, 101)
    tables = {
        ("gradcam", "cosine"): [*many, everyone],
        ("gradcam", "rbf"): [clade("b5 a5", 0.001, support=0.99), everyone],
    }
    told = texts(findings(tables, COSINE, structure_row("rbf", "0.01", "0.01")))[0]
    assert told == (
        "{a5, b5} look alike in all 2 matrices with groups: mean rbf 0.12 within, 0.58 to the "
        "others, in 99% of the bootstrap trees (selective inference corrected for the clades "
        "beyond main effects: p = 0.001, n = 64 images, gradcam rbf; p at most 0.004 in all); so "
        "do {a0, b0} in 1, {a1, b1} in 1, {a2, b2} in 1, and 4 more clades."
    )


def test_matrices_with_groups_and_without_a_sure_clade_are_named_with_those_that_have_one():
    rows = [clade("a b"), root("a b c d")]
    tables = {
        ("gradcam", "cosine"): rows,
        ("gradcam", "mse"): [clade("a b", p=0.2), root("a b c d")],
        ("gradcam", "ssim"): [clade("a b", p=""), root("a b c d")],
    }
    tests = [COSINE, structure_row("mse", "0.01", "0.01"), structure_row("ssim", "0.01", "0.01")]
    (found,) = findings(tables, *tests)
    assert found.text.startswith("{a, b} look alike in 1 of the 2 matrices with groups: ")
    assert "; no clade is sure by itself for gradcam mse; cannot tell which clades" in found.text
    assert [answer.verdict for answer in found.answers] == [YES, NO, UNKNOWN]
