"""Factors: what explains the matrices."""

from collections.abc import Iterable, Sequence

import pandas as pd

from lookalike.compare.redundancy import Representatives
from lookalike.findings.finding import UNKNOWN, Answer, Finding, verdict_of
from lookalike.findings.lines import (
    MOST_NAMED,
    Split,
    evidence,
    listed,
    n_of,
    name_keys,
    p_values,
    say,
    split,
)
from lookalike.findings.tables import NamedRow, count_of, span, usual_reason
from lookalike.inference.factors import PREDICTIONS
from lookalike.inference.significance import LEVEL

SECTION = "Factors"
CLAIMS = {"permanova": "PERMANOVA", "mantel": "Mantel"}


def factor_findings(factors: pd.DataFrame, stands: Representatives | None = None) -> list[Finding]:
    """Say which factors explain where models look, and under which methods and metrics.

    Parameters
    ----------
    factors : DataFrame
        `inference/factors.csv`, for one subset of the images.
    stands : mapping, optional
        Metrics of one ranking, as of `read_representatives`.

    Returns
    -------
    list of Finding
        First one for each planned question, then one for each factor that explains something, at
        most `MOST_NAMED`; then one for all factors of which there is no evidence, and one for those
        that could not be tested. PERMANOVA tests factors with levels, Mantel's test numbers.
    """
    if factors.empty:
        return []
    planned = factors[factors["planned"].notna()].groupby("planned")
    findings = [factor_finding(rows["factor"].iloc[0], rows, stands) for _, rows in planned]
    others = [
        (factor, rows, split(factor_answers(factor, rows), stands))
        for factor, rows in factors[factors["planned"].isna()].groupby("factor", sort=False)
    ]
    found = [(factor, rows) for factor, rows, asked in others if asked.yes]
    findings += [factor_finding(factor, rows, stands) for factor, rows in found[:MOST_NAMED]]
    if more := found[MOST_NAMED:]:
        text = f"So do {listed((factor for factor, _ in more), 2 * MOST_NAMED)} (see the table)."
        findings.append(Finding(SECTION, "factor", text, answers_of(more)))
    if none := [
        (factor, rows, asked) for factor, rows, asked in others if asked.no and not asked.yes
    ]:
        findings.append(no_evidence_finding(none))
    if untold := [(factor, rows, asked) for factor, rows, asked in others if not asked.able]:
        findings.append(untold_finding(untold))
    return findings


def answers_of(factors: Iterable[Sequence]) -> tuple[Answer, ...]:
    """Return the answers of several factors, each given with its rows."""
    return tuple(answer for factor, rows, *_ in factors for answer in factor_answers(factor, rows))


def factor_finding(
    factor: str, rows: pd.DataFrame, stands: Representatives | None = None
) -> Finding:
    """Say what the tests of one factor found."""
    planned = "" if rows["planned"].isna().any() else "planned question, "
    answers = factor_answers(factor, rows)
    asked, test = split(answers, stands), test_of(rows)
    tested = rows[rows["test"] == test]
    if tested.empty:
        text = f"{planned}{factor}: cannot be tested: {usual_reason(rows)}."
        return Finding(SECTION, "factor", text, answers)
    told = say(asked, claim_of(factor, test, tested["levels"].unique()), sized)
    if asked.yes or not asked.no:
        told = told[:1].lower() + told[1:]
    n = "" if asked.yes and tested["models"].nunique() == 1 else f"{models_of(tested)}, "
    text = (
        f"{planned}{factor}: {told} "
        f"({CLAIMS[test]}, {n}{describe_family(tested)})."
        f"{caveats(rows, tested[tested['corrected'] <= LEVEL])}"
    )
    return Finding(SECTION, "factor", text, answers)


def models_of(tested: pd.DataFrame) -> str:
    """Return how many models some tests are about."""
    return f"n = {span(tested['models'], '.0f')} models"


