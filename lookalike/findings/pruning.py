"""Regression heads, and what pruning does to errors and maps."""

import numpy as np
import pandas as pd

from lookalike.findings.finding import Answer, Finding, verdict_of
from lookalike.findings.lines import listed
from lookalike.findings.models import FEWEST_FOR_A_VERDICT, SECTION, TOO_FEW
from lookalike.findings.tables import NamedRow, count_of

NO_INTERVAL = "no interval"
# By what `pruning.csv` names them.
RIVALS = {"baseline": "no pruning", "random": "random pruning of as many channels"}


def head_findings(heads: pd.DataFrame) -> list[Finding]:
    """Say how well the heads that were trained here, without pruning, predict held-out scores.

    Parameters
    ----------
    heads : DataFrame
        `heads.csv`.
    """
    if heads.empty:
        return []
    rows = [row for row in heads.itertuples() if row.pruned_from == ""]
    answers = tuple(
        Answer(
            "heads",
            verdict_of(row.pearson_low > 0, able=bool(np.isfinite(row.pearson_low))),
            subject=(row.model,),
            statistic="Pearson's r",
            value=row.pearson,
            low=row.pearson_low,
            high=row.pearson_high,
            n=count_of(row.n),
            reason="" if np.isfinite(row.pearson_low) else NO_INTERVAL,
        )
        for row in rows
    )
    ordered = sorted(rows, key=lambda row: -np.nan_to_num(row.pearson, nan=-2))
    parts = [f"{row.model} {known(row.pearson)} ({interval_of(row, 'pearson')})" for row in ordered]
    text = (
        f"Pearson's r between predicted and true scores, with its 95% interval over the "
        f"{heads['n'].iloc[0]:.0f} held-out images: {listed(parts)}."
    )
    return [Finding(SECTION, "heads", text, answers)]


def pruning_findings(pruning: pd.DataFrame) -> list[Finding]:
    """Say what pruning does to held-out errors, compared with no pruning and with pruning at
    random: a line for each.

    Parameters
    ----------
    pruning : DataFrame
        `inference/pruning.csv`.
    """
    if pruning.empty:
        return []
    pruned = pruning[pruning["dropped"] > 0]
    findings = []
    for against, rows in pruned.groupby("against", sort=False):
        answers = tuple(difference_answer(row) for row in rows.itertuples())
        text = f"Pruning by importance, compared with {RIVALS[str(against)]}: {describe(rows)}."
        findings.append(Finding(SECTION, "pruning", text, answers))
    if whole := list(dict.fromkeys(pruning["model"][pruning["dropped"] == 0])):
        text = (
            f"No channel was pruned of {listed(whole)}, because the error is smallest with all of "
            "them; variants equal their model."
        )
        findings.append(Finding(SECTION, "pruning", text))
    return findings


def describe(rows: pd.DataFrame) -> str:
    """Return for how many models an error is smaller or larger than another, by their intervals,
    each named with its difference.
    """
    by_verdict: dict[str, list[str]] = {}
    for row in rows.itertuples():
        draws = f", {row.draws:.0f} draw{'' if row.draws == 1 else 's'}"
        by_verdict.setdefault(verdict_on(row), []).append(
            f"{row.model} {row.difference:+.2g} ({interval_of(row, 'difference')}; error "
            f"{row.error:.3g} without {row.dropped:.0f} of {row.channels:.0f} channels"
            f"{draws if row.against == 'random' else ''})"
        )
    parts = [
        f"held-out error {verdict} for {len(own)} of {len(rows)} models: {listed(own)}"
        for verdict, own in by_verdict.items()
    ]
    about = next(rows.itertuples())
    return f"{'; '.join(parts)} ({about.criterion}, n = {about.n:.0f})"


def verdict_on(row: NamedRow) -> str:
    """Say whether an error is clearly smaller or larger than another."""
    if row.n < FEWEST_FOR_A_VERDICT:
        return f"without a verdict ({TOO_FEW})"
    if not np.isfinite(row.difference_low):
        return "without a verdict"
    if row.difference_high < 0:
        return "clearly smaller"
    return "clearly larger" if row.difference_low > 0 else "not clearly different"


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
    return "" if np.isfinite(row.difference_low) else NO_INTERVAL


def variant_findings(variants: pd.DataFrame, n: int) -> list[Finding]:
    """Say how much pruning by importance changes the maps, and pruning at random, and how often one
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
    moved = variants[(variants["random"] > 0) & (variants["others"] > 0)]
    if moved.empty:
        return []
    by_score, at_random = (
        (moved[name] / moved["others"]).median() for name in ("pruned", "random")
    )
    less, more = (moved["difference_high"] < 0).sum(), (moved["difference_low"] > 0).sum()
    verdict = (
        f"clearly less in {less} of {len(moved)}, clearly more in {more}"
        if n >= FEWEST_FOR_A_VERDICT
        else f"no verdict: {TOO_FEW}"
    )
    text = (
        f"Pruning by importance changes the maps by {by_score:.2g} of the mean dissimilarity "
        f"between different models, random pruning by {at_random:.2g}: {verdict} (medians over "
        f"{len(moved)} models, methods and metrics, n = {n} images)."
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
        for row in moved.itertuples()
    ]
    return [Finding(SECTION, "variants", text, tuple(answers))]


def known(value: float) -> str:
    """Return a number with two decimals, or that it is not known."""
    return f"{value:.2f}" if np.isfinite(value) else "not known"


def interval_of(row: tuple, name: str) -> str:
    """Return the bounds of a 95% interval of a table's row as text."""
    low, high = (getattr(row, f"{name}_{end}") for end in ("low", "high"))
    return f"{low:.2g} to {high:.2g}" if np.isfinite(low) else NO_INTERVAL
