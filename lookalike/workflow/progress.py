"""How far a run is: the stage that works, and about how much time is left."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable
from statistics import mean

from lookalike.workflow.forecast import OTHER, Forecast, Job, duration, number

# Seconds of work that the forecast counts for, against what is seen of the run.
TRUST = 5.0
BAR = 24


class Progress:
    """What of a forecast is done.

    Parameters
    ----------
    forecast : Forecast
    start : float
        When the run started, in seconds.
    """

    def __init__(self, forecast: Forecast, start: float):
        self.forecast = forecast
        self.start = start
        self.jobs = dict(forecast.jobs)
        self.open = Counter(job.stage for job in self.jobs.values())
        self.stages: set[str] = set()
        self.begun: dict[Hashable, float] = {}
        self.done: dict[Hashable, float] = {}
        self.failed: set[Hashable] = set()

    def begin(self, key: Hashable, rule: str, now: float) -> str | None:
        """Note that a job starts, also again; return the stage that it is the first one of."""
        if key not in self.jobs:
            # Found by a checkpoint.
            if rule not in self.forecast.stages:
                return None
            self.jobs[key] = Job(rule, self.forecast.stages[rule])
            self.open[self.jobs[key].stage] += 1
        stage = self.jobs[key].stage
        is_new = stage not in self.stages
        self.stages.add(stage)
        self.begun[key] = now
        self.failed.discard(key)
        return stage if is_new else None

    def fail(self, key: Hashable) -> None:
        """Note that a job failed."""
        if self.begun.pop(key, None) is not None:
            self.failed.add(key)

    def finish(self, key: Hashable, now: float) -> str | None:
        """Note that a job is done; return the stage that it is the last one of."""
        if key not in self.begun:
            return None
        self.done[key] = now - self.begun.pop(key)
        stage = self.jobs[key].stage
        self.open[stage] -= 1
        return None if self.open[stage] else stage

    def seconds_left(self, now: float) -> float | None:
        """Return how long the rest takes: by earlier run times where they are known, else by the
        jobs that are done, and faster or slower as the run has been so far. None if nothing is
        known yet.
        """
        own = defaultdict(list)
        for key, seconds in self.done.items():
            own[self.jobs[key].rule].append(seconds)
        usual = {rule: mean(times) for rule, times in own.items()}
        known = [job.seconds for job in self.jobs.values() if job.seconds]
        if not (usual or known):
            return None
        any_job = mean(self.done.values() or known)
        ahead, behind = [], []
        for key, job in self.jobs.items():
            seconds = usual.get(job.rule, any_job) if job.seconds is None else job.seconds
            begun = self.begun.get(key, now)
            spent = seconds if key in self.done else min(now - begun, seconds)
            ahead.append((seconds - spent, job.on_card))
            behind.append((spent, job.on_card))
        # A run is slower or faster than its jobs were, as far as was seen.
        pace = (now - self.start + TRUST) / ((self.forecast.takes(behind) or 0.0) + TRUST)
        return pace * (self.forecast.takes(ahead) or 0.0)

    def text(self, now: float) -> str:
        """Return how many jobs are done, and how much time is left."""
        left = self.seconds_left(now)
        failed = f", {len(self.failed)} failed" if self.failed else ""
        time = "" if left is None else f", {duration(left)} left"
        return f"{len(self.done)} of {number(len(self.jobs), OTHER)} done{failed}{time}"

    def line(self, now: float, width: int) -> str:
        """Return one line of at most `width` characters: a bar, the text, the stages at work."""
        filled = BAR * len(self.done) // max(len(self.jobs), 1)
        bar = f"[{'#' * filled}{'-' * (BAR - filled)}]"
        working = {self.jobs[key].stage for key in self.begun}
        stages = ", ".join(stage for stage in self.order() if stage in working)
        return f"{bar} {self.text(now)}: {stages or 'waiting'}"[:width]

    def order(self) -> list[str]:
        """Return all stages, each once."""
        return list(dict.fromkeys(self.forecast.stages.values()))
