"""The lead: one short sentence that claims no more than the tests found, and the analysis shown."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.findings.finding import NO, UNKNOWN, VERDICTS, YES, Answer
from lookalike.findings.headline import by_conclusion
from lookalike.findings.lead import MOST_WORDS, lead

NAMES = ("A", "B", "B-b", "C")
ORIGINS = {"A": "A", "B": "B", "B-b": "B", "C": "C"}
VALUES = np.array([[0, 0.3, 0.4, 0.5], [0.3, 0, 0.1, 0.6], [0.4, 0.1, 0, 0.7], [0.5, 0.6, 0.7, 0]])
METRICS = ("cosine", "ssim", "emd")
MATRICES = {("ig", metric, "all"): (VALUES, NAMES) for metric in METRICS}
PAIR = ("A", "C")


def answers(question, verdicts, subject=(), **more):
    return [
        Answer(question, verdict, "ig", metric, subject, subset="all", **more)
        for metric, verdict in zip(METRICS, verdicts, strict=True)
    ]


def told(*some):
    return lead(by_conclusion([one for part in some for one in part]), MATRICES, ORIGINS)


DEPENDS = answers("dependence", [YES] * 3, value=0.5)


def test_a_group_that_most_analyses_find_is_named():
    found = told(
        DEPENDS,
        answers("groups", [YES, YES, NO], p=0.01),
        answers("clade", [NO, YES, YES], PAIR, p=0.02),
    )
    assert found["sentence"] == "A and C look alike, more than by chance, in 2 of 3 analyses."
    assert (found["matrix"], found["members"]) == (["ig", "ssim", "all"], ["A", "C"])


def test_other_groups_are_counted_if_most_analyses_find_them():
    found = told(
        DEPENDS,
        answers("groups", [YES] * 3, p=0.01),
        answers("clade", [YES] * 3, PAIR),
        answers("clade", [YES, YES, NO], ("B", "B-b", "C")),
        answers("clade", [YES, NO, NO], ("A", "B")),
    )
    assert found["sentence"] == (
        "A and C look alike, more than by chance, in all 3 analyses; so does 1 other group."
    )


def test_a_group_that_few_analyses_find_is_not_sure():
    found = told(
        DEPENDS, answers("groups", [YES, YES, NO]), answers("clade", [NO, NO, YES], PAIR, p=0.02)
    )
    assert found["sentence"] == (
        "Models form groups in 2 of 3 analyses, but which models they hold is not sure: no group "
        "is found in more than 1 of 3."
    )
    assert (found["matrix"], found["members"]) == (["ig", "cosine", "all"], [])


def test_groups_without_a_sure_clade_name_nobody():
    found = told(DEPENDS, answers("groups", [YES, NO, UNKNOWN], p=0.04))
    assert found["sentence"] == (
        "Models form groups in 1 of 2 analyses, but which models they hold is not sure."
    )
    assert (found["matrix"], found["members"]) == (["ig", "cosine", "all"], [])


def test_no_groups_and_cannot_tell_are_different_answers():
    none = told(DEPENDS, answers("groups", [NO, NO, UNKNOWN]))
    assert none["sentence"] == "There are no groups of models that look alike, in all 2 analyses."
    untold = told(DEPENDS, answers("groups", [UNKNOWN] * 3, reason="too few images"))
    assert untold["sentence"] == "Which models look alike cannot be told: too few images."


def test_maps_that_do_not_depend_on_the_image_name_nobody():
    found = told(answers("dependence", [NO] * 3), answers("groups", [UNKNOWN] * 3, reason="so"))
    assert found["sentence"] == (
        "Which models look alike cannot be told: nothing shows that the maps depend on the image."
    )


def test_user_supplied_matrices_name_the_nearest_models_that_are_independent():
    assert told()["sentence"] == (
        "Whether groups are real cannot be told from a matrix alone; nearest are A and B."
    )
    assert lead({}, {}, {}) == {
        "sentence": "No models are compared here.",
        "matrix": None,
        "members": [],
    }


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(VERDICTS), min_size=3, max_size=3),
    st.lists(st.sampled_from(VERDICTS), min_size=3, max_size=3),
    st.lists(st.sampled_from(VERDICTS), min_size=3, max_size=3),
    st.integers(2, 40),
    st.integers(1, 60),
)
def test_it_is_one_sentence_of_at_most_30_words(depends, groups, clade, models, reason):
    members = tuple(f"model-{number}" for number in range(models))
    found = told(
        answers("dependence", depends, value=0.1),
        answers("groups", groups, reason=" ".join(["why"] * reason)),
        answers("clade", clade, members),
    )
    assert len(found["sentence"].split()) <= MOST_WORDS and found["sentence"].endswith(".")
    if not (YES in groups and YES in clade):
        assert found["members"] == [] and "model-1" not in found["sentence"]


@pytest.mark.parametrize("verdict", [NO, UNKNOWN])
def test_a_group_is_named_only_where_a_test_found_it(verdict):
    found = told(
        DEPENDS,
        answers("groups", [verdict] * 3, reason="because"),
        answers("clade", [verdict] * 3, PAIR, reason="because"),
    )
    assert "A" not in found["sentence"].replace(".", "").split()