def sized(found: Sequence[Answer]) -> str:
    """Return the largest effect of those with the smallest p value, with its numbers."""
    shown = min(found, key=lambda one: (one.p or 0, -(one.value or 0)))
    every = span((one.value for one in found if one.value is not None), ".2f")
    in_all = f"; {shown.statistic} {every} in all" if " to " in every else ""
    numbers = evidence(shown, found, n_of([shown], "models"))
    return f"{shown.statistic} {shown.value:.2f} ({numbers}{in_all})"


def no_evidence_finding(factors: Sequence[tuple[str, pd.DataFrame, Split]]) -> Finding:
    """Say of which factors there is no evidence."""
    parts = [
        f"{label_of(factor, rows)} ({asked.no[0].statistic} "
        f"{span((one.value or 0 for one in asked.no), '.2f')}, {p_values(asked.no)}"
        + (
            f"; cannot tell in {len(asked.unknown)} of {len(asked.every)} matrices: "
            f"{why(asked.unknown)}"
            if asked.unknown
            else ""
        )
        + ")"
        for factor, rows, asked in factors
    ]
    tested = pd.concat([rows[rows["test"] == test_of(rows)] for _, rows, _ in factors])
    tests = dict.fromkeys(CLAIMS[test_of(rows)] for _, rows, _ in factors)
    text = (
        f"NO evidence that models look at different places by their {listed(parts, between='; ')} "
        f"({' or '.join(tests)}, {models_of(tested)}, {describe_family(tested)})."
    )
    return Finding(SECTION, "factor", text, answers_of(factors))


def untold_finding(factors: Sequence[tuple[str, pd.DataFrame, Split]]) -> Finding:
    """Say of which factors nothing can be told, and why."""
    by_reason: dict[str, list[str]] = {}
    for factor, rows, asked in factors:
        by_reason.setdefault(why(asked.unknown), []).append(label_of(factor, rows))
    parts = [f"{listed(names)}: {reason}" for reason, names in by_reason.items()]
    text = (
        f"Cannot tell whether a factor explains where models look: {listed(parts, between='; ')}."
    )
    return Finding(SECTION, "factor", text, answers_of(factors))


def label_of(factor: str, rows: pd.DataFrame) -> str:
    """Return a factor with its levels, where all tested matrices have the same."""
    levels = set(rows["levels"][rows["test"] == "permanova"])
    return f"{factor} ({levels.pop()})" if len(levels) == 1 else factor


def why(answers: Sequence[Answer]) -> str:
    """Return why most of some answers are no verdict."""
    reasons = [one.reason for one in answers]
    return max(dict.fromkeys(reasons), key=reasons.count)


def test_of(rows: pd.DataFrame) -> str:
    """Return the test that is the claim about a factor."""
    return "permanova" if (rows["test"] == "permanova").any() else "mantel"


def few(row: NamedRow) -> str:
    """Return why no corrected p value of a test could be small enough."""
    return "too few models" + " for so many tests" * (row.least_p <= LEVEL)


def factor_answers(factor: str, rows: pd.DataFrame) -> tuple[Answer, ...]:
    """Return whether a factor explains each matrix."""
    test = test_of(rows)
    tested, untested = rows[rows["test"] == test], rows[rows["test"] == ""]
    # A test that could not have found anything, however its models are arranged.
    unable = ~(tested["corrected"] <= LEVEL) & (tested["least_corrected"] > LEVEL)
    least = tested["least_corrected"][unable].min()
    answers = [
        Answer(
            "factor",
            verdict_of(row.corrected <= LEVEL, able=not hopeless),
            row.method,
            row.metric,
            (factor,),
            "R²" if test == "permanova" else "rho",
            row.r2 if test == "permanova" else row.statistic,
            p=row.corrected,
            n=count_of(row.models),
            reason=f"{few(row)}, no corrected p can be below {least:.2g}" if hopeless else "",
            subset=row.subset,
        )
        for row, hopeless in zip(tested.itertuples(), unable, strict=True)
    ]
    answers += [
        Answer(
            "factor",
            UNKNOWN,
            row.method,
            row.metric,
            (factor,),
            reason=row.untested,
            subset=row.subset,
        )
        for row in untested.itertuples()
    ]
    return tuple(answers)


