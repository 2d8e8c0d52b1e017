"""Findings about what rests on few classes, on one image, or on the seeds."""

import pandas as pd
from sentences import texts, verdicts

from lookalike.findings import influence, seeds
from lookalike.findings.finding import NO, UNKNOWN, YES


def row(metric, hangs, p, *, question="groups", subject="", found=1.0, hanging=""):
    """Return the row of a finding on all images."""
    row = {"method": "ig", "metric": metric, "question": question, "subject": subject}
    row |= {"part": "all", "name": "", "found": found, "hangs": hangs, "hanging": hanging}
    return row | {"class_holm": p, "classes": 10.0, "units": 30.0, "carries": float("nan")}


def unit(metric, name, carries):
    """Return the row of an influential image."""
    rest = {"part": "unit", "name": name, "found": float("nan"), "carries": carries}
    return row(metric, float("nan"), float("nan")) | rest


ROWS = [
    row("cosine", 2.0, 0.01, hanging="cat, dog"),
    row("cosine", 3.0, 0.2, question="dependence", hanging="cat, dog, ox"),
    row("mse", 1.0, 0.03, question="factor", subject="family", hanging="ox"),
    row("rbf", 10.0, 0.01),
    row("emd", float("nan"), float("nan")),
    row("ssim", float("nan"), float("nan"), found=0.0),
]


def test_findings_that_hang_on_few_classes_are_named_where_effects_differ_between_classes():
    found = influence.influence_findings(pd.DataFrame(ROWS))
    assert texts(found) == [
        "2 of 5 findings hang on less than half of the classes, without which less than half of "
        "the effect is left, and that not clearly: groups for ig cosine (cat, dog of 10), family "
        "for ig mse (ox of 10) (effects differ between classes: p at most 0.03, classes shuffled, "
        "Holm-corrected)."
    ]
    assert [one.verdict for one in found[0].answers] == [NO, YES, NO, YES, UNKNOWN]
    assert found[0].answers[2].subject == ("factor", "family")


def test_findings_that_rest_on_one_image_are_named():
    rows = [*ROWS[3:], unit("rbf", "007.png", 1.0), unit("ssim", "008.png", 1.0)]
    found = influence.influence_findings(pd.DataFrame([*rows, unit("emd", "009.png", 0.1)]))
    assert texts(found) == [
        "1 of 2 findings rests on one image, or on near-copies, from which more than half of the "
        "uncertainty comes (jackknife): groups for ig rbf (007.png)."
    ]
    assert verdicts(found) == {("image", "ig", "rbf"): NO, ("image", "ig", "emd"): YES}


def test_nothing_is_said_where_findings_rest_on_many():
    assert influence.influence_findings(pd.DataFrame(ROWS[3:])) == []
    assert influence.influence_findings(pd.DataFrame()) == []


def seed_row(metric, wide, share):
    """Return an interval for new seeds that is so many times as wide as for these weights."""
    bounds = {"weights_low": 0.4, "weights_high": 0.6, "seeds_low": 0.5 - wide / 10}
    row = {"method": "ig", "metric": metric, "model": "A", "other_model": "B", "value": 0.5}
    return row | bounds | {"seeds_high": 0.5 + wide / 10, "seeds_share": share, "replicated": 3.0}


def test_intervals_for_new_seeds_are_compared_with_those_for_these_weights():
    table = pd.DataFrame([seed_row("cosine", 2, 0.75), seed_row("emd", 1.5, 0.4)])
    found = seeds.seed_findings(table, [])
    assert texts(found) == [
        "For new seeds and new images, the 95% intervals of dissimilarities are 1.5 to 2 times as "
        "wide as for these weights, of which all other intervals speak: 40% to 75% of the variance "
        "lies between seeds (medians over pairs of models, by method and metric; replicates of 3 "
        "models)."
    ]
    assert verdicts(found) == {("seeds", "ig", "cosine"): YES, ("seeds", "ig", "emd"): NO}


def test_without_replicates_of_two_models_intervals_speak_of_these_weights():
    about = [{"replicate_of": ""}, {"replicate_of": "A"}, {"replicate_of": "A"}]
    said = (
        "All intervals are for new images and these weights: to speak of new seeds takes "
        "replicates of at least 2 models"
    )
    assert texts(seeds.seed_findings(pd.DataFrame(), about)) == [
        f"{said} (there are replicates of 1)."
    ]
    about.append({"replicate_of": "B"})
    assert texts(seeds.seed_findings(pd.DataFrame(), about)) == [
        f"{said}; there are, but not in a matrix of which anything is said."
    ]
    assert seeds.seed_findings(pd.DataFrame(), []) == []
