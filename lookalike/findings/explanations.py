"""Sentences about explanations: whether maps lie on the object, and how much of what lies between
models is the error of the explanation itself.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from lookalike.compare.redundancy import Representatives
from lookalike.findings.finding import NO, UNKNOWN, YES, Answer, Finding, verdict_of
from lookalike.findings.lines import listed
from lookalike.findings.models import FEWEST_FOR_A_VERDICT, SECTION
from lookalike.findings.tables import NamedRow, once, span
from lookalike.inference.significance import LEVEL
from lookalike.maps.localisation import is_blank

TOO_FEW_UNITS = f"fewer than {FEWEST_FOR_A_VERDICT} images, or units of these"
# Of the dissimilarity between models; an explanation whose own error is larger blurs these.
LARGEST_ERROR = 1 / 3
FLOOR_NAMES = {
    "random": "noise",
    "centre": "a bias to the centre",
    "others": "the model's maps of other images",
    "area": "the object's share of the image",
}


def localisation_findings(
    tests: Mapping[str, pd.DataFrame], models: Sequence[str], blank: Sequence[str] = ()
) -> list[Finding]:
    """Say for how many methods and models maps lie on the object more than by chance.

    Parameters
    ----------
    tests : mapping
        By method, `inference/localisation/METHOD.csv`.
    models : sequence of str
        In the order in which they are named.
    blank : sequence of str
        Images whose masks are empty or full.
    """
    rows = [
        (method, row)
        for method, table in tests.items()
        for row in sorted(table.itertuples(), key=lambda row: models.index(row.model))
    ]
    if not rows:
        return []
    answers = tuple(localisation_answer(method, row) for method, row in rows)
    by_verdict: dict[str, list[tuple[str, NamedRow]]] = {YES: [], NO: [], UNKNOWN: []}
    for one, answer in zip(rows, answers, strict=True):
        by_verdict[answer.verdict].append(one)
    yes, no, unknown = by_verdict.values()
    able = [row for _, row in yes + no]
    if able:
        found = [row for _, row in yes]
        text = (
            f"Maps lie on the object more than by chance for {len(yes)} of {len(able)} methods "
            "and models"
        )
        if yes:
            text += (
                f": by {span((row.difference for row in found), '.2f')} of a map more than the "
                "chance level that is hardest to rule out (noise, a bias to the centre, the "
                "model's maps of other images, the object's share of the image; p at most "
                f"{max(row.localisation_holm for row in found):.2g})"
            )
        text += f"; n = {span((row.n for row in able), '.0f')} images, Holm-corrected over models"
        if no:
            names = [
                f"{method} {row.model} ({row.difference:+.2f} [{row.difference_low:.2f}, "
                f"{row.difference_high:.2f}] than {FLOOR_NAMES[row.floor]}, "
                f"p = {row.localisation_holm:.2g})"
                for method, row in no
            ]
            text += f". NO evidence for {listed(names)}"
    else:
        text = f"Whether maps lie on the object cannot be told: {TOO_FEW_UNITS}"
    if able and unknown:
        names = [f"{method} {row.model}" for method, row in unknown]
        text += f". No verdict for {listed(names)}: {TOO_FEW_UNITS}"
    if blank:
        text += (
            f". {len(blank)} mask{'s are' if len(blank) > 1 else ' is'} empty or full and "
            f"{'do' if len(blank) > 1 else 'does'} not count: {listed(blank)}"
        )
    return [Finding(SECTION, "localisation", f"{text}.", answers)]


def localisation_answer(method: str, row: NamedRow) -> Answer:
    """Return whether the maps of one model lie on the object more than by chance."""
    able = row.units >= FEWEST_FOR_A_VERDICT and np.isfinite(row.localisation_holm)
    return Answer(
        "localisation",
        verdict_of(row.localisation_holm <= LEVEL, able=able),
        method,
        subject=(row.model,),
        statistic="share of the map on the object, less "
        + (f"that of {FLOOR_NAMES[row.floor]}" if row.floor else "what chance gives"),
        value=row.difference,
        low=row.difference_low,
        high=row.difference_high,
        p=row.localisation_holm,
        n=int(row.n),
        reason="" if able else TOO_FEW_UNITS,
    )


def blank_masks(masses: pd.DataFrame) -> list[str]:
    """Return the images whose masks are empty or full, of `localisation/METHOD.csv`."""
    return list(dict.fromkeys(masses["image"][masses["area"].map(is_blank)]))


def error_findings(errors: pd.DataFrame, stands: Representatives | None = None) -> list[Finding]:
    """Say how much of what lies between models is the error of the explanation, and warn where it
    is more than a third.

    Parameters
    ----------
    errors : DataFrame
        `inference/explainer_error.csv`.
    stands : mapping, optional
        Metrics of one ranking, as of `read_representatives`; they count once.
    """
    known = errors[np.isfinite(errors["ratio"])] if len(errors) else errors
    if known.empty:
        return []
    answers = tuple(map(error_answer, known.itertuples()))
    known = known[once(known, [one.verdict for one in answers], stands)]
    large = known["ratio"] > LARGEST_ERROR
    parts = []
    if not large.all():
        within = f" in {(~large).sum()} of {len(known)} methods and metrics" if large.any() else ""
        ratios = span(known["ratio"][~large], ".0%")
        parts.append(f"by {ratios} of what lies between models{within}")
    sure = known["ratio_low"] > LARGEST_ERROR
    if (large & sure).any():
        parts.append(
            f"by MORE than a third in {ratios_of(known[large & sure])}: there, the maps need more "
            "`samples` or `steps` before models are compared"
        )
    if (large & ~sure).any():
        parts.append(f"perhaps by more than a third in {ratios_of(known[large & ~sure])}")
    text = (
        f"Explained a second time (n = {span(known['n'], '.0f')} images, "
        f"{span(known['models'], '.0f')} models), maps of one model differ {'; '.join(parts)}."
    )
    return [Finding(SECTION, "explainer error", text, answers)]


def ratios_of(rows: pd.DataFrame) -> str:
    """Return the ratios of some methods and metrics with their intervals as text."""
    return listed(
        f"{row.method} {row.metric} {row.ratio:.0%}"
        + (f" [{row.ratio_low:.0%}, {row.ratio_high:.0%}]" if np.isfinite(row.ratio_low) else "")
        for row in rows.itertuples()
    )


def error_answer(row: NamedRow) -> Answer:
    """Return whether the error of an explanation is more than a third of what lies between
    models.
    """
    # Not known where there is no interval.
    able = row.ratio_low > LARGEST_ERROR or row.ratio_high <= LARGEST_ERROR
    return Answer(
        "explainer error",
        verdict_of(row.ratio_low > LARGEST_ERROR, able=able),
        row.method,
        row.metric,
        statistic="dissimilarity of two runs, as a share of that between models",
        value=row.ratio,
        low=row.ratio_low,
        high=row.ratio_high,
        n=int(row.n),
        reason="" if able else "its interval holds a third, or there is none",
    )
