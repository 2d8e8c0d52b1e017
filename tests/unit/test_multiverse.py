"""The multiverse: every conclusion under all methods, metrics, subsets and linkages, the headline
that is made of it, and how long the findings get.
"""

import itertools

import pandas as pd
import pytest
from sentences import factor_row, structure_row, table, texts
from test_findings_clades import clade, root

from lookalike.findings import clades, dependence, factors, headline, models, multiverse, structure
from lookalike.findings.finding import NO, UNKNOWN, YES
from lookalike.plots.multiverse import MOST_CLADES, multiverse_grid, shown_conclusions
from lookalike.plots.style import save

DEPENDS = {"dependence": "0.3", "dependence_low": "0.2", "dependence_high": "0.4"}
DEPENDS |= {"dependent_pairs": "0.9", "dependence_untested": ""}
BIASED = DEPENDS | {"dependence": "0", "dependence_low": "-0.1", "dependence_high": "0.05"}
HOLDS = [clade("a b"), root("a b c d")]
FAILS = [clade("a b", p=0.3), root("a b c d")]
OTHER = [clade("a c", p=0.3), root("a b c d")]


def structure_of(method, metric, subset="all", groups="0.01", depends=DEPENDS, **more):
    row = structure_row(metric, "0.01", groups, method=method, main_effects="0.01", **more)
    return row | depends | {"subset": subset}


def answers_of(rows, trees, factor_rows=(), images=64):
    found = {key: table(tree) for key, tree in trees.items()}
    names = {model: model for tree in trees.values() for model in tree[-1]["members"].split()}
    numbers = dict.fromkeys((tree[:3] for tree in trees), images)
    return multiverse.multiverse_answers(table(rows), table(factor_rows), found, numbers, names)


def verdicts_of(answers, question):
    return {
        (one.method, one.metric, one.subset, one.linkage): one.verdict
        for one in answers
        if one.question == question
    }


def test_a_clade_that_one_tree_names_is_asked_of_all_trees():
    rows = [
        structure_of("ig", "cosine"),
        structure_of("ig", "cosine", "agreeing"),
        structure_of("ig", "mse", groups="0.4"),
        structure_of("ig", "emd", groups="nan", unresolved="no known law"),
        structure_of("ig", "rbf", depends=BIASED),
    ]
    trees = {
        ("ig", "cosine", "all", "average"): HOLDS,
        ("ig", "cosine", "all", "ward"): FAILS,
        ("ig", "cosine", "agreeing", "average"): OTHER,
        ("ig", "mse", "all", "average"): HOLDS,
        ("ig", "emd", "all", "average"): HOLDS,
        ("ig", "rbf", "all", "average"): HOLDS,
    }
    answers = answers_of(rows, trees)
    assert verdicts_of(answers, "clade") == dict(
        zip(trees, (YES, NO, NO, NO, UNKNOWN, UNKNOWN), strict=True)
    )
    reasons = {one.metric: one.reason for one in answers if one.question == "clade"}
    assert reasons["emd"] == "no known law" and reasons["rbf"] == multiverse.BIASED
    (held,) = [one for one in answers if one.question == "clade" and one.verdict == YES]
    assert (held.subject, held.value, held.p, held.n) == (("a", "b"), 0.98, 0.004, 64)
    # Where maps do not depend on the image, nothing else is told of the matrix.
    about = [one for one in answers if one.metric == "rbf"]
    assert {one.question for one in about if one.verdict != UNKNOWN} == {"dependence"}
    assert all(one.p is None for one in about)


def test_clades_of_other_models_and_of_few_images_cannot_be_told():
    rows = [structure_of("ig", "cosine"), structure_of("ig", "mse")]
    trees = {
        ("ig", "cosine", "all", "average"): HOLDS,
        ("ig", "mse", "all", "average"): [clade("a c"), root("a c d e")],
    }
    found = answers_of(rows, trees)
    told = {(one.subject, one.metric): one.verdict for one in found if one.question == "clade"}
    assert told[("a", "b"), "cosine"] == YES and told[("a", "b"), "mse"] == UNKNOWN
    assert not verdicts_of(answers_of(rows, trees, images=19), "clade")


