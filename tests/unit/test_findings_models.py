"""Findings about images and models, and the files of findings."""

import json

import numpy as np
import pandas as pd
import pytest

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.findings import finding, models, pruning
from lookalike.findings.finding import NO, UNKNOWN, YES, Answer, Finding
from lookalike.findings.tables import read_rows, read_table


def texts(findings):
    return [one.text for one in findings]


def verdicts(findings):
    return [answer.verdict for one in findings for answer in one.answers]


def gap_row(metric, difference, low, high, n=20):
    row = {"method": "ig", "metric": metric, "model": "a", "replicate": "b", "n": 2 * n, "units": n}
    row |= {"distance": 0.1, "others": 0.4, "difference": difference}
    return row | {"difference_low": low, "difference_high": high}


def test_a_replicate_without_other_pairs_cannot_be_compared():
    row = gap_row("rbf", np.nan, np.nan, np.nan) | {"others": np.nan}
    found = models.replicate_findings(pd.DataFrame([row]))
    assert texts(found) == ["a and its replicate b: there are no other pairs to compare with."]
    assert verdicts(found) == [UNKNOWN]


def test_a_replicate_is_alike_or_not_by_the_interval_of_the_difference():
    rows = [
        gap_row("rbf", -0.3, -0.4, -0.1),
        gap_row("emd", -0.3, -0.7, 0.1),
        gap_row("mse", 0.3, 0.1, 0.4),
        gap_row("ssim", -0.3, np.nan, np.nan),
        gap_row("cosine", -0.3, -0.4, -0.1, n=19),
    ]
    found = models.replicate_findings(pd.DataFrame(rows))
    assert texts(found) == [
        "a and its replicate b: clearly nearer to one another than other pairs on average in 1 of "
        "3 matrices that can tell: a dissimilarity of 0.1 instead of 0.4, a difference of -0.3 "
        "(95% interval -0.4 to -0.1, n = 40 images, ig rbf); NOT clearly nearer for ig emd (0.1 "
        "instead of 0.4); clearly FARTHER from one another for ig mse (0.1 instead of 0.4); no "
        "verdict (too few images) for ig ssim/cosine (0.1 instead of 0.4, ig ssim)."
    ]
    assert verdicts(found) == [YES, NO, NO, UNKNOWN, UNKNOWN]
    first = found[0].answers[0]
    assert (first.subject, first.value, first.low, first.high, first.n) == (
        ("b", "a"),
        -0.3,
        -0.4,
        -0.1,
        40,
    )


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (1, "With n = 1 image nothing can be concluded"),
        (30, "at most n = 30 images"),
    ],
)
def test_the_number_of_images_is_reported_with_what_it_allows(n, text):
    assert text in models.sample_size_sentence(n, n, "for other images of these classes")


def test_without_images_nothing_is_said_of_them():
    assert models.image_findings(0, "all", [], 0, "") == []


def test_images_that_are_left_out_are_counted():
    unmatched = [{"image": "i7", "lacking": "theirs/"}, {"image": "i8", "lacking": "theirs/"}]
    first, left_out = texts(models.image_findings(4, "agreeing", unmatched, 4, "for others"))
    assert first.endswith(
        " The findings use, for each pair of models, the images that both classify alike."
    )
    assert left_out == (
        "4 images are compared, and 2 left out because some models have no map of them: i7, for "
        "example, is not in theirs/."
    )


def pruning_row(against, low, high, **more):
    row = {"model": "a", "channels": 64.0, "dropped": 10.0, "n": 20.0, "criterion": "RMSE"}
    row |= {"error": 0.5, "against": against, "draws": 5.0, "other": 0.6, "difference": -0.1}
    return row | {"difference_low": low, "difference_high": high} | more


