"""Run the workflow on existing maps of more and more models, from maps to report.

    python bench/scale.py [--models 14 50 200] [--images 32] [--size 56] [--cores 2] [--folder DIR]

Maps of planted groups, one stack a model, five metrics that are inner products or sets of cells,
blocks as the workflow chooses them. Each run is first a dry run, which builds the graph alone. CPU
seconds are of the jobs themselves, by what each says at its end, so that they mean the same on a
busy machine; Snakemake's own are the rest of its process. With several numbers of images, the first
number of models runs with each of them. Next to it: what a plain script that loops over pairs and
images takes, from a part of the pairs. Prints tables for bench/RESULTS.md; asserts nothing.
"""

import argparse
import itertools
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from metrics import ONE_THREAD, ROOT

METRICS = ("cosine", "pearson", "rbf", "mse", "topk_iou")
METHOD = "heatmaps"
# Of a map: what all models have in common on an image, what a group has, and what is its own.
SHARES = (0.5, 0.35, 0.15)
PLAIN_PAIRS = 2000  # of maps, that the plain script is timed on
# Written into each job's process by Python itself: its CPU seconds and its memory in kB.
SITE = """
import atexit, os, resource, sys

def say():
    used = resource.getrusage(resource.RUSAGE_SELF)
    # The peak of this process; that of getrusage is also that of the one that started it.
    peak = open("/proc/self/status").read().split("VmHWM:")[1].split()[0]
    name = os.path.basename(sys.argv[0]).split(".", 1)[-1]
    line = f"{name}\\t{used.ru_utime + used.ru_stime}\\t{peak}\\n"
    with open(os.environ["SCALE_SAID"], "a") as file:
        file.write(line)

if ".snakemake/scripts" in " ".join(sys.orig_argv):
    atexit.register(say)
"""
LISTED = ("list_given_images", "sample_images", "group_given_images", "tabulate_models")
STAGES = {
    "images, models": LISTED,
    "maps": ("import_maps", "batch_maps", "audit_maps", "view_many_maps"),
    "compare": ("compare_models",),
    "matrices": ("aggregate_matrix",),
    "groups": ("link_models", "detect_communities", "project_models"),
    "structure": ("test_structure", "correlate_metrics", "tabulate_tests"),
    "factors and agreement": ("test_factors", "compare_matrices", "compare_replicates"),
    "findings": ("write_findings",),
    "figures": ("draw_matrix", "draw_agreement", "draw_multiverse", "draw_panels"),
    "report": ("write_report",),
}


