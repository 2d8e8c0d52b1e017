"""Sentences about whether methods and metrics agree."""

from collections.abc import Collection, Sequence
from itertools import combinations_with_replacement
from math import factorial

import numpy as np
import pandas as pd

from lookalike.compare.redundancy import REDUNDANT, redundant_groups
from lookalike.findings.finding import YES, Answer, Finding, verdict_of
from lookalike.findings.tables import span, usual_reason
from lookalike.inference.significance import LEVEL

SECTION = "Agreement"
WITHIN, BETWEEN = "the metrics of one method", "different methods"


def agreement_findings(
    agreement: pd.DataFrame, given: Collection[tuple[str, str]] = ()
) -> list[Finding]:
    """Say how far metrics and methods rank the pairs of models alike.

    Parameters
    ----------
    agreement : DataFrame
        `inference/agreement/SUBSET.csv`.
    given : collection of (method, metric)
        User-supplied matrices, of which there are no halves of the images.
    """
    if agreement.empty:
        return []
    tested = agreement[agreement["untested"] == ""]
    if tested.empty:
        text = f"Whether methods and metrics agree cannot be tested: {usual_reason(agreement)}."
        return [Finding(SECTION, "agreement", text, answers_of(agreement, agreement))]
    methods = dict.fromkeys(agreement[["method", "other_method"]].to_numpy().ravel().tolist())
    by_kind: dict[str, list[str]] = {WITHIN: [], BETWEEN: []}
    for one, other in combinations_with_replacement(methods, 2):
        rows = tested[
            ((tested["method"] == one) & (tested["other_method"] == other))
            | ((tested["method"] == other) & (tested["other_method"] == one))
        ]
        if len(rows):
            names = one if one == other else f"{one} and {other}"
            by_kind[WITHIN if one == other else BETWEEN].append(
                f"{names}: {describe_agreement(rows, tested)}"
            )
    own, tested_own = (table["method"] == table["other_method"] for table in (agreement, tested))
    return [
        Finding(
            SECTION,
            "agreement",
            f"Do {who} rank the pairs of models alike? {'; '.join(found)} "
            f"({describe_test(tested[tested_own == (who == WITHIN)], given)}, Holm-corrected, p at "
            f"most {LEVEL}).",
            answers_of(agreement[own == (who == WITHIN)], tested),
        )
        for who, found in by_kind.items()
        if found
    ]


def describe_test(rows: pd.DataFrame, given: Collection[tuple[str, str]]) -> str:
    """Return what the test of these pairs of matrices is, and which models it compares them by."""
    halves = [
        (row.method, row.metric) not in given and (row.other_method, row.other_metric) not in given
        for row in rows.itertuples()
    ]
    said = "Mantel"
    if any(halves):
        said += " across halves of the images"
    if not all(halves) and any(halves):
        said += " where neither matrix is user-supplied"
    if rows["models"].nunique() > 1:
        said += f", by the {span(rows['models'], '.0f')} models that both matrices hold"
    return said


def describe_agreement(rows: pd.DataFrame, tested: pd.DataFrame) -> str:
    """Return the median correlation of pairs of matrices, and how many agree beyond chance, of
    those that have enough models to show it.
    """
    median = "median rho" if len(rows) > 1 else "rho"
    trees = rows["tree"].dropna()
    said = f"{median} {rows['rho'].median():.2f}"
    said += f" (trees {trees.median():.2f})" if len(trees) else ""
    able = is_able(rows, tested).sum()
    found = (rows["rho_holm"] <= LEVEL).sum()
    return (
        f"{said}, beyond chance in {found} of {able}" if able else f"{said}, too few models to tell"
    )


def is_able(rows: pd.DataFrame, tested: pd.DataFrame) -> pd.Series:
    """Return for each pair of matrices whether its test found something, or could have with as many
    models, corrected.
    """
    others = int((~(tested["rho_holm"] <= LEVEL)).sum())
    least = rows["models"].map(lambda models: others / factorial(int(models)))
    return (rows["rho_holm"] <= LEVEL) | (least <= LEVEL)


def answers_of(rows: pd.DataFrame, tested: pd.DataFrame) -> tuple[Answer, ...]:
    """Return for each pair of matrices whether they agree."""
    able = is_able(rows, tested) & (rows["untested"] == "")
    return tuple(
        Answer(
            "agreement",
            verdict_of(row.rho_holm <= LEVEL, enough),
            row.method,
            row.metric,
            (row.other_method, row.other_metric),
            "rho",
            row.rho,
            p=row.rho_holm,
            n=int(row.models),
            reason=row.untested or ("" if enough else "too few models"),
        )
        for row, enough in zip(rows.itertuples(), able, strict=True)
    )


def redundancy_findings(
    method: str, correlations: np.ndarray, metrics: Sequence[str]
) -> list[Finding]:
    """Say which metrics give the same ranking under a method.

    Parameters
    ----------
    method : str
    correlations : ndarray, shape (k, k)
        `inference/redundancy/METHOD.csv`.
    metrics : sequence of str, length k
    """
    return [
        Finding(
            SECTION,
            "redundancy",
            f"{method}: {', '.join(group)} rank all pairs of models and images alike (Spearman's "
            f"rho > {REDUNDANT}): count them once.",
            (Answer("redundancy", YES, method, subject=tuple(group)),),
        )
        for group in redundant_groups(correlations, list(metrics))
    ]
