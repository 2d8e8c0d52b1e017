"""The report: what it embeds comes back, fits the page, and belongs to the right matrix; verdicts,
run times, and how cells are written.
"""

import base64
import gzip
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from lookalike.core import io
from lookalike.plots.style import family_styles
from lookalike.report import content, embedded, packing, page, pictures, provenance, verdicts
from lookalike.report.embedded import Blocks


def test_every_matrix_gets_its_own_tables_and_figures_by_the_order_of_the_keys(
    tmp_path, monkeypatch
):
    keys = [("ig", "cosine", "all"), ("ig", "theirs", "all"), ("maps", "rbf", "agreeing")]
    for number in range(3):
        io.write_matrix(tmp_path / f"{number}.csv", np.full((2, 2), number), ["007", "NA"])
    names = [f"{name}-{number}" for name in ("louvain", "points") for number in range(3)]
    names += [f"{linkage}-{number}" for linkage in ("ward", "average") for number in range(3)]
    for name in names:
        (tmp_path / name).write_text(f"<svg>{name}</svg>")
    paths = {
        "dissimilarity": [tmp_path / f"{number}.csv" for number in range(3)],
        "calibrated": [tmp_path / "2.csv", tmp_path / "0.csv"],
        "louvain": [tmp_path / f"louvain-{number}" for number in range(3)],
        "principal_coordinates": [tmp_path / f"points-{number}" for number in range(3)],
        "dendrograms": [tmp_path / f"{way}-{n}" for way in ("ward", "average") for n in range(3)],
    }
    first, given, last = content.describe_matrices(paths, keys, keys[1:2], Blocks())
    assert (first["method"], first["metric"], first["subset"]) == keys[0]
    assert (first["title"], first["names"]) == ("ig, cosine, all images", ["007", "NA"])
    assert (given["cells"], first["calibrated"]) == ([[1, 1], [1, 1]], [[2, 2], [2, 2]])
    assert (first["given"], given["given"], given["calibrated"]) == (False, True, None)
    assert given["title"] == "ig, theirs, a user-supplied matrix"
    # The page draws matrices itself, but for those of very many models.
    assert last["figures"] == []
    monkeypatch.setattr(content, "MOST_CELLS", 1)
    blocks = Blocks()
    *_, last = content.describe_matrices(paths, keys, keys[1:2], blocks)
    shown = [gzip.decompress(base64.b64decode(blocks[one["block"]])) for one in last["figures"]]
    assert shown == [
        f"<svg>{name}-2</svg>".encode() for name in ("ward", "average", "louvain", "points")
    ]


@settings(max_examples=40, deadline=None)
@given(
    arrays(float, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.floats(-5, 1e3)),
    st.booleans(),
)
def test_values_come_back_from_their_levels(values, unknown):
    if unknown:
        values[0, 0] = np.nan
    packed = packing.pack_values(values)
    levels = np.frombuffer(gzip.decompress(base64.b64decode(packed["packed"])), "<u2")
    step = (packed["high"] - packed["low"]) / 65534
    back = np.where(levels == 65535, np.nan, packed["low"] + step * levels).reshape(values.shape)
    np.testing.assert_allclose(back, values, atol=step / 2 + 1e-9)


def test_json_has_no_nan_and_numbers_of_six_digits():
    content = {
        "a": np.array([np.nan, 1 / 3]),
        1: (np.int64(3), np.bool_(True), "猫</script>", None),
    }
    text = gzip.decompress(base64.b64decode(packing.pack_json(content))).decode()
    assert text == '{"a":[null,0.333333],"1":[3,true,"猫</script>",null]}'
    assert packing.pack_json(content) == packing.pack_json(content)


def sheet(text):
    return np.asarray(Image.open(BytesIO(base64.b64decode(text)))).astype(float)


@pytest.mark.parametrize("data_range", [1.0, 2.0, None])
def test_maps_come_back_from_their_sheets(tmp_path, data_range):
    rng = np.random.default_rng(0)
    maps = {name: rng.normal(size=(5, 12, 8)).astype(np.float32) ** 3 for name in "ab"}
    if data_range == 1.0:
        maps = {name: np.abs(own) for name, own in maps.items()}
    maps["a"][2] = 0
    batches = {"ig": {name: (own, {"data_range": data_range}) for name, own in maps.items()}}
    found = pictures.map_sheets(batches, 5, 10**6)
    about = found["methods"]["ig"]
    assert about == {
        "models": ["a", "b"],
        "signed": data_range != 1.0,
        "height": 12,
        "width": 8,
        "columns": 2,
    }
    assert (found["images"], found["whole"]) == ([0, 1, 2, 3, 4], (12, 8))
    for image, text in enumerate(found["sheets"]["ig"]):
        for place, own in enumerate(maps.values()):
            levels = sheet(text)[:, 8 * place : 8 * place + 8]
            root = (levels - 128) / 127 if about["signed"] else levels / 255
            peak = np.abs(own[image]).max() or 1
            np.testing.assert_allclose(root * np.abs(root), own[image] / peak, atol=0.009)


def test_maps_of_many_models_stand_in_rows(monkeypatch):
    monkeypatch.setattr(pictures, "WIDEST", 25)
    maps = {name: np.full((1, 12, 8), level) for level, name in enumerate("abcde", 1)}
    batches = {"ig": {name: (own, {"data_range": 1.0}) for name, own in maps.items()}}
    found = pictures.map_sheets(batches, 1, 10**6)
    assert found["methods"]["ig"]["columns"] == 3
    levels = sheet(found["sheets"]["ig"][0])
    assert levels.shape == (24, 24)
    assert (levels[:12] == 255).all() and (levels[12:, :16] == 255).all()
    assert (levels[12:, 16:] == 0).all()


