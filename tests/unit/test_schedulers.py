"""What profiles/generic asks of LSF, PBS and SGE, and what it makes of their answers."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

PROFILE = Path(__file__).parent.parent.parent / "profiles/generic"
# What is installed for each scheduler.
COMMANDS = {
    "lsf": ["bsub", "bjobs", "bkill"],
    "sge": ["qsub", "qstat", "qacct", "qdel", "qconf"],
    "pbs": ["qsub", "qstat", "qdel"],
}


@pytest.fixture
def call(tmp_path):
    """Call a script of the profile where the commands of one scheduler print given answers."""

    def called(scheduler, script, *arguments, **answers):
        for name in COMMANDS[scheduler]:
            text, code = answers.get(name, ("", 0))
            path = tmp_path / "bin" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(
                f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {tmp_path}/{name}\n"
                f"cat <<'END'\n{text}\nEND\nexit {code}\n"
            )
            path.chmod(0o755)
        done = subprocess.run(
            [PROFILE / script, *arguments],
            cwd=tmp_path,
            env={"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HOME": os.devnull},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    return called


@pytest.mark.parametrize(
    ("scheduler", "command", "answer", "number", "requests"),
    [
        (
            "lsf",
            "bsub",
            "Job <417> is submitted to default queue <normal>.",
            "417",
            ["-n 4", "-M 6000MB", "-R span[hosts=1] rusage[mem=6000MB]", "-W 90", "-gpu num=1"],
        ),
        ("sge", "qsub", "417", "417", ["-pe smp 4", "-l h_vmem=1500M", "-l h_rt=5400", "-l gpu=1"]),
        (
            "pbs",
            "qsub",
            "417.head",
            "417.head",
            ["-l select=1:ncpus=4:mem=6000mb:ngpus=1", "-l walltime=1:30:00"],
        ),
    ],
)
def test_cores_memory_time_and_cards_go_over(
    scheduler, command, answer, number, requests, call, tmp_path
):
    job = ("explain_images", "job.sh")
    assert call(scheduler, "submit.sh", "4", "6000", "90", "1", *job, **{command: (answer, 0)}) == (
        number
    )
    given = (tmp_path / command).read_text().splitlines()
    assert not [request for request in requests if f" {request} " not in f" {' '.join(given)} "]
    assert "explain_images" in given and given[-1] == "job.sh"
    call(scheduler, "submit.sh", "1", "500", "5", "0", *job, **{command: (answer, 0)})
    assert "gpu" not in (tmp_path / command).read_text()
    call(scheduler, "cancel.sh", "417", "418")
    cancel = "bkill" if scheduler == "lsf" else "qdel"
    assert (tmp_path / cancel).read_text().split() == ["417", "418"]


@pytest.mark.parametrize(
    ("scheduler", "answers", "status"),
    [
        ("lsf", {"bjobs": ("DONE", 0)}, "success"),
        ("lsf", {"bjobs": ("EXIT", 0)}, "failed"),
        ("lsf", {"bjobs": ("PEND", 0)}, "running"),
        ("lsf", {"bjobs": ("Job <417> is not found", 255)}, "failed"),
        ("lsf", {"bjobs": ("LSF is down. Please wait ...", 255)}, "running"),
        ("sge", {"qstat": ("job_number: 417", 0)}, "running"),
        ("sge", {"qstat": ("", 1), "qacct": ("failed       0\nexit_status  0", 0)}, "success"),
        ("sge", {"qstat": ("", 1), "qacct": ("failed       0\nexit_status  1", 0)}, "failed"),
        (
            "sge",
            {"qstat": ("", 1), "qacct": ("failed 37 : over its time\nexit_status 137", 0)},
            "failed",
        ),
        ("sge", {"qstat": ("", 1), "qacct": ("", 1)}, "running"),
        ("pbs", {"qstat": ("    job_state = R", 0)}, "running"),
        ("pbs", {"qstat": ("    job_state = F\n    Exit_status = 0", 0)}, "success"),
        ("pbs", {"qstat": ("    job_state = C\n    exit_status = 0", 0)}, "success"),
        ("pbs", {"qstat": ("    job_state = F\n    Exit_status = 271", 0)}, "failed"),
        ("pbs", {"qstat": ("    job_state = F", 0)}, "failed"),
        ("pbs", {"qstat": ("qstat: Unknown Job Id 417", 153)}, "failed"),
        ("pbs", {"qstat": ("cannot connect to server", 1)}, "running"),
    ],
)
def test_a_job_is_failed_only_where_that_is_known(scheduler, answers, status, call):
    assert call(scheduler, "status.sh", "417", **answers) == status


def test_the_profile_runs_and_groups_jobs_as_the_others():
    generic, default, slurm = (
        yaml.safe_load((PROFILE.parent / name / "config.yaml").read_text())
        for name in ("generic", "default", "slurm")
    )
    for key in default.keys() - {"resources"}:
        assert generic[key] == default[key], key
    for key in ("groups", "group-components", "retries", "jobs", "cores", "resources"):
        assert generic[key] == slurm[key], key
