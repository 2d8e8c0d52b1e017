"""The page of timm's families, made from what the sweep of them found."""

import csv
from pathlib import Path

SWEPT = Path(__file__).parent / "swept_models.csv"
METHODS = ("gradcam", "integrated_gradients", "kernelshap")

INTRODUCTION = """# Models

Made from `docs/swept_models.csv` by `make docs`; `python bench/sweep.py` makes that table anew.

For a network of timm, no layer need be named. This was tried on the smallest network of every
family (a module of timm {version}, without the networks of timm's own tests), with random weights,
on a photograph at a small size that it takes. A map is valid if it is finite, not constant, and
has the shape of the image, or for GradCAM that of the target layer's grid. Larger networks of a
family may differ.

**{valid} of {families} families give three valid maps**: GradCAM (`gradcam`), integrated gradients
(`ig`) and KernelSHAP (`shap`).

| family | network | million parameters | side | target layer | grid | gradcam | ig | shap |
|---|---|---|---|---|---|---|---|---|
"""


def is_valid(row):
    """Return whether a family gives three valid maps."""
    return all(row[method] == "valid" for method in METHODS)


def models_page():
    """Return the page."""
    with SWEPT.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    page = INTRODUCTION.format(
        version=" and ".join(sorted({row["timm"] for row in rows})),
        valid=sum(map(is_valid, rows)),
        families=len(rows),
    )
    for row in rows:
        cells = [
            row["family"],
            f"`{row['network']}`",
            f"{int(row['parameters']) / 1e6:.1f}",
            row["size"] or "none",
            f"`{row['layer']}`" if row["layer"] else "none",
            row["grid"] or "none",
            *(row[method] or "none" for method in METHODS),
        ]
        page += f"| {' | '.join(cells)} |\n"
    if failed := [row for row in rows if not is_valid(row)]:
        page += "\n## Why a map is not valid\n\n| family | reason |\n|---|---|\n"
        for row in failed:
            reason = row["reason"].replace("|", "\\|")
            page += f"| {row['family']} | {reason} |\n"
    return page