def test_rows_hold_every_analysis_with_its_numbers():
    factor_rows = [
        factor_row("ig", "cosine", "permanova", "0.01"),
        factor_row("ig", "cosine", "permanova", "0.3") | {"subset": "agreeing"},
        factor_row("ig", "cosine", "permanova", "0.02", planned="1"),
    ]
    rows = multiverse.as_rows(
        answers_of(
            [structure_of("ig", "cosine")], {("ig", "cosine", "all", "ward"): HOLDS}, factor_rows
        )
    )
    assert all(tuple(row) == multiverse.COLUMNS for row in rows)
    by_subject = {(row["subject"], row["subset"]): row for row in rows}
    assert by_subject["{a, b}", "all"]["linkage"] == "ward"
    assert by_subject["family", "agreeing"]["verdict"] == NO
    assert by_subject["family (planned)", "all"]["verdict"] == YES
    assert by_subject["family", "all"]["value"] == 0.412
    assert rows[0]["conclusion"] == "dependence" and rows[0]["low"] == 0.2


def test_what_most_analyses_say_is_counted_and_the_others_are_named():
    keys = list(itertools.product(("ig", "gradcam"), ("cosine", "mse"), ("all", "agreeing")))
    rows = [
        structure_of(
            *key,
            groups="0.4"
            if key
            in (("ig", "mse", "all"), ("ig", "mse", "agreeing"), ("gradcam", "cosine", "agreeing"))
            else "0.01",
        )
        for key in keys
    ]
    trees = {(*key, linkage): HOLDS for key in keys for linkage in ("average", "ward")}
    factor_rows = [
        factor_row(method, metric, "permanova", p, factor=name) | {"subset": subset}
        for name, p in (("family", "0.01"), ("year", "0.5"))
        for method, metric, subset in keys
    ]
    answers = answers_of(rows, trees, factor_rows)
    asked = headline.by_conclusion(answers)
    summary = {row["conclusion"]: row for row in headline.summarise(asked)}
    assert summary["Models form groups"] == {
        "conclusion": "Models form groups",
        YES: 5,
        NO: 3,
        UNKNOWN: 0,
        "exceptions": "not for ig mse, gradcam cosine (agreeing)",
    }
    assert summary["{a, b} look alike"][YES] == 10 and summary["{a, b} look alike"][NO] == 6
    assert texts(headline.headline_findings(asked)) == [
        "Maps depend on the image in all 8 analyses, by 30% of chance; analyses are by 2 "
        "methods, 2 metrics, 2 subsets of the images.",
        "Models differ in how far they are from all others in all 8 analyses.",
        "Models form groups in 5 of 8 analyses; not for ig mse, gradcam cosine (agreeing).",
        "Of these groups, {a, b} is named in 10 of 16 analyses, by 2 linkages of trees; not "
        "for ig mse, gradcam cosine (agreeing).",
        "The factor family explains where models look in all 8 analyses.",
    ]
    stands = {(method, metric): (method, "cosine") for method, metric, _ in keys}
    once = headline.by_conclusion(answers, stands)
    assert len(once["dependence", ()].yes) == 4
    # Where one of two metrics of one ranking finds groups and the other does not, both count.
    assert len(once["groups", ()].every) == 7


def test_what_null_methods_say_is_counted_only_where_there_is_nothing_else():
    answers = answers_of([structure_of(name, "cosine") for name in ("ig", "edges")], {})
    asked = headline.by_conclusion(headline.without_nulls(answers, {"edges"}))
    assert [one.method for one in asked["dependence", ()].every] == ["ig"]
    assert headline.without_nulls(answers, {"ig", "edges"}) == answers


def test_groups_whose_models_no_clade_names_are_said_to_be_unsure():
    answers = answers_of(
        [structure_of("ig", "cosine")], {("ig", "cosine", "all", "average"): FAILS}
    )
    told = texts(headline.headline_findings(headline.by_conclusion(answers)))
    assert told[2] == (
        "Models form groups in the only analysis; which models they hold is not sure: no clade is "
        "named."
    )


