"""What a finished `make demo` must show; run after it, on its results."""

import re
from pathlib import Path

import numpy as np
import pytest

from lookalike.core import io
from lookalike.findings.tables import read_table
from lookalike.inference.significance import LEVEL
from lookalike.maps import stacks

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "results"
CONVOLUTIONAL = ("ResNet", "ResNet-b", "RegNet", "EfficientNet", "ConvNeXt", "MambaOut")
METHODS = ("gradcam", "ig", "kernelshap")


@pytest.mark.parametrize("row", io.read_table(RESULTS / "models.csv"), ids=lambda row: row["model"])
def test_every_model_has_learnt(row):
    assert float(row["accuracy"]) >= (0.95 if row["model"] in CONVOLUTIONAL else 0.85)
    assert float(row["accuracy_before"]) < 0.4


@pytest.mark.parametrize("method", METHODS)
def test_maps_find_the_shape(method):
    table = read_table(RESULTS / f"inference/localisation/{method}.csv").set_index("model")
    for model in CONVOLUTIONAL:
        found = table.loc[model]
        assert found["localisation_holm"] <= 0.01, model
        assert found["mass"] > 1.5 * found["area"], model
        assert found["mass"] > 1.4 * max(found["centre"], found["others"]), model


def test_explanations_are_nearer_to_themselves_than_models_are_to_one_another():
    errors = read_table(RESULTS / "inference/explainer_error.csv")
    assert set(errors["method"]) == {"ig", "ig_abs", "kernelshap"} and (errors["n"] >= 9).all()
    assert (errors["error"] > 0).all() and (errors["ratio"] < 0.8).all()
    assert (errors["ratio"][errors["method"] != "kernelshap"] < 0.05).all()


@pytest.mark.parametrize("model", CONVOLUTIONAL)
def test_integrated_gradients_are_complete(model):
    gaps = read_table(RESULTS / f"maps/ig/{model}/diagnostics.csv")["completeness_gap"]
    assert np.median(gaps) < 0.01
    assert np.mean(gaps) < 0.05


def test_the_replicate_is_clearly_nearer_than_the_mean_pair_for_gradcam():
    replicates = read_table(RESULTS / "inference/replicates.csv")
    rows = replicates[replicates["method"] == "gradcam"]
    assert len(rows)
    assert (rows["difference_high"] < 0).all()


def test_no_map_is_missing_or_not_finite():
    for path in (RESULTS / "maps").glob("*/*/batch_maps.npy"):
        maps, card = stacks.read_batch(path)
        assert len(card["images"]) == 30
        assert np.isfinite(maps).all(), path


@pytest.fixture(scope="module")
def sections():
    """The lines of the findings, by the title of their section, without the tables."""
    text = (RESULTS / "inference/findings.md").read_text().split("\n## Tables\n")[0]
    parts = re.split(r"^## (.+)$", text, flags=re.M)[1:]
    return {
        title: [line[2:] for line in body.splitlines() if line.startswith("- ")]
        for title, body in zip(parts[::2], parts[1::2], strict=True)
    }


@pytest.fixture(scope="module")
def analyses():
    return io.read_table(RESULTS / "inference/multiverse.csv")


def of(analyses, conclusion, verdict=None, **about):
    """Return the analyses of a conclusion, with a verdict, or about something."""
    return [
        row
        for row in analyses
        if row["conclusion"] == conclusion
        and verdict in (None, row["verdict"])
        and all(row[name] == value for name, value in about.items())
    ]


def only(lines, *parts):
    """Return the one line that holds all parts."""
    (line,) = [line for line in lines if all(part in line for part in parts)]
    return line


def names(text, method, metric):
    """Return whether a list such as `ig, gradcam/kernelshap cosine` names a method and a metric."""
    parts = [part.split() for part in text.split(" (")[0].strip().split(", ")]
    sides = [[side.split("/") for side in part] for part in parts]
    return any(
        method in side[0] and metric in side[1]
        if len(side) == 2
        else {method, metric} & set(side[0])
        for side in sides
    )


def test_findings_are_few_lines(sections):
    assert sum(map(len, sections.values())) <= 25
    assert len(sections["In short"]) <= 5


