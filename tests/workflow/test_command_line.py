"""What a run says: its stages, how far it is, what went wrong; and where it writes."""

import json
import os
import pty
import re
import subprocess
import zipfile
from collections import Counter

import numpy as np
import pytest
from conftest import ROOT, invocation, snakemake
from test_given import CONFIG, write_models

SMALL = CONFIG | {"metrics": ["mse"]}
LOGGER = ("--logger", "lookalike")
STAGE = re.compile(r"^ {4}(\w+) +(\d.*)$", re.MULTILINE)


def jobs_by_stage(text):
    """Return how many jobs a summary has in each stage."""
    return {
        stage: sum(int(number) for number in re.findall(r"\b\d+\b(?! min)", what.split(";")[0]))
        for stage, what in STAGE.findall(text)
    }


def jobs_by_file(jobs):
    """Return how many of the jobs of each rule are of each file of rules."""
    found = Counter()
    for path in ROOT.glob("rules/*.smk"):
        rules = re.findall(r"^ *(?:rule|checkpoint) (\w+):", path.read_text(), re.MULTILINE)
        found[path.stem.removeprefix("many_")] += sum(jobs.get(name, 0) for name in rules)
    return {stage: count for stage, count in found.items() if count}


def run(folder, config, *flags):
    found = snakemake(folder, config, cores=2, flags=flags)
    assert found.code == 0, found.text
    return found


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with given maps, what two dry runs said, one of them of each job, and a run."""
    folder = tmp_path_factory.mktemp("runs")
    write_models(folder)
    plain, *own = (run(folder, SMALL, *flags) for flags in (["-n"], ["-n", *LOGGER], LOGGER))
    return folder, plain, *(each.text for each in own)


def files_in(folder):
    """Return all files below a folder but hidden ones, with their times."""
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in folder.rglob("[!.]*")
        if path.is_file()
    }


def test_a_dry_run_says_what_each_stage_does(runs):
    folder, plain, short, _ = runs
    counts = jobs_by_file(plain.jobs)
    assert {stage: counts[stage] for stage in ("maps", "compare")} == {"maps": 12, "compare": 7}
    # Twice, as Snakemake counts its jobs first and last.
    assert plain.text.count("Stages of this run:") == 2 and "rule compare_models:" in plain.text
    assert jobs_by_stage(plain.text) == jobs_by_stage(short) == counts
    assert "6 comparisons of models, 1 matrix" in short
    total = f"{sum(counts.values())} jobs: how long they take is not known before a first run."
    assert total in short
    assert "rule compare_models:" not in short and short.count("Stages of") == 1
    timed = run(folder, SMALL, "-n", "-F", *LOGGER).text
    assert re.search(
        r"\d+ jobs: (about|less than) \d+ min by earlier run times, 2 jobs at once", timed
    )


def test_a_run_says_how_far_it_is_in_a_pipe(runs):
    folder, plain, _, text = runs
    counts = jobs_by_file(plain.jobs)
    assert jobs_by_stage(text) == counts
    begun, done = ({*re.findall(rf"^(\w+): {word};", text, re.M)} for word in ("begun", "done"))
    assert begun == done == counts.keys()
    assert f"report: done; {sum(counts.values())} of {sum(counts.values())} jobs done" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f]|rule \w+:|Finished job|Select jobs", text)
    assert len(text.splitlines()) < 50
    again = run(folder, SMALL, *LOGGER).text
    assert "Nothing to be done" in again and "another config" not in again


def test_a_second_config_has_a_folder_of_its_own(runs):
    folder = runs[0]
    names = ("results", "logs", "benchmarks")
    before = {name: files_in(folder / name) for name in names}
    other = SMALL | {"metrics": ["cosine"], "results": "second"}
    assert run(folder, other, *LOGGER).code == 0
    assert {path.name for path in folder.iterdir()} - {".snakemake", "Models", "given.yaml"} == {
        *names,
        "second",
    }
    assert {name: files_in(folder / name) for name in names} == before
    expected = set(before["results"])
    expected |= {f"{name}/{path}" for name in names[1:] for path in before[name]}
    assert {path.replace("cosine", "mse") for path in files_in(folder / "second")} == expected
    # The same maps, and no word of the first.
    maps = "maps/heatmaps/VGG16-pruned/batch_maps.npy"
    assert (folder / "second" / maps).read_bytes() == (folder / "results" / maps).read_bytes()
    assert "mse" not in (folder / "second/inference/findings.md").read_text()
    for config in (other, SMALL):
        again = run(folder, config).text
        assert "Nothing to be done" in again and "another config" not in again
    # A folder that lost a file is noticed there as well.
    (folder / "second/figures/panels/panel-1.svg").unlink()
    assert run(folder, other, "-n").jobs.keys() == {"draw_panels"}
    # In one folder, the figures of the first would lie next to those of the second.
    mixed = run(folder, other | {"results": "results"}, "-n").text
    figures = [
        path for path in before["results"] if re.match(r"figures/heatmaps/mse/.*(svg|pdf)$", path)
    ]
    assert f"Among the figures are {len(figures)} of another config" in mixed and len(figures) > 8


def embedded(page, name):
    """Return a variable that Snakemake's report holds as JSON."""
    start = page.rindex(f"var {name} = {{") + len(f"var {name} = ")
    return json.JSONDecoder().raw_decode(page, start)[0]


