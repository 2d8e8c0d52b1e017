"""Units of images: which there are, and of which images the intervals speak."""

from collections.abc import Iterable, Sequence

import numpy as np

from lookalike.core.condensed import condensed
from lookalike.core.types import Row
from lookalike.findings.finding import Finding
from lookalike.findings.tables import span
from lookalike.images.units import CLASS, FEWEST_CLASSES, unit_remarks


def unit_findings(rows: Sequence[Row], effects: Iterable[np.ndarray]) -> list[Finding]:
    """Say which images belong together, and how much of what varies lies between these units.

    Parameters
    ----------
    rows : sequence of dict
        `images/units.csv`.
    effects : iterable of ndarray, shape (m, m)
        Design effects of every method and metric.
    """
    remarks = unit_remarks(rows)
    sentences = [" ".join(remarks)] if remarks else []
    n, units = len(rows), count_units(rows)
    medians = [np.median(known) for matrix in effects if len(known := known_pairs(matrix))]
    if units < n and medians:
        sentences.append(
            f"Design effect: where images are drawn by units, the variance of a mean is "
            f"{span(medians, '.1f')} times that of independent images (median over the pairs of "
            f"models, by method and metric), so that {n} images count as "
            f"{span((n / max(1, median) for median in medians), '.0f')} independent ones."
        )
    return [Finding("Images", "units", sentence) for sentence in sentences]


def scope_of(rows: Sequence[Row], population: str) -> str:
    """Return of which images intervals speak, as a part of a sentence.

    Parameters
    ----------
    rows : sequence of dict
        `images/units.csv`.
    population : {"images", "classes"}
        What conclusions are to speak of.
    """
    classes = len({row["label"] for row in rows} - {""})
    by_class = population == "classes" or any(row["why"] == CLASS for row in rows)
    if by_class and classes >= FEWEST_CLASSES:
        return f"for other classes, of which these {classes} are a draw"
    scope = "for other images of these classes" if classes else "for other images like these"
    if by_class:
        scope += (
            f" (to speak of other classes takes at least {FEWEST_CLASSES}; there are {classes})"
        )
    return scope


def count_units(rows: Sequence[Row]) -> int:
    """Return the number of units of images."""
    return len({row["unit"] for row in rows})


def known_pairs(matrix: np.ndarray) -> np.ndarray:
    """Return the known values above the diagonal."""
    values = condensed(matrix)
    return values[np.isfinite(values)]