def describe_family(tested: pd.DataFrame) -> str:
    """Say for how many tests p values are corrected."""
    together = int(tested["together"].iloc[0])
    return f"p corrected for {together} tests" if together > 1 else "one test"


def claim_of(factor: str, test: str, levels: Iterable[str]) -> str:
    """Return what a test of a factor is about; levels are named where all matrices have the
    same.
    """
    if test == "permanova":
        named = f" ({', '.join(levels)})" if len(set(levels)) == 1 else ""
        return f"models of different {factor}{named} look at different places"
    alike = "similar predictions" if factor == PREDICTIONS else f"similar {factor}"
    return f"models with {alike} look at similar places"


def caveats(rows: pd.DataFrame, found: pd.DataFrame) -> str:
    """Say what else may explain the significant tests of a factor: another factor, which partial
    Mantel takes as given, or levels that differ in their spread.
    """
    given, whole, spread = (
        of_matrices(found, rows[rows["test"] == test])
        for test in ("partial_mantel", "mantel", "permdisp")
    )
    return given_caveat(given, whole, rows) + spread_caveat(spread, rows)


def of_matrices(some: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows about the same matrices as some others."""
    return rows.merge(some[["method", "metric"]], on=["method", "metric"])


def named(rows: pd.DataFrame, every: pd.DataFrame) -> str:
    """Return the matrices of some rows, as of `name_keys`."""
    return name_keys(*(zip(one["method"], one["metric"], strict=True) for one in (rows, every)))


def spread_caveat(rows: pd.DataFrame, every: pd.DataFrame) -> str:
    """Say for which methods and metrics levels differ in their spread. These p values are not
    corrected, which would hide such differences.
    """
    said, alone = "", "which alone may explain the result of PERMANOVA"
    wide = rows[(rows["untested"] == "") & (rows["p"] <= LEVEL)]
    if len(wide):
        said += (
            f" The levels also differ in spread, {alone}, for {named(wide, every)} (PERMDISP, p = "
            f"{span(wide['p'], '.2g')}, not corrected)."
        )
    untested = rows[rows["untested"] != ""]
    if len(untested):
        said += (
            f" Whether the levels differ in spread, {alone}, is not tested for "
            f"{named(untested, every)}: {usual_reason(untested)}."
        )
    return said


def given_caveat(rows: pd.DataFrame, whole: pd.DataFrame, every: pd.DataFrame) -> str:
    """Say how far a factor goes with matrices beyond another factor, which partial Mantel takes as
    given, next to how far it goes with them on the whole. There is no test of it.
    """
    if rows.empty:
        return ""
    both = rows.merge(whole[["method", "metric", "statistic"]], on=["method", "metric"])
    known, unknown = both[both["untested"] == ""], rows[rows["untested"] != ""]
    parts = [describe_given(row) for row in known.itertuples()]
    shown = [listed(parts, 2, "; ")] if parts else []
    if len(unknown):
        shown.append(f"not known for {named(unknown, every)}: {usual_reason(unknown)}")
    over = "intervals over images" if rows["low"].notna().any() else "no interval"
    return (
        f" Given {rows['given'].iloc[0]}, the rank correlation is {'; '.join(shown)} (partial "
        f"Mantel of these models, {over}; not a test)."
    )


def describe_given(row: NamedRow) -> str:
    """Return the partial correlation of one matrix, with its interval, next to the whole one."""
    interval = f" (95% interval {row.low:.2f} to {row.high:.2f})" if row.low == row.low else ""
    return (
        f"{row.statistic_x:.2f} instead of {row.statistic_y:.2f} for {row.method} {row.metric}"
        f"{interval}"
    )
