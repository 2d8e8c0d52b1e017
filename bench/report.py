"""How large the report is, and how quickly it is there: size of the file, first paint, time from a
click on a cell to both maps, and memory, in Chromium; for the demo and for 14 models by 3 methods,
8 metrics and 128 images (experiment A16).

Usage: python bench/report.py [--demo results/report.html] [--folder FOLDER]
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import yaml
from playwright.sync_api import sync_playwright
from scipy.ndimage import gaussian_filter

ROOT = Path(__file__).parent.parent
MODELS, METHODS, IMAGES, SIDE = 14, ("gradcam", "ig", "kernelshap"), 128, 56
METRICS = ["cosine", "pearson", "spearman", "rbf", "mse", "ssim", "emd", "topk_iou"]
CLICKS = 10
CLICK = """async pair => {
    const start = performance.now();
    document.querySelector(`.cell[data-pair="${pair}"]`).dispatchEvent(new MouseEvent("click"));
    const drawn = () => document.querySelectorAll("dialog[open] .pictures canvas").length > 1;
    while (!drawn()) await new Promise(done => setTimeout(done));
    // The end of the frame that shows them.
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - start;
}"""


def write_run(folder):
    """Write maps and images of the size of A16, run the workflow on them; return the report."""
    rng = np.random.default_rng(0)
    names = [f"image-{number:03}" for number in range(IMAGES)]
    models = {}
    (folder / "photos/a").mkdir(parents=True)
    from skimage.io import imsave

    for name in names:
        picture = gaussian_filter(rng.random((224, 224, 3)), (4, 4, 0))
        scaled = 255 * (picture - picture.min()) / np.ptp(picture)
        imsave(folder / f"photos/a/{name}.png", scaled.astype(np.uint8), check_contrast=False)
    for number in range(MODELS):
        model = f"model-{number:02}"
        models[model] = {"maps": {}, "family": f"family {number % 4}"}
        for method in METHODS:
            # As rough as maps of integrated gradients, which are compressed least.
            smooth = {"gradcam": 6, "ig": 0, "kernelshap": 3}[method]
            maps = rng.normal(size=(IMAGES, SIDE, SIDE)) ** 3
            maps = gaussian_filter(maps, (0, smooth, smooth)) if smooth else maps
            home = folder / "maps" / method / model
            home.mkdir(parents=True)
            for name, saliency in zip(names, maps, strict=True):
                np.save(home / f"{name}.npy", saliency.astype(np.float32))
            models[model]["maps"][method] = str(home)
    config = {
        "images": {"source": "photos", "n": "all", "size": 224},
        "models": models,
        "maps": {"size": SIDE},
        "metrics": METRICS,
        "subsets": ["all"],
        "inference": {"bootstrap": 200, "permutations": 199},
        "figures": {"panels": 0},
    }
    (folder / "given.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--directory", folder]
    command += ["--configfile", folder / "given.yaml", "--quiet", "all"]
    subprocess.run(command, check=True, cwd=ROOT)
    return folder / "results/report.html"


def memory_of(process):
    """Return the resident memory of a process and all that it started, in MB, shared pages once."""
    children = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    family, found = [process], []
    while family:
        one = family.pop()
        found.append(one)
        family += children.get(one, [])
    total = 0
    for one in found:
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def measure(path):
    """Return the figures of one report as a dict."""
    with sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto("about:blank")
        before = memory_of(os.getpid())
        page.goto(path.resolve().as_uri())
        page.wait_for_function("document.documentElement.dataset.ready")
        ready = page.evaluate("performance.now()")
        paints = page.evaluate(
            "performance.getEntriesByType('paint').map(entry => [entry.name, entry.startTime])"
        )
        pairs = page.locator(".cell.open").evaluate_all("all => all.map(one => one.dataset.pair)")
        chosen = np.random.default_rng(0).choice(pairs, CLICKS, replace=False).tolist()
        clicks = []
        for pair in chosen:
            clicks.append(page.evaluate(CLICK, pair))
            page.wait_for_timeout(300)
            page.keyboard.press("Escape")
            page.wait_for_function("!document.querySelector('dialog[open]')")
        used = memory_of(os.getpid()) - before
        browser.close()
    return {
        "MB": path.stat().st_size / 1e6,
        "first paint, ms": dict(paints)["first-contentful-paint"],
        "first screen whole, ms": ready,
        "click to maps, ms, median": statistics.median(clicks),
        "click to maps, ms, slowest": max(clicks),
        "memory of the page, MB": used,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", type=Path, default=ROOT / "results/report.html")
    parser.add_argument("--folder", type=Path, help="a folder for the run of A16's size")
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp())
    large = folder / "results/report.html"
    found = {
        "demo": measure(given.demo),
        "A16": measure(large if large.exists() else write_run(folder)),
    }
    names = list(found["demo"])
    print("| report |", " | ".join(names), "|")
    print("|---" * (len(names) + 1) + "|")
    for report, row in found.items():
        print(f"| {report} |", " | ".join(f"{row[name]:.3g}" for name in names), "|")


if __name__ == "__main__":
    main()