def test_snakemakes_own_report_has_every_figure_with_caption_and_category(runs):
    folder, archive = runs[0], runs[0].with_suffix(".zip")
    # Nothing listens there: a request to a host would fail.
    blocked = {f"{scheme}_proxy": "http://127.0.0.1:9" for scheme in ("http", "https")}
    made = snakemake(folder, SMALL, flags=["--report", archive], environment=blocked)
    assert made.code == 0, made.text
    with zipfile.ZipFile(archive) as opened:
        held = {opened.read(name) for name in opened.namelist()}
        page = opened.read(f"{archive.stem}/report.html").decode()
    assert not re.search(r"<(script|link|img)[^>]*(src|href)=.?https?:", page)
    # The images that are shown with all maps come as PNG.
    kind = re.compile(r"results/figures/(?!panels).*\.svg$|results/figures/panels/.*\.png$")
    figures = {path for path in files_in(folder) if kind.match(path)}
    assert len(figures) > 8
    results, categories = embedded(page, "results"), embedded(page, "categories")
    listed = [path for names in categories.values() for paths in names.values() for path in paths]
    assert len(listed) == len(set(listed)) and set(listed) == results.keys() > figures
    assert {"heatmaps", "findings", "panels", "Tables"} <= categories.keys()
    for path, about in results.items():
        assert (folder / path).read_bytes() in held
        assert re.search(r"<p>\w.{20,}</p>", about["caption"], re.DOTALL), path


@pytest.mark.parametrize("name", ["data", ".."])
def test_a_folder_that_cannot_be_used_is_refused(name, tmp_path):
    found = snakemake(tmp_path, SMALL | {"results": name}, flags=["-n"])
    assert found.code != 0 and "Traceback" not in found.text
    assert "config: results: expected a name, not `data`" in found.text
    assert not list(tmp_path.glob("[!.g]*"))


def test_a_terminal_shows_a_bar_and_an_error_whole(tmp_path):
    models = write_models(tmp_path)
    broken = next(models.rglob("img2.npy"))
    np.save(broken, np.full_like(np.load(broken), np.nan))
    head, terminal = pty.openpty()
    asked = invocation(tmp_path, SMALL, flags=[*LOGGER, "--nocolor"]) | {
        "stdout": terminal,
        "stderr": terminal,
    }
    asked["env"] |= {"TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(**asked)
    os.close(terminal)
    written = b""
    try:
        while part := os.read(head, 4096):
            written += part
    except OSError:
        # The other end is closed.
        pass
    os.close(head)
    assert process.wait(60) == 1
    # What a bar was drawn over by is shown as if it had never been.
    lines = [line.split("\r\x1b[K")[-1] for line in written.decode().split("\r\n")]
    bars = re.findall(r"\[[#-]{24}\] (\d+) of (\d+) jobs done(?:, 1 failed)?", written.decode())
    assert {int(total) for _, total in bars} == {sum(jobs_by_stage("\n".join(lines)).values())}
    assert any(int(done) > 0 for done, _ in bars) and ", 1 failed" in written.decode()
    assert not any(line.startswith("[#") or line.startswith("[--") for line in lines)
    start = lines.index("Error in rule import_maps:")
    log = next(line for line in lines[start:] if line.startswith("    log: "))
    logged = (tmp_path / log.split()[1]).read_text().splitlines()
    assert logged[-1].startswith("error: ") and "img2" in logged[-1]
    assert [line for line in logged if line not in lines] == []
    assert "At least one job did not complete successfully." in lines
