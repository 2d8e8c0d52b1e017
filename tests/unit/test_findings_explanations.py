"""Findings about explanations: whether maps lie on the object, and their own error."""

import numpy as np
import pandas as pd

from lookalike.findings import explanations
from lookalike.findings.finding import NO, UNKNOWN, YES

MODELS = ["a", "b", "c"]


def localised(model, difference, p, units=20, **more):
    """Return a row of a method's table for one model."""
    row = {"model": model, "n": units, "units": units, "mass": 0.5, "floor": "centre"}
    row |= {"difference": difference, "difference_low": difference - 0.1}
    row |= {"difference_high": difference + 0.1, "localisation_p": p, "localisation_holm": p}
    return row | more


def said(*rows, blank=()):
    return explanations.localisation_findings({"ig": pd.DataFrame(rows)}, MODELS, blank)


def test_models_that_find_the_object_are_counted_and_the_others_named():
    (found,) = said(localised("b", 0.02, 0.3), localised("a", 0.4, 0.003))
    assert found.text == (
        "Maps lie on the object more than by chance for 1 of 2 methods and models: by 0.40 of a "
        "map more than the chance level that is hardest to rule out (noise, a bias to the centre, "
        "the model's maps of other images, the object's share of the image; p at most 0.003); "
        "n = 20 images, Holm-corrected over models. NO evidence for ig b (+0.02 [-0.08, 0.12] than "
        "a bias to the centre, p = 0.3)."
    )
    first, second = found.answers
    assert (first.subject, first.verdict, first.p, first.n) == (("a",), YES, 0.003, 20)
    assert (first.value, first.low, first.high) == (0.4, 0.4 - 0.1, 0.4 + 0.1)
    assert (second.subject, second.verdict) == (("b",), NO)


def test_the_verdict_is_that_of_the_corrected_p():
    rows = [localised(name, 0.4, p) for name, p in zip(MODELS, (0.049, 0.05, 0.051), strict=True)]
    assert [one.verdict for one in said(*rows)[0].answers] == [YES, YES, NO]


def test_of_few_images_or_units_there_is_no_verdict():
    text = "Whether maps lie on the object cannot be told: fewer than 20 images, or units of these."
    assert said(localised("a", 0.4, 0.003, 19, n=57))[0].text == text
    (found,) = said(
        localised("a", 0.4, 0.003),
        localised("b", 0.4, 0.003, 12, n=24),
        localised("c", np.nan, np.nan, 0, floor=""),
    )
    assert "for 1 of 1 methods and models: by 0.40" in found.text
    assert found.text.endswith(
        "corrected over models. No verdict for ig b, ig c: fewer than 20 images, or units of these."
    )
    assert [answer.verdict for answer in found.answers] == [YES, UNKNOWN, UNKNOWN]
    assert explanations.localisation_findings({}, MODELS) == []


def test_masks_that_are_empty_or_full_are_counted_and_named():
    rows = [("i0", 0.2), ("i1", 0.0), ("i2", 1.0), ("i1", 0.0)]
    blank = explanations.blank_masks(pd.DataFrame(rows, columns=["image", "area"]))
    assert blank == ["i1", "i2"]
    (found,) = said(localised("a", 0.4, 0.003), blank=blank)
    assert found.text.endswith(". 2 masks are empty or full and do not count: i1, i2.")
    (found,) = said(localised("a", 0.4, 0.003), blank=[f"i{number}" for number in range(7)])
    assert found.text.endswith("do not count: i0, i1, i2, i3, i4 and 2 more.")


def twice(metric, ratio, low=None, high=None, method="ig"):
    """Return a row of the table of errors."""
    row = {"method": method, "metric": metric, "models": 6, "n": 4, "units": 4, "ratio": ratio}
    low, high = (ratio / 2 if low is None else low), (ratio * 1.5 if high is None else high)
    return row | {"ratio_low": low, "ratio_high": high}


def test_an_error_above_a_third_is_a_warning():
    rows = [twice("cosine", 0.02), twice("mse", 0.15), twice("ssim", 0.4, 0.35, 0.45)]
    (found,) = explanations.error_findings(pd.DataFrame(rows))
    assert found.text == (
        "Explained a second time (n = 4 images, 6 models), maps of one model differ by 2% to 15% "
        "of what lies between models in 2 of 3 methods and metrics; by MORE than a third in ig "
        "ssim 40% [35%, 45%]: there, the maps need more `samples` or `steps` before models are "
        "compared."
    )
    assert [answer.verdict for answer in found.answers] == [NO, NO, YES]
    assert (found.answers[2].value, found.answers[2].low, found.answers[2].high) == (
        0.4,
        0.35,
        0.45,
    )


def test_an_interval_that_holds_a_third_leaves_it_open():
    rows = [twice("cosine", 0.3, 0.2, 0.4), twice("rbf", 0.01, np.nan, np.nan)]
    (found,) = explanations.error_findings(pd.DataFrame(rows))
    assert found.text.endswith("differ by 1% to 30% of what lies between models.")
    assert [answer.verdict for answer in found.answers] == [UNKNOWN, UNKNOWN]
    rows = [twice("ssim", 0.4, 0.18, 0.68), twice("emd", 0.5, np.nan, np.nan)]
    (found,) = explanations.error_findings(pd.DataFrame(rows))
    assert found.text.endswith(
        "differ perhaps by more than a third in ig ssim 40% [18%, 68%], ig emd 50%."
    )
    assert [answer.verdict for answer in found.answers] == [UNKNOWN, UNKNOWN]
    assert explanations.error_findings(pd.DataFrame()) == []
    assert explanations.error_findings(pd.DataFrame([twice("cosine", np.nan)])) == []
