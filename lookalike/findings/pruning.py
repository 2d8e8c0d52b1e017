"""Sentences about regression heads, and about what pruning does to errors and maps."""

import numpy as np
import pandas as pd

from lookalike.findings.finding import Answer, Finding, verdict_of
from lookalike.findings.models import FEWEST_FOR_A_VERDICT, SECTION, TOO_FEW
from lookalike.findings.tables import NamedRow


def head_findings(heads: pd.DataFrame) -> list[Finding]:
    """Say how well the heads that were trained here, without pruning, predict held-out scores.

    Parameters
    ----------
    heads : DataFrame
        `heads.csv`.
    """
    if heads.empty:
        return []
    parts = [
        f"{row.model} {known(row.pearson)} ({interval_of(row, 'pearson')})"
        for row in heads[heads["pruned_from"] == ""].itertuples()
    ]
    text = (
        f"Pearson's r between predicted and true scores, with its 95% interval over the "
        f"{heads['n'].iloc[0]:.0f} held-out images: {', '.join(parts)}."
    )
    return [Finding(SECTION, "heads", text)]


def pruning_findings(pruning: pd.DataFrame) -> list[Finding]:
    """Say what pruning does to a model's held-out error, compared with no pruning and with pruning
    at random.

    Parameters
    ----------
    pruning : DataFrame
        `inference/pruning.csv`.
    """
    if pruning.empty:
        return []
    findings = []
    for model, rows in pruning.groupby("model", sort=False):
        about = next(rows.itertuples())
        parts = [f"{describe_rival(row)} {describe_difference(row)}" for row in rows.itertuples()]
        text = (
            f"{model} without {about.dropped:.0f} of its {about.channels:.0f} channels: held-out "
            f"error ({about.criterion}, n = {about.n:.0f}) {about.error:.3g}; {'; '.join(parts)}."
            if about.dropped
            else f"{model}: no channel was pruned because the error is smallest with all of them; "
            "its variants equal it."
        )
        answers = tuple(difference_answer(row) for row in rows.itertuples())
        findings.append(Finding(SECTION, "pruning", text, answers if about.dropped else ()))
    return findings


def describe_rival(row: NamedRow) -> str:
    """Say what a pruned model is compared with."""
    if row.against == "baseline":
        return "compared with no pruning"
    draws = f"{row.draws:.0f} draw{'' if row.draws == 1 else 's'}"
    return f"compared with random pruning of as many channels ({draws})"


def describe_difference(row: NamedRow) -> str:
    """Say by how much an error is smaller or larger than another, with its interval, and whether
    clearly so.
    """
    verdict = "no clear difference"
    if row.n < FEWEST_FOR_A_VERDICT:
        verdict = f"no verdict: {TOO_FEW}"
    elif not np.isfinite(row.difference_low):
        verdict = "no verdict"
    elif row.difference_high < 0:
        verdict = "clearly smaller"
    elif row.difference_low > 0:
        verdict = "clearly larger"
    return f"{row.difference:+.2g} ({interval_of(row, 'difference')}), {verdict}"


def difference_answer(row: NamedRow) -> Answer:
    """Return whether pruning by importance makes an error smaller than its rival's."""
    reason = why_undecided(row, row.n)
    return Answer(
        "pruning",
        verdict_of(row.difference_high < 0, able=not reason),
        subject=(row.model, row.against),
        statistic=f"difference of {row.criterion}",
        value=row.difference,
        low=row.difference_low,
        high=row.difference_high,
        n=int(row.n),
        reason=reason,
    )


def why_undecided(row: NamedRow, n: float) -> str:
    """Return why the sign of a difference over n images is undecided; empty if it is not."""
    if n < FEWEST_FOR_A_VERDICT:
        return TOO_FEW
    return "" if np.isfinite(row.difference_low) else "no interval"


def variant_findings(variants: pd.DataFrame, n: int) -> list[Finding]:
    """Say how much pruning by importance changes the maps, and pruning at random, and where one
    clearly changes them less.

    Parameters
    ----------
    variants : DataFrame
        `inference/variants.csv`, for one subset of the images.
    n : int
        Number of explained images.
    """
    if variants.empty:
        return []
    findings = []
    able = n >= FEWEST_FOR_A_VERDICT
    moved = variants[(variants["random"] > 0) & (variants["others"] > 0)]
    for method, rows in moved.groupby("method", sort=False):
        by_score, at_random = (
            (rows[name] / rows["others"]).median() for name in ("pruned", "random")
        )
        less, more = (rows["difference_high"] < 0).sum(), (rows["difference_low"] > 0).sum()
        verdict = (
            f"clearly less in {less}, clearly more in {more}" if able else f"no verdict: {TOO_FEW}"
        )
        text = (
            f"{method}: pruning by importance changes the maps by {by_score:.2g} of the mean "
            f"dissimilarity between different models, random pruning by {at_random:.2g} (medians "
            f"over {len(rows)} pairs of model and metric; {verdict})."
        )
        answers = [
            Answer(
                "variants",
                verdict_of(row.difference_high < 0, able=not why_undecided(row, n)),
                row.method,
                row.metric,
                (row.model,),
                "difference from random pruning",
                row.difference,
                row.difference_low,
                row.difference_high,
                n=n,
                reason=why_undecided(row, n),
            )
            for row in rows.itertuples()
        ]
        findings.append(Finding(SECTION, "variants", text, tuple(answers)))
    return findings


def known(value: float) -> str:
    """Return a number with two decimals, or that it is not known."""
    return f"{value:.2f}" if np.isfinite(value) else "not known"


def interval_of(row: tuple, name: str) -> str:
    """Return the bounds of a 95% interval of a table's row as text."""
    low, high = (getattr(row, f"{name}_{end}") for end in ("low", "high"))
    return f"{low:.2g} to {high:.2g}" if np.isfinite(low) else "no interval"
