"""How long a run takes, and how much of it is left: by hand, and for runs that are simulated."""

import heapq
import re

import pytest

from lookalike.workflow.forecast import CALLED, Forecast, Job, duration, usual_seconds
from lookalike.workflow.progress import BAR, Progress
from lookalike.workflow.resources import NEEDS

STAGES = {"finetune_model": "models", "explain_images": "maps", "draw_matrix": "figures"}
TIMES = {"finetune_model": 100.0, "explain_images": 30.0, "draw_matrix": 2.0}
COUNTS = {"finetune_model": 4, "explain_images": 12, "draw_matrix": 100}


def forecast(known=TIMES, slots=2, **more):
    jobs = {
        (rule, number): Job(rule, STAGES[rule], known.get(rule))
        for rule, count in COUNTS.items()
        for number in range(count)
    }
    return Forecast(jobs, STAGES, slots, **more)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "less than 1 min"),
        (31, "about 1 min"),
        (2400, "about 40 min"),
        (3600, "about 1 h"),
        (3600 + 8 * 60, "about 1 h 10 min"),
        (2 * 3600 + 60, "about 2 h"),
    ],
)
def test_a_duration_is_no_more_precise_than_a_forecast(seconds, said):
    assert duration(seconds) == said


def test_a_forecast_says_stages_counts_and_times():
    assert forecast().text().splitlines() == [
        "Stages of this run:",
        "    models   4 models to fine-tune; about 3 min",
        "    maps     12 explanation runs; about 3 min",
        "    figures  100 matrices to draw; about 2 min",
        "116 jobs: about 8 min by earlier run times, 2 jobs at once.",
    ]
    partly = forecast({"explain_images": 30.0}).text()
    assert "100 matrices to draw\n" in partly
    assert partly.endswith(
        "about 3 min by earlier run times, 2 jobs at once, without 104 whose time is not known."
    )
    assert forecast({}).text().endswith("how long they take is not known before a first run.")
    assert "116 jobs at once" in forecast(slots=10**9).text()


def test_jobs_that_wait_for_a_card_take_their_time_one_after_another():
    times = [Job("finetune_model", "models", 60.0, on_card=True).time] * 5
    for cores, cards, seconds in ((16, 1, 300), (16, 5, 60), (2, 5, 150), (16, 16, 60)):
        assert Forecast({}, STAGES, cores, cards).takes(times) == seconds
    assert Forecast({}, STAGES).takes([(None, False)]) is None


def test_what_jobs_are_called_belongs_to_rules_that_exist():
    assert CALLED.keys() - NEEDS.keys() <= {"draw_given_matrix"}


def test_times_come_from_whole_benchmark_files_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "a": "s\th:m:s\n10.0\t0:00:10\n",
        "b": "h:m:s\ts\n0:00:20\t20.0\n",
        "empty": "",
        "header": "s\th:m:s\n",
        "word": "s\tx\n-\t1\n",
    }.items():
        (tmp_path / f"{name}.tsv").write_text(text)
    assert usual_seconds("*.tsv") == usual_seconds(f"{tmp_path}/*.tsv") == 15
    assert usual_seconds("w*.tsv") is None and usual_seconds("none/*.tsv") is None


def simulate(progress, slots, factor=1.0):
    """Run the jobs in their order, each `factor` times as long as it was; yield the time and the
    stages that begin and are done at each of them.
    """
    running, now = [], 0.0
    pending = list(progress.jobs.items())[::-1]
    while pending or running:
        begun = done = None
        if pending and len(running) < slots:
            key, job = pending.pop()
            begun = progress.begin(key, job.rule, now)
            heapq.heappush(running, (now + factor * TIMES[job.rule], key))
        else:
            now, key = heapq.heappop(running)
            done = progress.finish(key, now)
        yield now, begun, done


@pytest.mark.parametrize("factor", [0.25, 1, 3])
def test_the_time_left_follows_the_pace_of_the_run(factor):
    whole = list(simulate(Progress(forecast(), 0.0), 2, factor))[-1][0]
    progress = Progress(forecast(), 0.0)
    expected = 100 * 4 + 30 * 12 + 2 * 100
    assert progress.seconds_left(0.0) == pytest.approx(expected / 2)
    for now, _, _ in simulate(progress, 2, factor):
        if now > 0.5 * whole:
            assert progress.seconds_left(now) == pytest.approx(
                whole - now, rel=0.3, abs=0.05 * whole
            )
    assert progress.seconds_left(whole) == 0


def test_without_earlier_times_the_jobs_that_are_done_tell():
    progress = Progress(forecast({}), 0.0)
    steps = simulate(progress, 2)
    assert progress.seconds_left(0.0) is None and "left" not in progress.text(0.0)
    whole = 480
    for now, _, _ in steps:
        # Half of the figures are drawn, so that the time of each rule is known.
        if len(progress.done) > 66:
            assert progress.seconds_left(now) == pytest.approx(whole - now, rel=0.1, abs=5)


def test_stages_begin_and_end_once_and_what_failed_is_counted_until_it_succeeds():
    progress = Progress(forecast(), 0.0)
    steps = [(begun, done) for _, begun, done in simulate(progress, 2) if begun or done]
    assert [begun for begun, _ in steps if begun] == ["models", "maps", "figures"]
    assert [done for _, done in steps if done] == ["models", "maps", "figures"]
    progress = Progress(forecast(), 0.0)
    progress.begin(("finetune_model", 0), "finetune_model", 0.0)
    progress.fail(("finetune_model", 0))
    assert "0 of 116 jobs done, 1 failed" in progress.text(1.0)
    progress.begin(("finetune_model", 0), "finetune_model", 2.0)
    progress.finish(("finetune_model", 0), 3.0)
    assert "1 of 116 jobs done, about" in progress.text(3.0)
    # A job that a checkpoint adds, and one of no stage.
    assert progress.begin(("explain_images", "new"), "explain_images", 4.0) == "maps"
    assert progress.begin(("all",), "all", 4.0) is None and progress.finish(("all",), 5.0) is None
    assert "1 of 117 jobs" in progress.text(5.0)


def test_the_line_keeps_to_its_width_and_names_the_stages_at_work():
    progress = Progress(forecast(), 0.0)
    now = next(at for at, _, _ in simulate(progress, 2) if len(progress.done) == 58)
    line = progress.line(now, 200)
    assert re.match(rf"\[#{{{BAR // 2}}}-{{{BAR // 2}}}\] 58 of 116 jobs done, ", line)
    assert line.endswith(": figures")
    assert progress.line(now, 30) == line[:30]
