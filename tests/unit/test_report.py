"""The report: which tables and figures belong to which matrix, and how cells are written."""

import numpy as np
import pandas as pd

from lookalike.core import io
from lookalike.report import content, page


def test_every_matrix_gets_its_own_figures_and_tables_by_the_order_of_the_keys(tmp_path):
    keys = [("ig", "cosine", "all"), ("ig", "theirs", "all"), ("maps", "rbf", "agreeing")]
    for number in range(3):
        io.write_matrix(tmp_path / f"{number}.csv", np.full((2, 2), number), ["007", "NA"])
    paths = {name: [f"{name}-{number}" for number in range(3)] for name in content.MATRIX_FIGURES}
    paths["dendrograms"] = [f"{linkage}-{n}" for linkage in ("ward", "average") for n in range(3)]
    paths |= {
        "dissimilarities": [tmp_path / f"{number}.csv" for number in range(3)],
        "calibrated": [tmp_path / "2.csv", tmp_path / "0.csv"],
        "histograms": ["histograms-0", "histograms-2"],
    }
    first, given, last = content.describe_matrices(paths, keys, keys[1:2])
    assert [figure["path"] for figure in last["figures"]] == [
        "matrix-2",
        "ward-2",
        "average-2",
        "louvain-2",
        "together-2",
        "principal_coordinates-2",
        "histograms-2",
    ]
    assert (first["method"], first["metric"], first["subset"]) == keys[0]
    assert (first["title"], first["names"]) == ("ig, cosine, all images", ["007", "NA"])
    assert (given["cells"], first["calibrated"]) == ([[1, 1], [1, 1]], [[2, 2], [2, 2]])
    assert (first["given"], given["given"], given["calibrated"]) == (False, True, None)
    assert given["title"] == "ig, theirs, a user-supplied matrix"
    assert "histograms" not in [figure["title"] for figure in given["figures"]]


def test_diagnostics_are_summed_up_by_quantity(tmp_path):
    rows = [{"image": f"00{n}", "gap": n / 100, "error": n} for n in range(101)]
    io.write_table(tmp_path / "diagnostics.csv", rows)
    assert content.summarise_diagnostics(tmp_path / "diagnostics.csv") == [
        {"name": "gap", "median": 0.5, "high": 0.95},
        {"name": "error", "median": 50, "high": 95},
    ]


def test_unknown_numbers_are_dashes():
    assert [page.number(np.nan), page.percent(np.nan), page.fixed(np.nan), page.whole(np.nan)] == [
        "–"
    ] * 4
    assert [page.cell("", "accuracy"), page.cell("0.985", "accuracy")] == ["–", "98.5%"]
    assert [page.cell("", "parameters"), page.cell("12345", "parameters")] == ["–", "12,345"]
    assert page.cell("NA", "family") == "NA"
    row = {"r": 0.5, "r_low": np.nan, "r_high": np.nan}
    assert page.interval(row, "r") == "0.5"
    assert page.interval(row | {"r_low": 0.25, "r_high": 0.75}, "r") == "0.5 (0.25 to 0.75)"


def test_an_interval_is_clear_if_it_excludes_0_over_enough_images():
    row = {"r_low": 0.1, "r_high": 0.2}
    assert page.clear(row, "r", 20) and page.clear({"r_low": -2, "r_high": -1}, "r", 20)
    assert not page.clear(row, "r", 19)
    assert not page.clear({"r_low": -1, "r_high": 1}, "r", 20)
    assert not page.clear({"r_low": np.nan, "r_high": np.nan}, "r", 20)


def test_influence_is_summed_up_by_the_class_and_the_image_that_change_most():
    about = {"method": "ig", "metric": "rbf", "question": "groups", "subject": ""}
    rows = [
        ("all", "", 0.5, np.nan),
        ("without", "cat", 0.4, np.nan),
        ("without", "dog", 0.2, np.nan),
        ("only", "cat", 0.3, np.nan),
        ("only", "dog", 0.9, np.nan),
        ("unit", "1.png", 0.45, 0.1),
        ("unit", "2.png", 0.55, 0.3),
    ]
    table = pd.DataFrame(
        [
            about | dict(zip(("part", "name", "value", "share"), row, strict=True))
            for row in [*rows, ("all", "", 1.0, np.nan)]
        ]
    )
    table.loc[7, "question"] = "dependence"
    one, bare = content.summarise_influence(table).to_dict("records")
    assert (one["value"], one["without"]["name"], one["only"]["name"]) == (0.5, "dog", "cat")
    assert (one["unit"]["name"], one["unit"]["value"]) == ("2.png", 0.55)
    assert (bare["without"], bare["only"], bare["unit"]) == (None, None, None)
    assert content.summarise_influence(pd.DataFrame(columns=["subset"])).empty