def test_the_quiz_can_be_answered_from_the_findings(sections):
    text = "\n".join([*sections, *(line for lines in sections.values() for line in lines)])
    questions = re.split(r"^## \d+\. ", (ROOT / "docs/quiz.md").read_text(), flags=re.M)[1:]
    assert len(questions) == 10
    for question in questions:
        answers = re.findall(r"\*\*(.+?)\*\*", question, flags=re.S)
        assert len(answers) > 1
        for answer in answers:
            assert " ".join(answer.split()) in text, (question.splitlines()[0], answer)


def test_quiz_dependence(sections, analyses):
    every, yes = of(analyses, "dependence"), of(analyses, "dependence", "yes")
    sizes = sorted(float(row["value"]) for row in yes)
    share = "all 32" if len(yes) == len(every) else f"{len(yes)} of 32"
    line = only(sections["In short"], "Maps depend on the image")
    assert f"in {share} analyses, by {sizes[0]:.0%} to {sizes[-1]:.0%} of chance" in line
    shown = only(sections["Dependence on the image"], "95% interval")
    assert any(
        f"by {float(row['value']):.0%} of chance (95% interval {float(row['low']):.0%} to "
        f"{float(row['high']):.0%}, n = 30 images, {row['method']} {row['metric']};" in shown
        for row in of(analyses, "dependence", subset="all")
    )


def test_quiz_groups(sections, analyses):
    yes, no, unknown = (of(analyses, "groups", verdict) for verdict in ("yes", "no", "cannot tell"))
    line = only(sections["In short"], "Models form groups in")
    assert f"in {len(yes)} of {len(yes) + len(no)} analyses ({len(unknown)} more cannot" in line
    assert {row["metric"] for row in unknown} == {"emd"}
    told = only(sections["Groups"], "Models form groups in")
    assert told.endswith("cannot tell for emd.")
    for row in of(analyses, "groups", "no", subset="all"):
        assert names(told.split("NO evidence for")[1], row["method"], row["metric"])
    clearest = min(float(row["p"]) for row in of(analyses, "groups", "yes", subset="all"))
    assert f"(p = {clearest:.2g}, n = 30 images, " in told and clearest <= LEVEL


def test_quiz_clades(sections, analyses):
    counts = {
        subject: len(of(analyses, "clade", "yes", subject=subject))
        for subject in dict.fromkeys(row["subject"] for row in of(analyses, "clade"))
    }
    if not any(counts.values()):
        assert "no clade is named" in only(sections["In short"], "Models form groups in")
        return
    first = max(counts, key=counts.get)
    able = counts[first] + len(of(analyses, "clade", "no", subject=first))
    line = only(sections["In short"], first)
    assert f"{counts[first]} of {able} analyses" in line
    named = of(analyses, "clade", "yes", subset="all", subject=first)
    if not named:
        assert only(sections["Groups"], "Which models form these groups is not sure")
        return
    told = only(sections["Groups"], "look alike in")
    surest = min(named, key=lambda row: float(row["p"]))
    assert f"{first} look alike in {len(named)} of the " in told
    assert f"p = {float(surest['p']):.2g}, n = 30 images" in told
    rows = read_table(
        RESULTS / f"groups/{surest['method']}/{surest['metric']}/all/support-average.csv"
    )
    (row,) = [
        row for row in rows.itertuples() if f"{{{', '.join(sorted(row.members.split()))}}}" == first
    ]
    assert f"mean {surest['metric']} {row.within:.2g} within, {row.between:.2g} to" in told


def test_quiz_factors(sections, analyses):
    (line,) = [
        line
        for line in sections["Factors"]
        if "family (CNN 3, ConvNeXt 1, gated CNN 1, transformer 1)" in line
    ]
    told = {row["verdict"] for row in of(analyses, "factor", subject="family", subset="all")}
    # With six models the least possible p is near the level.
    start = "family: models of different family" if "yes" in told else "NO evidence"
    assert line.startswith("Cannot tell whether" if told == {"cannot tell"} else start)
    assert "family" in only(sections["In short"], "where models look")


def test_quiz_replicates_and_agreement(sections):
    replicates = read_table(RESULTS / "inference/replicates.csv")
    rows = replicates[replicates["subset"] == "all"]
    nearer = rows[rows["difference_high"] < 0]
    line = only(sections["Models"], "ResNet and its replicate ResNet-b")
    assert f"in {len(nearer)} of {len(rows)} matrices" in line
    agreement = read_table(RESULTS / "inference/agreement/all.csv")
    between = agreement[agreement["method"] != agreement["other_method"]]
    line = only(sections["Agreement"], "different methods")
    assert f"median rho {between['rho'].median():.2f} (trees " in line
