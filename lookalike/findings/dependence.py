"""Whether maps depend on the image: the question on which all others rest."""

from collections.abc import Sequence

import pandas as pd

from lookalike.compare.redundancy import Representatives
from lookalike.findings.finding import Answer, Finding, verdict_of
from lookalike.findings.lines import (
    Key,
    Split,
    cannot_tell,
    capitalised,
    clearest,
    how_many,
    listed,
    n_of,
    name_matrix,
    split,
)
from lookalike.findings.tables import count_of, span

SECTION = "Dependence on the image"

# An effect, as a share of chance, that is none to speak of.
SMALL = 0.1


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


def dependence_findings(
    structure: pd.DataFrame, stands: Representatives | None = None
) -> list[Finding]:
    """Say whether maps of one image are nearer to each other than maps of different images.

    Parameters
    ----------
    structure : DataFrame
        As of `without_dependence`.
    stands : mapping, optional
        Metrics of one ranking, as of `read_representatives`.
    """
    if structure.empty:
        return []
    answers = dependence_answers(structure)
    asked = split(answers, stands)
    parts = []
    if asked.yes:
        pairs = structure[structure["dependence_low"] > 0]["dependent_pairs"]
        parts.append(
            f"maps depend on the image{how_many(asked)}{what(asked)}: those of one image are "
            f"nearer to each other than those of different images, by {describe(asked.yes)}; in "
            f"{span(pairs, '.0%')} of the pairs of models clearly"
        )
    for own, claim, meaning in (
        (
            [one for one in asked.no if is_small(one)],
            "the maps of different images are as alike as those of one",
            "what is compared is a bias, not the image",
        ),
        (
            [one for one in asked.no if not is_small(one)],
            "NO evidence that maps depend on the image",
            "too few images may be why",
        ),
    ):
        if own:
            named = listed(f"{name_matrix(one)} {effect_of(one)}" for one in own)
            parts.append(f"{claim} by {named}: {meaning}, and nothing more is said of it")
    parts += cannot_tell(asked, "" if parts else " whether maps depend on the image")
    return [Finding(SECTION, "dependence", f"{capitalised('; '.join(parts))}.", answers)]


def what(asked: Split) -> str:
    """Say what a matrix is, where there are several."""
    return ", one for each method and metric" if len(asked.every) > 1 else ""


def describe(found: Sequence[Answer]) -> str:
    """Return the effect of the clearest answer, and from where to where that of all goes."""
    shown = clearest(found)
    text = f"{shown.value:.0%} of chance (95% interval {shown.low:.0%} to {shown.high:.0%}"
    text += "".join(f", {part}" for part in [n_of([shown])] if part)
    text += f", {name_matrix(shown)}"
    if len(found) == 1:
        return f"{text})"
    every = span((one.value for one in found if one.value is not None), ".0%")
    return f"{text}; {every} in all)"


def is_small(answer: Answer) -> bool:
    """Return whether an effect is none to speak of, by its interval."""
    return answer.high is not None and answer.high <= SMALL


def effect_of(answer: Answer) -> str:
    """Return an effect with its interval as text."""
    return f"{answer.value:.0%} ({answer.low:.0%} to {answer.high:.0%})"


def dependence_answers(structure: pd.DataFrame) -> tuple[Answer, ...]:
    """Return whether the maps of each matrix depend on the image."""
    return tuple(
        Answer(
            "dependence",
            verdict_of(row.dependence_low > 0, able=not row.dependence_untested),
            row.method,
            row.metric,
            statistic="share of chance",
            value=row.dependence,
            low=row.dependence_low,
            high=row.dependence_high,
            n=count_of(row.n),
            reason=row.dependence_untested,
            subset=row.subset,
        )
        for row in structure.itertuples()
    )
