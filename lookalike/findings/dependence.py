"""Sentences about whether maps depend on the image: the question on which all others rest."""

import pandas as pd

from lookalike.findings.finding import Answer, Finding, verdict_of
from lookalike.findings.tables import NamedRow, metrics_of, span, usual_reason

SECTION = "Dependence on the image"

# An effect, as a share of chance, that is none to speak of.
SMALL = 0.1

# Method and metric of a matrix.
Key = tuple[str, str]


def without_dependence(structure: pd.DataFrame) -> set[Key]:
    """Return the matrices whose maps do not depend on the image as far as can be told; nothing else
    is said of them.

    Parameters
    ----------
    structure : DataFrame
        `inference/structure.csv`, for one subset of the images.
    """
    if structure.empty:
        return set()
    tested = structure[structure["dependence_untested"] == ""]
    unclear = tested[~(tested["dependence_low"] > 0)]
    return {(row.method, row.metric) for row in unclear.itertuples()}


def dependence_findings(structure: pd.DataFrame) -> list[Finding]:
    """Say for each method whether maps of one image are nearer to each other than maps of different
    images.

    Parameters
    ----------
    structure : DataFrame
        As of `without_dependence`.
    """
    if structure.empty:
        return []
    return [
        Finding(SECTION, "dependence", f"{method}: {text}.", tuple(map(answer, rows.itertuples())))
        for method, of_method in structure.groupby("method", sort=False)
        for text, rows in describe(of_method)
    ]


def describe(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return what one method's metrics say, as text, with the rows that say so."""
    tested = rows[rows["dependence_untested"] == ""]
    clear = tested["dependence_low"] > 0
    yes, no, untested = tested[clear], tested[~clear], rows[rows["dependence_untested"] != ""]
    found = []
    if len(yes):
        effects = ", ".join(f"{row.metric} {effect_of(row)}" for row in yes.itertuples())
        text = (
            "maps depend on the image: those of one image are nearer to each other than those of "
            f"different images, by this share of chance: {effects}; in "
            f"{span(yes['dependent_pairs'], '.0%')} of the pairs clearly"
        )
        found.append((text, yes))
    is_bias = no["dependence_high"] <= SMALL
    for own, claim, meaning in (
        (
            no[is_bias],
            "the maps of different images are as alike as those of one",
            "what is compared is a bias, not the image",
        ),
        (no[~is_bias], "NO evidence that maps depend on the image", "too few images may be why"),
    ):
        if len(own):
            effects = ", ".join(f"{row.metric} {effect_of(row)}" for row in own.itertuples())
            text = f"{claim} (by this share of chance: {effects}): {meaning}"
            found.append((f"{text}; nothing more is said of it", own))
    if len(untested):
        reason = usual_reason(untested, "dependence_untested")
        text = f"whether maps depend on the image cannot be told under {metrics_of(untested)}"
        found.append((f"{text}: {reason}", untested))
    return found


def effect_of(row: NamedRow) -> str:
    """Return an effect with its interval as text."""
    return f"{row.dependence:.0%} [{row.dependence_low:.0%}, {row.dependence_high:.0%}]"


def answer(row: NamedRow) -> Answer:
    """Return whether the maps of one matrix depend on the image."""
    return Answer(
        "dependence",
        verdict_of(row.dependence_low > 0, able=not row.dependence_untested),
        row.method,
        row.metric,
        statistic="dependence",
        value=row.dependence,
        low=row.dependence_low,
        high=row.dependence_high,
        reason=row.dependence_untested,
    )
