"""What jobs ask of a cluster: for every rule, more for more work and at each attempt."""

import csv
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from lookalike.workflow.resources import MOST_MINUTES, NEEDS, Work, megabytes, minutes

ROOT = Path(__file__).parent.parent.parent
RULES = "".join(path.read_text() for path in (ROOT / "rules").rglob("*.smk"))
SCRIPTS = re.findall(r'"(?:\.\./)+scripts/(\w+)\.py"', RULES)
# The largest jobs of the runs that were measured.
RUNS = {
    "demo": Work(
        images=30,
        listed=2300,
        side=64,
        map_side=64,
        models=7,
        matrices=32,
        batch=32,
        epochs=18,
        passes=200,
        resamples=1000,
    ),
    "224 pixels": Work(
        images=4,
        listed=76,
        side=224,
        map_side=224,
        models=3,
        matrices=6,
        batch=32,
        epochs=1,
        passes=50,
        resamples=1000,
    ),
    "210 models": Work(images=8, listed=8, map_side=16, models=210, matrices=2, resamples=100),
}
SMALLEST = Work()


def needs_of(script):
    """Return what a rule's needs go by: cheap studies have them in common."""
    return script if script in NEEDS else re.sub("^study_.*", "study", script)


def test_every_rule_asks_for_memory_and_time_and_for_nothing_unknown():
    blocks = re.split(r'(?<=\.py"\n)', RULES)[:-1]
    asked = r'mem_mb=memory_of\("{0}"[^\n]*\n +runtime=minutes_of\("{0}".*/scripts/{1}.py"\n$'
    for script, block in zip(SCRIPTS, blocks, strict=True):
        assert re.search(asked.format(needs_of(script), script), block, re.S), script
    assert {needs_of(script) for script in SCRIPTS} == set(NEEDS)


@pytest.mark.parametrize("work", [SMALLEST, RUNS["demo"]], ids=["smallest", "demo"])
@pytest.mark.parametrize("rule", NEEDS)
def test_a_second_attempt_asks_for_twice_as_much(rule, work):
    for amount in (megabytes, minutes):
        first, second = (amount(rule, work, attempt) for attempt in (1, 2))
        assert (type(first), second) == (int, 2 * first)
    assert megabytes(rule, work, 1) >= 500
    assert 5 <= minutes(rule, work, 1) <= minutes(rule, work, 20) == MOST_MINUTES


def test_more_work_asks_for_more_by_the_measured_slope():
    work = Work(batch=32, side=224, listed=1000, epochs=2)
    # 1.605632 million pixels in a batch, 50.176 in the source, 100.352 in all epochs.
    found = 900 + 2000 * 1.605632 + 4 * 50.176
    assert megabytes("finetune_model", work, 1) == 500 + int(1.5 * found) + 1
    assert minutes("finetune_model", work, 1) == int(3 * (20 + 24 * 100.352) / 60) + 1
    for field in ("images", "listed", "side", "models", "matrices", "batch", "epochs"):
        larger = replace(replace(work, images=9, models=9, map_side=9), **{field: 10**4})
        assert all(
            megabytes(rule, larger, 1) >= megabytes(rule, SMALLEST, 1)
            and minutes(rule, larger, 1) >= minutes(rule, SMALLEST, 1)
            for rule in NEEDS
        )


@pytest.mark.parametrize("run", RUNS)
def test_more_is_asked_for_than_was_measured(run):
    with (ROOT / "docs/measured_resources.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["run"] == run]
    assert len(rows) > 4
    for row in rows:
        work = replace(RUNS[run], models=1) if "explain" in row["rule"] else RUNS[run]
        assert megabytes(row["rule"], work, 1) >= 500 + float(row["mb"]), row
        assert 60 * minutes(row["rule"], work, 1) >= 2 * float(row["cpu_seconds"]), row


def test_the_profile_groups_rules_that_exist_and_no_job_on_a_card():
    profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
    assert set(profile["groups"]) <= {*SCRIPTS, "draw_given_matrix"}
    assert set(profile["groups"].values()) == set(profile["group-components"])
    for name in profile["groups"]:
        block = re.search(rf"rule {name}:\n.*?script:", RULES, re.S)
        assert name == "draw_given_matrix" or "gpu=" not in block[0], name
    default = yaml.safe_load((ROOT / "profiles/default/config.yaml").read_text())
    # A job that fails on one machine is not repeated.
    assert "retries" not in default
    shared = ("scheduler", "rerun-triggers", "rerun-incomplete", "keep-going", "show-failed-logs")
    assert {key: profile[key] for key in shared} == {key: default[key] for key in shared}
