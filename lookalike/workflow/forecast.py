"""What a run does, stage by stage, and how long it takes by the times of earlier runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import mean

from lookalike.core.types import StrPath

# What jobs of a rule are called, one and many; all others of a stage are counted together.
CALLED = {
    "finetune_model": ("model to fine-tune", "models to fine-tune"),
    "import_checkpoint": ("checkpoint to import", "checkpoints to import"),
    "predict_images": ("prediction run", "prediction runs"),
    "train_head": ("head to train", "heads to train"),
    "rank_channels": ("ranking of channels", "rankings of channels"),
    "prune_model": ("model to prune", "models to prune"),
    "explain_images": ("explanation run", "explanation runs"),
    "import_maps": ("set of maps to import", "sets of maps to import"),
    "compare_models": ("comparison of models", "comparisons of models"),
    "aggregate_matrix": ("matrix", "matrices"),
    "import_matrix": ("matrix to import", "matrices to import"),
    "link_models": ("tree", "trees"),
    "detect_communities": ("Louvain graph", "Louvain graphs"),
    "test_structure": ("test of structure", "tests of structure"),
    "draw_matrix": ("matrix to draw", "matrices to draw"),
    "draw_given_matrix": ("matrix to draw", "matrices to draw"),
    "write_report": ("report", "reports"),
}
OTHER = ("job", "jobs")
# Of how many earlier jobs of a rule the times are read.
MOST_READ = 200


@dataclass(frozen=True)
class Job:
    """One job of a run.

    Attributes
    ----------
    rule, stage : str
    seconds : float or None
        That it took in an earlier run, or that other jobs of its rule took; None if no time is
        known.
    on_card : bool
        Whether it waits for a GPU.
    """

    rule: str
    stage: str
    seconds: float | None = None
    on_card: bool = False

    @property
    def time(self) -> tuple[float | None, bool]:
        """What `Forecast.takes` needs to know."""
        return self.seconds, self.on_card


@dataclass(frozen=True)
class Forecast:
    """All jobs of a run, and what it has to do them with.

    Attributes
    ----------
    jobs : dict
        Any name to `Job`.
    stages : dict
        Rule to stage, of all rules, in the order of the stages.
    slots : int
        How many jobs run at once.
    cards : int
        How many of those that wait for a GPU do.
    """

    jobs: dict[Hashable, Job]
    stages: dict[str, str]
    slots: int = 1
    cards: int = 1

    def by_stage(self) -> dict[str, list[Job]]:
        """Return the jobs of each stage that has some."""
        found: dict[str, list[Job]] = {stage: [] for stage in self.stages.values()}
        order = {rule: place for place, rule in enumerate(self.stages)}
        for job in sorted(self.jobs.values(), key=lambda job: order[job.rule]):
            found[job.stage].append(job)
        return {stage: jobs for stage, jobs in found.items() if jobs}

    def takes(self, times: Iterable[tuple[float | None, bool]]) -> float | None:
        """Return the seconds that jobs take together, as far as known; None if nothing is.

        Each is given by its seconds and by whether it waits for a GPU.
        """
        known = [(seconds or 0.0, waits) for seconds, waits in times]
        all_jobs = sum(seconds for seconds, _ in known)
        on_card = sum(seconds for seconds, waits in known if waits)
        longest = max((seconds for seconds, _ in known), default=0.0)
        return max(all_jobs / self.slots, on_card / self.cards, longest) or None

    def text(self) -> str:
        """Return the stages with what each does, and about how long all takes."""
        stages = self.by_stage()
        width = max(map(len, stages), default=0)
        lines = ["Stages of this run:"]
        for stage, jobs in stages.items():
            seconds = self.takes(job.time for job in jobs)
            time = "" if seconds is None else f"; {duration(seconds)}"
            lines.append(f"    {stage:{width}}  {counted(jobs)}{time}")
        lines.append(f"{number(len(self.jobs), OTHER)}: {self.total()}")
        return "\n".join(lines)

    def total(self) -> str:
        """Return in words how long all jobs take."""
        seconds = self.takes(job.time for job in self.jobs.values())
        if seconds is None:
            return "how long they take is not known before a first run."
        unknown = sum(job.seconds is None for job in self.jobs.values())
        # A cluster may run more at once than there are.
        at_once = number(min(self.slots, len(self.jobs)), OTHER)
        rest = f", without {unknown} whose time is not known" if unknown else ""
        return f"{duration(seconds)} by earlier run times, {at_once} at once{rest}."


def number(count: int, called: tuple[str, str]) -> str:
    """Return a number of things in words: `1 job`, `2 jobs`."""
    return f"{count} {called[count != 1]}"


def counted(jobs: Iterable[Job]) -> str:
    """Return how many jobs of which kind there are: `3 models to fine-tune, 2 other jobs`."""
    kinds = Counter(CALLED.get(job.rule, OTHER) for job in jobs)
    others = kinds.pop(OTHER, 0)
    texts = [number(count, called) for called, count in kinds.items()]
    if others:
        other = [f"other {name}" for name in OTHER] if texts else OTHER
        texts.append(number(others, (other[0], other[1])))
    return ", ".join(texts)


def duration(seconds: float) -> str:
    """Return a time as precisely as a forecast is: `about 40 min`."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than 1 min"
    hours, rest = divmod(5 * round(minutes / 5) if minutes > 60 else minutes, 60)
    return " ".join(["about", *[f"{hours} h"] * (hours > 0), *[f"{rest} min"] * (rest > 0)])


def earlier_seconds(benchmark: StrPath) -> float | None:
    """Return the seconds of an earlier job by its benchmark file; None if it is not there or not
    whole.
    """
    try:
        header, first, *_ = Path(benchmark).read_text().splitlines()
        return float(first.split("\t")[header.split("\t").index("s")])
    except (OSError, ValueError, IndexError):
        return None


def usual_seconds(pattern: str) -> float | None:
    """Return the mean seconds of earlier jobs of a rule, by a pattern of their benchmark files with
    `*`; None if there were none.
    """
    root = Path(pattern).anchor
    files = islice(Path(root).glob(pattern.removeprefix(root)), MOST_READ)
    found = map(earlier_seconds, files)
    return mean(known) if (known := [seconds for seconds in found if seconds is not None]) else None
