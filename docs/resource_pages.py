"""The page of what jobs ask of a cluster, made from the table in the code and what was measured."""

import csv
from itertools import groupby
from pathlib import Path

from lookalike.workflow.resources import (
    LEAST_MB,
    LEAST_MINUTES,
    MARGIN_MB,
    MARGIN_MINUTES,
    MOST_MINUTES,
    NEEDS,
)

MEASURED = Path(__file__).parent / "measured_resources.csv"

INTRODUCTION = f"""# Resources

Made from `lookalike/workflow/resources.py` and `docs/measured_resources.csv` by `make docs`. On a
cluster, every job asks for memory (`mem_mb`) and time (`runtime`): what its rule takes at the
least, and more for each million units of its work.

- Memory: {MARGIN_MB:g} times that, and {LEAST_MB} MB more.
- Time: {MARGIN_MINUTES} times that, between {LEAST_MINUTES} and {MOST_MINUTES} minutes.
- Each further attempt of a job that failed asks for twice as much.

On one machine nothing is asked for. A changed number reruns nothing. A profile overrides both:
`set-resources: {{finetune_model: {{runtime: 600}}}}`. The times are of one CPU; on a GPU, training
and explanations take far less. Rules that were not measured have the numbers of a similar one.

| unit | what it counts |
|---|---|
| batch pixels, source pixels | pixels of the images in a batch of training, and in the source |
| trained pixels | source pixels x epochs |
| passed pixels | pixels of explained images x passes of each through a network |
| map pixels | images x models x pixels of a map |
| compared pixels, values | images x pairs x pixels of a map; images x pairs |
| draws | resamples x pairs |
| cells, permuted cells | matrices x models x models; that x permutations |

| rule | MB | MB for each million | seconds | seconds for each million |
|---|---|---|---|---|
"""

MEASURED_INTRODUCTION = """
## Measured

The largest job of each rule: memory, CPU time and time, on 2 cores of a busy machine.
`docs/measure_resources.py` sums up the benchmark files of a run (`benchmarks/`) as a part of this
table. What ends at once is not measured.
"""


def units_text(each):
    """Return amounts for each million of a unit."""
    return ", ".join(f"{amount:g} for {unit}" for unit, amount in each.items()) or "none"


def resources_page():
    """Return the page."""
    lines = [
        f"| `{rule}` | {needs.mb:g} | {units_text(needs.mb_for)} | {needs.seconds:g} | "
        f"{units_text(needs.seconds_for)} |"
        for rule, needs in NEEDS.items()
    ]
    page = INTRODUCTION + "\n".join(lines) + "\n" + MEASURED_INTRODUCTION
    with MEASURED.open(encoding="utf-8") as file:
        for run, rows in groupby(csv.DictReader(file), lambda row: row["run"]):
            page += f"\n### {run}\n\n| rule | jobs | MB | CPU seconds | seconds |\n"
            page += "|---|---|---|---|---|\n"
            for row in rows:
                cells = [row[key] for key in ("jobs", "mb", "cpu_seconds", "seconds")]
                page += f"| `{row['rule']}` | {' | '.join(cells)} |\n"
    return page