def test_pruning_is_compared_with_none_and_with_random_pruning():
    rows = [pruning_row("baseline", -0.2, -0.05), pruning_row("random", -0.3, 0.1)]
    found = pruning.pruning_findings(pd.DataFrame(rows))
    assert texts(found) == [
        "Pruning by importance, compared with no pruning: held-out error clearly smaller for 1 of "
        "1 models: a -0.1 (-0.2 to -0.05; error 0.5 without 10 of 64 channels) (RMSE, n = 20).",
        "Pruning by importance, compared with random pruning of as many channels: held-out error "
        "not clearly different for 1 of 1 models: a -0.1 (-0.3 to 0.1; error 0.5 without 10 of 64 "
        "channels, 5 draws) (RMSE, n = 20).",
    ]
    assert verdicts(found) == [YES, NO]
    one_draw = pruning.pruning_findings(
        pd.DataFrame([pruning_row("random", np.nan, np.nan, draws=1.0)])
    )
    assert (
        "held-out error without a verdict for 1 of 1 models: a -0.1 (no interval; error 0.5 "
        in (one_draw[0].text)
    )
    assert "channels, 1 draw)" in one_draw[0].text
    assert verdicts(one_draw) == [UNKNOWN]
    few = pruning.pruning_findings(pd.DataFrame([row | {"n": 19.0} for row in rows]))
    assert "without a verdict (fewer than 20 images)" in few[0].text
    assert verdicts(few) == [UNKNOWN, UNKNOWN]
    none = pruning.pruning_findings(pd.DataFrame([row | {"dropped": 0.0} for row in rows]))
    assert texts(none) == [
        "No channel was pruned of a, because the error is smallest with all of them; variants "
        "equal their model."
    ]


def test_what_pruning_does_to_maps_is_a_share_of_the_other_dissimilarities():
    row = {"method": "ais", "metric": "cosine", "model": "a", "others": 0.5, "pruned": 0.1}
    row |= {"random": 0.2, "difference": -0.1, "difference_low": -0.2, "difference_high": -0.05}
    found = pruning.variant_findings(pd.DataFrame([row, row | {"random": 0.0}]), 20)
    assert texts(found) == [
        "Pruning by importance changes the maps by 0.2 of the mean dissimilarity between different "
        "models, random pruning by 0.4: clearly less in 1 of 1, clearly more in 0 (medians over 1 "
        "models, methods and metrics, n = 20 images)."
    ]


def test_heads_are_reported_without_pruned_variants():
    row = {"model": "a", "pruned_from": "", "n": 30.0, "pearson": 0.912}
    row |= {"pearson_low": 0.8, "pearson_high": 0.95}
    rows = [row, row | {"model": "a-pruned", "pruned_from": "a"}]
    assert texts(pruning.head_findings(pd.DataFrame(rows))) == [
        "Pearson's r between predicted and true scores, with its 95% interval over the 30 held-out "
        "images: a 0.91 (0.8 to 0.95)."
    ]


def test_json_holds_all_that_is_known_and_markdown_is_made_from_it(tmp_path):
    answer = Answer("structure", NO, "ig", "cosine", statistic="variance", value=0.1, p=np.nan)
    findings = [
        Finding("Images", "images", "One."),
        Finding("Factors", "factor", "Three ## four.", (answer,)),
        Finding("Images", "images", "Two - with a dash."),
    ]
    io.write_json(tmp_path / "findings.json", finding.as_json(findings, "all"))
    found = json.loads((tmp_path / "findings.json").read_text())
    assert found["subset"] == "all"
    (told,) = found["findings"][1]["answers"]
    assert (told["verdict"], told["value"], told["p"], told["low"]) == (NO, 0.1, None, None)
    assert finding.as_markdown(found) == (
        "# Findings\n\n## Images\n\n- One.\n- Two - with a dash.\n\n## Factors\n\n- Three ## "
        "four.\n\n## Tables\n\n### Structure\n\n| method | metric | effect | value | verdict "
        "|\n| --- | --- | --- | --- | --- |\n| ig | cosine | variance | 0.1 | no |\n"
    )


