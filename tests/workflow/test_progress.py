"""What a run says: its stages, how far it is, what went wrong; in a terminal, in a pipe and dry."""

import os
import pty
import re
import subprocess
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with given maps."""
    folder = tmp_path_factory.mktemp("progress")
    write_models(folder)
    return folder


def test_a_run_says_what_it_does_and_how_far_it_is(folder):
    def run(*flags):
        found = snakemake(folder, SMALL, cores=2, flags=flags)
        assert found.code == 0, found.text
        return found

    plain, short = run("-n"), run("-n", *LOGGER)
    counts = jobs_by_file(plain.jobs)
    assert {stage: counts[stage] for stage in ("maps", "compare")} == {"maps": 12, "compare": 7}
    # Twice, as Snakemake counts its jobs first and last.
    assert plain.text.count("Stages of this run:") == 2 and "rule compare_models:" in plain.text
    total = f"{sum(counts.values())} jobs: how long they take is not known before a first run."
    assert jobs_by_stage(plain.text) == jobs_by_stage(short.text) == counts
    assert "6 comparisons of models, 1 matrix" in short.text and total in short.text
    assert "rule compare_models:" not in short.text and short.text.count("Stages of") == 1

    text = run(*LOGGER).text
    assert jobs_by_stage(text) == counts
    begun, done = ({*re.findall(rf"^(\w+): {word};", text, re.M)} for word in ("begun", "done"))
    assert begun == done == counts.keys()
    assert f"report: done; {sum(counts.values())} of {sum(counts.values())} jobs done" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f]|rule \w+:|Finished job|Select jobs", text)
    assert len(text.splitlines()) < 50

    assert "Nothing to be done" in run(*LOGGER).text
    timed = run("-n", "-F", *LOGGER).text
    assert re.search(r"\d+ jobs: (about|less than) \d+ min on 2 cores by earlier run times", timed)


def test_a_terminal_shows_a_bar_and_an_error_whole(folder, tmp_path):
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
