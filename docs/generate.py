"""Write the generated pages: metrics and methods from the registry, the config's keys from its
schema, the graph of the rules from Snakemake, resources from what was measured, and families of
models from what was swept.

With --check nothing is written, and a stale page is an error.
"""

import re
import subprocess
import sys
from pathlib import Path

import networkx
import yaml

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from config_pages import escaped, overview, reference  # noqa: E402
from model_pages import models_page  # noqa: E402
from resource_pages import resources_page  # noqa: E402

from lookalike.core import registry  # noqa: E402

SALIENCYTOOLS_PREPARATION = """## Preparation, compared with saliencytools 0.35

| there | here, as keys of a view |
|---|---|
| `clip_mask` | `clip: [-1, 1]` |
| `normalize_mask_0_1` | `scale: minmax`; a constant map becomes zero instead of NaN |
| `normalize_mask` | no view of its own: `minmax` onto [-1, 1] gives signs to a map that has none |
| S of its tutorial, SciPy's `sobel` | `sobel: true`, the magnitude over both axes |
| `make_histogram` | not needed: `emd_values` takes the values themselves |
"""

EXPLAINED = {
    "classes": "the logit of a class",
    "scores": "the error of a predicted score (`finetuning: {task: regression}`)",
    "similarity": "how alike images are (`images.similarity`, or made from the scores)",
}


# By which structure is told from the noise of single models.
LAWS = {
    "product": "what two models share is a product of one number of each",
    "squares": "what two models share, in squares, is a product of one number of each",
    "angles": "what two models share, in cosines, is a product of one number of each",
    "": "none known: structure cannot be told from the noise of single models",
}


def first_paragraph(function):
    """Return the summary of a docstring in one line."""
    return " ".join(function.__doc__.strip().split("\n\n")[0].split())


def options_text(options):
    """Return options with their defaults, as YAML has them."""
    plain = {
        name: list(default) if isinstance(default, tuple) else default
        for name, default in options.items()
    }
    return (
        ", ".join(
            f"`{yaml.safe_dump({name: default}, default_flow_style=True).strip()[1:-1]}`"
            for name, default in plain.items()
        )
        or "none"
    )


def again_text(again):
    """Return how a second run differs, for the error of the explanation itself."""
    if again is None:
        return "the same"
    factors = [
        f"`{name}` times {factor:g}, or {number} in place of a word"
        for name, (factor, number) in again.items()
    ]
    return ", ".join(factors) or "another seed"


def explained_text(card):
    """Return what the maps of a method explain."""
    if not card.needs_model:
        return "nothing; needs no model"
    return EXPLAINED[card.targets] if card.class_specific else "no class: the same for all"


def metrics_page():
    """Return the page of all metrics."""
    lines = [
        "# Metrics",
        "",
        "Made from the registry by `make docs`. Every metric is a dissimilarity: 0 for equal "
        "maps, larger for less alike.",
        "",
    ]
    for name in registry.names("metric"):
        card = registry.get("metric", name)
        low, high = card.range
        lines += [
            f"## `{name}`",
            "",
            first_paragraph(card),
            "",
            "| | |",
            "|---|---|",
            f"| formula | `{escaped(card.formula)}` |",
            f"| range | {low} to {'unbounded' if high == float('inf') else high} |",
            f"| raw value | {escaped(card.raw_name)} |",
            f"| ignores | {', '.join(card.ignores) or 'nothing'} |",
            f"| triangle inequality | {'holds' if card.triangle else 'does not hold'} |",
            f"| maps | {'any' if card.views == 'any' else f'{card.views} only'} |",
            f"| undefined (NaN) where | {escaped(card.undefined or 'never')} |",
            f"| needs maps of a known range | {'yes' if card.bounded else 'no'} |",
            f"| options | {options_text(card.options)} |",
            "| cost of a block | "
            f"{'an inner product a pair' if card.cost == 'product' else 'its pairs, one by one'} |",
            f"| law of main effects | {LAWS[card.law]} |",
            *([f"| reference | {card.reference} |"] if card.reference else []),
            *(
                [f"| compared with saliencytools 0.35 | {escaped(card.saliencytools)} |"]
                if card.saliencytools
                else []
            ),
            "",
        ]
    return "\n".join(lines + [SALIENCYTOOLS_PREPARATION])


def methods_page():
    """Return the page of all explanation methods."""
    lines = [
        "# Explanation methods",
        "",
        "Made from the registry by `make docs`. The cost of a map is counted in passes of the "
        "network, for one image. A pass above the layer ends, or begins, at the target layer.",
        "",
        "![maps of all methods](methods.png)",
        "",
        "One image of the demo, explained for the class that its ResNet predicts, with default "
        "options, but for 25 superpixels; methods of transformers explain its ViT (`python "
        "docs/draw_methods.py`). Red counts for the class, blue against it.",
        "",
    ]
    for name in registry.names("method"):
        card = registry.get("method", name)
        lines += [
            f"## `{name}`",
            "",
            first_paragraph(card),
            "",
            "| | |",
            "|---|---|",
            f"| maps | {'signed' if card.signed else 'not negative'} |",
            f"| explains | {explained_text(card)} |",
            f"| cost of a map | {escaped(card.passes)} |",
            f"| options | {options_text(card.options)} |",
            f"| a second run | {again_text(card.again)} |",
            *([f"| reference | {card.reference} |"] if card.reference else []),
            "",
        ]
    return "\n".join(lines)


def rulegraph_page():
    """Return the page with the graph of the rules."""
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--cores",
        "1",
        "--directory",
        ROOT / ".snakemake/docs",
        "--configfile",
        ROOT / "config.yaml",
    ]
    command += ["--forceall", "--rulegraph", "mermaid-js"]
    text = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True).stdout
    names = dict(re.findall(r"(id\d+)\[(\w+)\]", text))
    graph = networkx.DiGraph(
        (names[source], names[sink]) for source, sink in re.findall(r"(id\d+) --> (id\d+)", text)
    )
    edges = sorted(networkx.transitive_reduction(graph).edges)
    lines = [
        "# Rules",
        "",
        "Made by `make docs`: which rule feeds which, for the embedded demo, without the "
        "edges that others imply.",
        "",
        "```mermaid",
    ]
    return "\n".join(
        [*lines, "flowchart TB", *(f"    {source} --> {sink}" for source, sink in edges), "```", ""]
    )


def main():
    """Write or check the pages."""
    pages = {
        "docs/metrics.md": metrics_page(),
        "docs/methods.md": methods_page(),
        "docs/models.md": models_page(),
        "docs/config.md": reference(),
        "docs/rulegraph.md": rulegraph_page(),
        "docs/resources.md": resources_page(),
        "config/README.md": overview(),
    }
    stale = []
    for name, page in pages.items():
        path = ROOT / name
        if "--check" not in sys.argv:
            path.parent.mkdir(exist_ok=True)
            path.write_text(page, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != page:
            stale.append(name)
    if stale:
        sys.exit(f"stale: {', '.join(stale)}; run `make docs`")


if __name__ == "__main__":
    main()