def test_tables_show_intervals_reasons_and_how_many_rows_are_left_out():
    answers = [
        Answer("factor", YES, "ig", "a|b", ("family",), "R²", 0.41234, 0.1, 0.5, 0.0123, 14),
        *[Answer("factor", UNKNOWN, "ig", str(n), ("year",), reason="few") for n in range(200)],
    ]
    agree = [{"conclusion": "Models form groups", "yes": 3, "no": 0}]
    told = finding.as_json([Finding("Factors", "factor", "One.", tuple(answers))], "all", agree)
    text = finding.as_markdown(told)
    assert (
        "| family | ig | a&#124;b | R² | 0.412 | 0.1 to 0.5 | 0.012 | 14 | yes |  |\n"
        "| year | ig | 0 |  |  |  |  |  | cannot tell | few |\n"
    ) in text
    assert text.endswith(f"\n\nAnd {201 - finding.MOST_ROWS} more rows in `findings.json`.\n")
    assert "| conclusion | yes | no |\n| --- | --- | --- |\n| Models form groups | 3 | 0 |" in text


def test_tables_are_read_with_names_as_they_are_and_numbers_to_the_last_bit(tmp_path):
    names = ["007", "1e5", "NA", "None", "nan", "", "True", 'a, "b"', " c ", "ResNet\n50", "-inf"]
    rng = np.random.default_rng(0)
    values = [*(rng.normal(size=len(names) - 4) * 10.0 ** rng.integers(-300, 300)).tolist()]
    values += [None, np.nan, np.inf, 0.1 + 0.2]
    rows = [
        {"model": name, "method": name, "subset": "all", "n": number, "rho": value}
        for number, (name, value) in enumerate(zip(names, values, strict=True))
    ]
    io.write_table(tmp_path / "table.csv", rows)
    table = read_table(tmp_path / "table.csv")
    assert table["model"].tolist() == names == table["method"].tolist()
    assert [name for name, _ in table.groupby("model", sort=False)] == names
    assert table["n"].dtype == table["rho"].dtype == float
    texts = [row["rho"] for row in io.read_table(tmp_path / "table.csv")]
    np.testing.assert_array_equal(table["rho"], [float(text or "nan") for text in texts])
    assert len(read_rows(tmp_path / "table.csv", "all")) == len(names)
    assert read_rows(tmp_path / "table.csv", "agreeing").empty
    assert read_rows([], "all").empty


def test_a_table_without_rows_and_text_among_numbers(tmp_path):
    (tmp_path / "empty.csv").write_text("model,rho\n")
    assert read_table(tmp_path / "empty.csv").empty
    (tmp_path / "bad.csv").write_text("model,rho\na,high\n")
    with pytest.raises(InputError, match=r"bad\.csv: column rho must hold numbers"):
        read_table(tmp_path / "bad.csv")


def about(model, accuracy, classes="10"):
    return {"model": model, "explained_accuracy": accuracy, "classes": classes}


def test_agreement_with_the_consensus_and_ties_are_counted():
    votes = [("5", "1"), ("5", "1"), ("3", "1"), ("2", "2")]
    rows = [{"votes": count, "voters": "5", "tied": tied} for count, tied in votes]
    explained = (
        "In every image, models are explained for the class that most independent models predict. "
        "All 5 of these predict it in 2 of "
    )
    for given, end in (
        (rows, "4 images; in 1, several classes have the most votes."),
        (rows[:3], "3 images."),
    ):
        assert texts(models.prediction_findings([], given, 4)) == [explained + end]


def test_models_that_are_no_better_than_guessing_are_named():
    rows = [about("A", "0.1"), about("B", "0.11"), about("C", ""), about("D", "0.0", "1000")]
    assert texts(models.prediction_findings(rows, [], 20)) == [
        "No more often right than by guessing, on the explained images: A (10% of 10 classes), D "
        "(0% of 1000 classes). Are they trained, and are their classes in the alphabetical order "
        "of the images' folders?"
    ]
    assert models.prediction_findings(rows, [], 19) == []