def test_maps_are_made_smaller_and_then_fewer_until_they_fit():
    rng = np.random.default_rng(1)
    batches = {"ig": {name: (rng.normal(size=(40, 64, 64)), {"data_range": 2.0}) for name in "abc"}}
    sizes = []
    for room in (10**6, 200_000, 60_000, 20_000):
        found = pictures.map_sheets(batches, 40, room)
        sizes.append((found["methods"]["ig"]["height"], len(found["images"])))
        assert sum(map(len, found["sheets"]["ig"])) <= 1.15 * room
    assert sizes[0] == (64, 40) and sizes == sorted(sizes, reverse=True)
    assert sizes[1][1] == 40 and sizes[1][0] < 64 and sizes[3][1] < 40
    # Means of pixels, so that what is kept is what was there.
    small = pictures.shrunk(np.arange(16.0).reshape(4, 4), 2, 2)
    np.testing.assert_allclose(small, [[2.5, 4.5], [10.5, 12.5]])


def test_columns_have_colours_by_level_or_a_range():
    rows = [
        {"model": "a", "family": "x", "accuracy": "0.5", "layer": "l1", "timm": "r"},
        {"model": "b", "family": "y", "accuracy": "", "layer": "l2", "timm": "r"},
        {"model": "c", "family": "x", "accuracy": "0.9", "layer": "l3", "timm": "r"},
    ]
    found = embedded.columns_of(rows)
    assert found == {
        "family": {"levels": family_styles(["x", "y"])},
        "accuracy": {"range": [0.5, 0.9]},
    }
    assert embedded.columns_of([]) == {}


def test_run_times_are_those_of_the_benchmark_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, seconds, memory in (("a/x", 60, 100), ("a/y", 120, "NA"), ("b", 30, 50)):
        path = tmp_path / f"benchmarks/{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\tmax_rss\tcpu_time\n{seconds}\t{memory}\t{2 * seconds}\n")
    rules = {
        "many": {
            "outputs": ["r/{m}/{k}.csv"],
            "benchmark": "benchmarks/{m}/{k}.tsv",
            "environment": "plot.yaml",
        },
        "never": {"outputs": ["q"], "benchmark": "benchmarks/none.tsv", "environment": ""},
        "bare": {"outputs": ["q"], "benchmark": "", "environment": ""},
    }
    many, never, bare = provenance.provenance(rules)
    assert many == {
        "rule": "many",
        "makes": "r/{m}/{k}.csv",
        "environment": "plot.yaml",
        "jobs": 2,
        "minutes": 3.0,
        "cpu_minutes": 6.0,
        "memory": 100.0,
    }
    assert (never["jobs"], bare["jobs"]) == (0, 0)


def analysis(method, metric, verdict, **more):
    row = dict.fromkeys(
        (*("subject", "linkage", "effect", "value", "low", "high"), *("p", "n", "reason")), ""
    )
    return (
        row
        | {
            "conclusion": "groups",
            "method": method,
            "metric": metric,
            "subset": "all",
            "verdict": verdict,
        }
        | more
    )


def test_a_verdict_sums_up_the_analyses_of_a_method():
    rows = [
        analysis(
            "ig",
            "cosine",
            "yes",
            effect="nearer",
            value="0.25",
            low="0.2",
            high="0.3",
            p="0.01",
            n="30",
        ),
        analysis("ig", "ssim", "no"),
        analysis("ig", "emd", "cannot tell", reason="no law"),
        analysis("cam", "cosine", "yes"),
        analysis("rise", "cosine", "cannot tell"),
        analysis("cam", "cosine", "no", conclusion="clade", subject="{a, b}"),
        analysis("cam", "cosine", "yes", conclusion="dependence"),
    ]
    finding = {
        "answers": [
            {
                "question": "replicate",
                "verdict": "yes",
                "method": "ig",
                "metric": "rbf",
                "subject": ["b", "a"],
                "value": -0.5,
                "low": -0.6,
                "high": -0.4,
                "statistic": "difference",
                "p": None,
                "n": 30,
                "reason": "",
            }
        ]
    }
    table = verdicts.verdict_table(rows, [finding], ["cam"], ["ig", "cam", "rise", "lime"])
    texts = {row["question"]: [cell and cell["text"] for cell in row["cells"]] for row in table}
    assert texts == {
        "Do the maps depend on the image?": [None, "yes", None, None],
        "Do models form groups?": ["yes 1, no 1, ? 1", "yes", "cannot tell", None],
        "Do {a, b} look alike?": [None, "no", None, None],
        "Are replicates nearer than other pairs?": ["yes", None, None, None],
        "Are the maps free of what an audit warns of?": [None, "no", None, None],
    }
    groups = table[1]["cells"][0]
    assert groups["verdict"] == "mixed" and groups["details"] == [
        "cosine all images: yes, nearer 0.25 (0.2 to 0.3), p 0.01, n 30",
        "ssim all images: no",
        "emd all images: cannot tell, no law",
    ]
    assert table[3]["cells"][0]["details"] == ["rbf b a: yes, difference -0.5 (-0.6 to -0.4), n 30"]


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