def test_what_cannot_be_told_is_no_no():
    rows = [
        structure_of("ig", metric, groups="nan", unresolved="no known law")
        for metric in ("emd", "mae")
    ]
    factor_rows = [
        factor_row("ig", "emd", "permanova", "0.3", least_corrected="0.2"),
        factor_row("ig", "emd", "mantel", "0.6", factor="year", levels=""),
    ]
    asked = headline.by_conclusion(answers_of(rows, {}, factor_rows))
    told = texts(headline.headline_findings(asked))
    assert told[2] == "Cannot tell whether models form groups: no known law."
    none = answers_of(
        [structure_of("ig", "mse", groups="0.4"), structure_of("ig", "rbf", groups="0.4"), rows[0]],
        {},
    )
    assert texts(headline.headline_findings(headline.by_conclusion(none)))[2] == (
        "NO evidence that models form groups in any of 2 analyses (1 more cannot tell)."
    )
    one = answers_of([structure_of("ig", "mse", groups="0.4"), rows[0]], {})
    assert texts(headline.headline_findings(headline.by_conclusion(one)))[2] == (
        "NO evidence that models form groups in the only analysis of 2 that can tell."
    )
    assert told[3] == (
        "No factor is shown to explain where models look: NO evidence for year; cannot tell for "
        "family."
    )
    assert headline.headline_findings({}) == []


METHODS = ["gradcam", "ig", "ig_abs", "kernelshap", "occlusion"]
METRICS = ["cosine", "rbf", "ssim", "emd", "jaccard", "mse"]
MODELS = [f"model{place}" for place in range(14)]


def test_findings_of_many_models_methods_and_metrics_stay_short():
    keys = list(itertools.product(METHODS, METRICS, ("all", "agreeing")))
    rows = [
        structure_of(
            *key,
            groups="0.01" if place % 4 else "0.3",
            depends=BIASED if place % 7 == 6 else DEPENDS,
        )
        for place, key in enumerate(keys)
    ]
    trees = {
        (*key, "average"): [
            *(clade(" ".join(MODELS[place % 5 : place % 5 + size])) for size in (2, 3, 5)),
            root(" ".join(MODELS), 100, 101),
        ]
        for place, key in enumerate(keys)
    }
    factor_rows = [
        factor_row(*key[:2], "permanova", "0.01" if place % 3 == 0 else "0.4", factor=f"f{place}")
        | {"subset": key[2]}
        for place in range(10)
        for key in keys
    ]
    gaps = pd.DataFrame(
        {
            "method": method,
            "metric": metric,
            "model": MODELS[place],
            "replicate": f"r{place}",
            "n": 64,
            "units": 64,
            "distance": 0.1,
            "others": 0.4,
            "difference": -0.3,
            "difference_low": -0.4,
            "difference_high": 0.1 if place % 2 else -0.1,
        }
        for method in METHODS
        for metric in METRICS
        for place in range(7)
    )
    asked = headline.by_conclusion(answers_of(rows, trees, factor_rows))
    first = table([row for row in rows if row["subset"] == "all"])
    of_all = {key[:2]: table(tree) for key, tree in trees.items() if key[2] == "all"}
    found = [
        *headline.headline_findings(asked),
        *dependence.dependence_findings(first),
        *structure.structure_findings(first),
        *clades.clade_findings(
            of_all, first, dict.fromkeys(of_all, 64), {name: name for name in MODELS}
        ),
        *factors.factor_findings(table([row for row in factor_rows if row["subset"] == "all"])),
        *models.replicate_findings(gaps),
    ]
    assert len(found) <= 18
    assert all(len(one.text) < 1000 for one in found)
    assert sum(len(one.answers) for one in found) > 30 * 10


@pytest.mark.parametrize("number", [0, 2, 30])
def test_the_figure_shows_every_conclusion_and_counts_clades_that_are_left_out(tmp_path, number):
    rows = [
        {
            "conclusion": "clade",
            "subject": f"{{model{n}, other{n}}}",
            "method": method,
            "metric": "cosine",
            "subset": subset,
            "linkage": linkage,
            "verdict": verdict,
        }
        for n in range(number)
        for method in ("ig", "gradcam")
        for subset in ("all", "agreeing")
        for linkage, verdict in (("average", YES), ("ward", (NO, UNKNOWN)[n % 2]))
    ]
    figure = multiverse_grid(rows, title="which agree")
    conclusions, left_out = shown_conclusions(rows)
    assert (len(conclusions), left_out) == (min(number, MOST_CLADES), max(0, number - MOST_CLADES))
    save(figure, [tmp_path / "figure.png"])
    assert (tmp_path / "figure.png").stat().st_size > 1000
    if number:
        # One linkage of two names the first; of the second, the other cannot tell.
        marks = [text.get_text() for text in figure.axes[0].texts][: 2 * number]
        assert marks[:4] == ["1/2", "1/2", "y", "y"]
        assert len(figure.axes) == 2
    assert ("more clades" in figure.get_suptitle()) == (number > MOST_CLADES)
