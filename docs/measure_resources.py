"""Sum up the benchmark files of finished runs, a row for each rule of a run.

Makes the measured table of the page Resources:
python docs/measure_resources.py demo=benchmarks "224 pixels=OTHER/benchmarks" > OUT.csv
"""

import csv
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
COLUMNS = ["run", "rule", "jobs", "mb", "cpu_seconds", "seconds"]


def patterns(folder):
    """Return for every rule of a run that is measured a regular expression for its files."""
    # Of rules that write the same files, a run has one alone.
    has_models, has_heads = (Path(folder, name).exists() for name in ("predictions", "features"))
    absent = {"import_checkpoint", "import_maps" if has_models else "explain_images"}
    absent.add("finetune_model" if has_heads else "train_head")
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "rules").glob("*.smk"))
    found = re.findall(r'benchmark:\s+f?"benchmarks/([^"]+)".*?scripts/(\w+)\.py"', text, re.S)
    return {
        rule: "[^/]+".join(map(re.escape, re.split(r"\{\w+\}", pattern)))
        for pattern, rule in found
        if rule not in absent
    }


def rows(run, folder):
    """Return the largest job of every rule: memory in MB, CPU time and time in seconds."""
    known, taken = patterns(folder), {}
    for path in Path(folder).rglob("*.tsv"):
        name = path.relative_to(folder).as_posix()
        fitting = [rule for rule, pattern in known.items() if re.fullmatch(pattern, name)]
        rule = max(fitting, key=lambda rule: len(known[rule]))
        with path.open(encoding="utf-8") as file:
            row = next(csv.DictReader(file, delimiter="\t"))
        # A job that ends at once is not measured.
        cells = [row[key].replace("NA", "0") for key in ("max_rss", "cpu_time", "s")]
        taken.setdefault(rule, []).append(list(map(float, cells)))
    return [
        [run, rule, len(jobs), *(f"{max(numbers):.1f}" for numbers in zip(*jobs, strict=True))]
        for rule, jobs in sorted(taken.items())
    ]


if __name__ == "__main__":
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(COLUMNS)
    for argument in sys.argv[1:]:
        table.writerows(rows(*argument.split("=", 1)))