def plant_maps(folder: Path, models: int, images: int, size: int) -> dict[str, Any]:
    """Write one stack a model, and return the config's models: groups of about 7, or of more where
    there are more than 100 models.
    """
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(0)
    groups = max(2, min(models // 7, 12))

    def smooth(count: int) -> np.ndarray:
        drawn = rng.normal(size=(count, images, size, size)).astype(np.float32)
        found = np.abs(gaussian_filter(drawn, (0, 0, size / 14, size / 14)))
        return found / found.max(axis=(2, 3), keepdims=True)

    common, of_groups = smooth(1)[0], smooth(groups)
    found = {}
    for number in range(models):
        group = number % groups
        name = f"M{number:04}"
        parts = (common, of_groups[group], smooth(1)[0])
        maps = sum(share * part for share, part in zip(SHARES, parts, strict=True))
        path = folder / "given" / name / "batch_maps.npy"
        path.parent.mkdir(parents=True)
        np.save(path, np.asarray(maps, np.float32))
        found[name] = {"maps": str(path), "family": f"G{group:02}"}
    return found


def plain_functions() -> dict[str, Callable[[np.ndarray, np.ndarray], float]]:
    """Return what a plain script calls for a pair of maps."""
    from scipy.spatial import distance
    from scipy.stats import pearsonr

    def topk(one: np.ndarray, other: np.ndarray) -> float:
        first, second = (set(np.argsort(part)[-len(part) // 10 :]) for part in (one, other))
        return 1 - len(first & second) / len(first | second)

    return {
        "cosine": distance.cosine,
        "pearson": lambda one, other: 1 - float(pearsonr(one, other).statistic),
        "rbf": lambda one, other: 1 - math.exp(-float(((one - other) ** 2).sum()) / 200),
        "mse": lambda one, other: float(((one - other) ** 2).mean()),
        "topk_iou": topk,
    }


def plain_seconds(folder: Path, models: int, images: int) -> float:
    """Return the CPU seconds of a plain script over all pairs and images, from a part of them."""
    stacks = [np.load(path).reshape(images, -1) for path in sorted(folder.glob("given/*/*.npy"))]
    pairs = list(itertools.islice(itertools.combinations(range(models), 2), PLAIN_PAIRS // images))
    functions = plain_functions()
    start = time.process_time()
    for one, other in pairs:
        for image in range(images):
            for function in functions.values():
                function(stacks[one][image], stacks[other][image])
    return (time.process_time() - start) / len(pairs) * models * (models - 1) / 2


def children_of(process: int) -> Iterator[int]:
    """Yield a process and all below it."""
    yield process
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        for child in path.read_text().split():
            yield from children_of(int(child))


def watch(process: int, seen: dict[str, float], done: threading.Event) -> None:
    """Keep the largest sum of memory of a process and all below it, in MB, and its own CPU
    seconds.
    """
    tick = os.sysconf("SC_CLK_TCK")
    while not done.wait(0.5):
        total = 0.0
        try:
            for child in children_of(process):
                text = Path(f"/proc/{child}/smaps_rollup").read_text()
                total += int(text.split("\nPss:", 1)[1].split()[0]) / 1024
            fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            # A process that has ended meanwhile.
            continue
        seen["memory"] = max(seen["memory"], total)
        seen["own"] = sum(map(int, fields[11:13])) / tick


def run(folder: Path, cores: int, *flags: str) -> dict[str, float]:
    """Run Snakemake; return wall and CPU seconds, its own CPU seconds, and memory in MB."""
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--directory", str(folder)]
    command += ["--configfile", str(folder / "config.yaml"), *flags]
    site = folder / "site"
    site.mkdir(exist_ok=True)
    (site / "sitecustomize.py").write_text(SITE)
    given = {"PYTHONPATH": str(site), "SCALE_SAID": str(folder / "said.tsv")}
    seen, done = {"memory": 0.0, "own": 0.0}, threading.Event()
    start = time.perf_counter()
    with (folder / "text").open("w") as text:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | ONE_THREAD | given, stdout=text, stderr=text
        )
        watcher = threading.Thread(target=watch, args=(process.pid, seen, done))
        watcher.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        finally:
            done.set()
            watcher.join()
    if status:
        sys.exit((folder / "text").read_text()[-6000:])
    cpu = usage.ru_utime + usage.ru_stime
    return seen | {"wall": time.perf_counter() - start, "cpu": cpu}


def by_rule(folder: Path) -> dict[str, tuple[int, float, float]]:
    """Return by rule the number of jobs, their CPU seconds, and the memory of the largest in MB."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for line in (folder / "said.tsv").read_text().splitlines():
        name, cpu, memory = line.split("\t")
        found[name.removesuffix(".py")].append((float(cpu), float(memory) / 1024))
    return {
        rule: (len(jobs), sum(job[0] for job in jobs), max(job[1] for job in jobs))
        for rule, jobs in found.items()
    }


def measure_run(folder: Path, models: int, images: int, size: int, cores: int) -> dict[str, Any]:
    """Make maps and a config, run the workflow on them, and return what it took."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "models": plant_maps(folder, models, images, size),
        "maps": {"size": size},
        "metrics": list(METRICS),
        "compare": {"block": "auto"},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    # Once for the contents of the maps, which a later run knows.
    first = run(folder, cores, "--dry-run", "--quiet")
    dry = run(folder, cores, "--dry-run", "--quiet")
    (folder / "said.tsv").write_text("")
    whole = run(folder, cores)
    files = [path for path in (folder / "results").rglob("*") if path.is_file()]
    parts = Counter(path.relative_to(folder / "results").parts[0] for path in files)
    rules = by_rule(folder)
    print_rules(rules)
    print(f"files: {dict(parts)}", flush=True)
    stages = {
        stage: sum(rules[rule][1] for rule in members if rule in rules)
        for stage, members in STAGES.items()
    }
    stages["other"] = sum(found[1] for found in rules.values()) - sum(stages.values())
    return whole | {
        "models": models,
        "images": images,
        "first": first["cpu"],
        "dry": dry["cpu"],
        "jobs": sum(found[0] for found in rules.values()),
        "files": len(files),
        "megabytes": sum(path.stat().st_size for path in files) / 1e6,
        "largest": max(found[2] for found in rules.values()),
        "stages": stages | {"Snakemake itself": whole["own"]},
        "plain": plain_seconds(folder, models, images),
    }


def print_rules(rules: dict[str, tuple[int, float, float]]) -> None:
    """Print what each rule took."""
    print("\n| rule | jobs | CPU s | largest, MB |\n|---|---|---|---|")
    for rule, (jobs, cpu, memory) in sorted(rules.items(), key=lambda item: -item[1][1]):
        print(f"| {rule} | {jobs} | {cpu:.1f} | {memory:.0f} |")


def exponent(one: float, other: float, factor: float) -> str:
    """Return how a time grows with what is `factor` as large; a dash where it is hardly there."""
    return f"{math.log(other / one) / math.log(factor):.2f}" if min(one, other) > 0.5 else "–"


def print_tables(found: list[dict[str, Any]]) -> None:
    """Print all runs next to one another, and the growth of each stage from each to the next."""
    rows = {
        "jobs": "jobs",
        "files in results/": "files",
        "their size, MB": "megabytes",
        "graph (dry run), CPU s": "dry",
        "graph, first time, CPU s": "first",
        "wall, s": "wall",
        "CPU, s": "cpu",
        "memory of all processes, MB": "memory",
        "memory of the largest job, MB": "largest",
        "plain script of a loop, CPU s": "plain",
    }
    heads = " | ".join(f"{one['models']} models, {one['images']} images" for one in found)
    print(f"\n| | {heads} |\n|---|{'---|' * len(found)}")
    for title, name in rows.items():
        print(f"| {title} | {' | '.join(f'{one[name]:,.0f}' for one in found)} |")
    steps = list(itertools.pairwise(found))
    print(f"\n| CPU s of a stage | {heads} | growth |\n|---|{'---|' * (len(found) + 1)}")
    for stage in found[0]["stages"]:
        growth = [
            exponent(
                one["stages"][stage],
                other["stages"][stage],
                other["models"] / one["models"]
                if one["models"] != other["models"]
                else other["images"] / one["images"],
            )
            for one, other in steps
        ]
        cells = " | ".join(f"{one['stages'][stage]:.1f}" for one in found)
        print(f"| {stage} | {cells} | {', '.join(growth)} |", flush=True)


def main() -> None:
    """Run all sizes and print the tables."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--models", type=int, nargs="+", default=[14, 50, 200])
    parser.add_argument("--images", type=int, nargs="+", default=[32])
    parser.add_argument("--size", type=int, default=56)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="keep the runs here")
    given = parser.parse_args()
    sizes = [(models, given.images[0]) for models in given.models]
    sizes = [(given.models[0], images) for images in given.images[:0:-1]] + sizes
    with tempfile.TemporaryDirectory() as name:
        folder = given.folder or Path(name)
        found = [
            measure_run(folder / f"{models}x{images}", models, images, given.size, given.cores)
            for models, images in sizes
        ]
    print_tables(found)


if __name__ == "__main__":
    main()
