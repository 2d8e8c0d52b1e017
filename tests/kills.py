"""Runs that are killed at random moments, and started again by the same command."""

import os
import random
import re
import signal
import subprocess
import threading
import time
from itertools import islice
from pathlib import Path

from conftest import TIMEOUT, comparable, invocation

from lookalike.workflow.owners import JOBS_END_WITHIN

# What holds times of files, or a time.
NOT_COMPARED = {"contents.json", ".snakemake_timestamp"}


def interrupted(folder, config, *targets, numbers, seed, within):
    """Run the workflow, interrupt it at random moments by signals to Snakemake or to a job, and let
    it end the last time.

    Nothing may outlive an interruption, and no job that finished may start again.

    Parameters
    ----------
    folder, config, *targets
        As for `invocation`.
    numbers : list of int
        A signal for each run but the last.
    seed : int
    within : int
        Lines of a run's output, of which it is interrupted at one.

    Returns
    -------
    int
        How many runs were interrupted before they had ended.
    """
    rng = random.Random(f"{numbers} {seed}")
    finished, interruptions = {}, 0
    for attempt, number in enumerate([*numbers, None]):
        text, interruption = run(folder, config, targets, number, rng, within)
        interruptions += interruption
        started, ended = jobs_of(text)
        again = [job for job in started if job in finished]
        assert not again, f"{again} of run {attempt} finished in run {finished[again[0]]}\n{text}"
        finished |= dict.fromkeys(ended, attempt)
    return interruptions


def run(folder, config, targets, number, rng, within):
    """Run the workflow once and interrupt it, or without a signal, let it end; return what it
    printed, and whether it was interrupted.
    """
    process = subprocess.Popen(
        **invocation(folder, config, *targets, cores=2), start_new_session=True
    )
    lines, interruption = [], False
    if number:
        # Counted in lines, so that the moments do not depend on the machine's speed.
        lines = list(islice(process.stdout, rng.randrange(1, within)))
        time.sleep(rng.uniform(0, 1))
        jobs = [pid for pid in processes_in(folder) if pid != process.pid]
        target = rng.choice(jobs) if jobs and rng.random() < 0.5 else process.pid
        interruption = process.poll() is None
        try:
            os.kill(target, number)
        except ProcessLookupError:
            # That job has just ended.
            os.kill(target := process.pid, number)
        print(f"{signal.Signals(number).name} after {len(lines)} lines to", end=" ")
        print("Snakemake" if target == process.pid else "a job")
    # `communicate` would lose what was read ahead of the lines.
    limit = threading.Timer(TIMEOUT, process.kill)
    limit.start()
    text = "".join(lines) + process.stdout.read()
    process.wait()
    limit.cancel()
    assert number or process.returncode == 0, text
    until = time.monotonic() + JOBS_END_WITHIN
    while left := processes_in(folder):
        assert time.monotonic() < until, f"{left} live on\n{text}"
        time.sleep(0.1)
    return text, interruption


def processes_in(folder):
    """Return the processes that work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder:
                found.append(int(process.name))
        except OSError:
            continue
    return found


def jobs_of(text):
    """Return the jobs, rule and wildcards, that a run started, and those that it finished."""
    # Line by line: a kill ends the text anywhere, and what jobs print stands between the lines.
    started, ended, rule, number = {}, [], None, None
    for line in text.splitlines():
        if header := re.search(r"(?:local)?(?:rule|checkpoint) (\w+):$", line):
            rule = header[1]
        elif job := re.match(r" +jobid: (\d+)$", line):
            number = job[1]
            started[number] = (rule, None)
        elif wildcards := re.match(r" +wildcards: (.+)$", line):
            started[number] = (rule, wildcards[1])
        elif end := re.match(r"Finished jobid: (\d+) ", line):
            ended.append(end[1])
    return list(started.values()), [started[number] for number in ended]


def contents(folder):
    """Return the content of every file below a folder, by path."""
    return {
        path.relative_to(folder): comparable(path)
        for path in folder.rglob("*")
        if path.is_file() and path.name not in NOT_COMPARED
    }
