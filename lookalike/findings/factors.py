"""Sentences about what explains the matrices."""

from collections.abc import Iterable

import pandas as pd

from lookalike.findings.finding import UNKNOWN, Answer, Finding, verdict_of
from lookalike.findings.tables import NamedRow, metrics_of, span, usual_reason
from lookalike.inference.factors import PREDICTIONS
from lookalike.inference.significance import LEVEL

SECTION = "Factors"
CLAIMS = {"permanova": "PERMANOVA", "mantel": "Mantel"}


def factor_findings(factors: pd.DataFrame) -> list[Finding]:
    """Say for which methods and metrics a factor explains where models look.

    Parameters
    ----------
    factors : DataFrame
        `inference/factors.csv`, for one subset of the images.

    Returns
    -------
    list of Finding
        First one for each planned question, then one for each factor: PERMANOVA where it has
        levels, Mantel's test where it is a number. Last come those that no matrix could be tested
        for.
    """
    if factors.empty:
        return []
    planned = factors.groupby("planned")
    findings = [factor_finding(rows["factor"].iloc[0], rows) for _, rows in planned]
    others = factors[factors["planned"].isna()]
    untested: dict[str, list[Answer]] = {}
    for factor, rows in others.groupby("factor", sort=False):
        if (rows["test"] != "").any():
            findings.append(factor_finding(factor, rows))
        else:
            untested.setdefault(usual_reason(rows), []).extend(untested_answers(factor, rows))
    for reason, answers in untested.items():
        names = dict.fromkeys(answer.subject[0] for answer in answers)
        text = f"{', '.join(names)}: cannot be tested: {reason}."
        findings.append(Finding(SECTION, "factor", text, tuple(answers)))
    return findings


def factor_finding(factor: str, rows: pd.DataFrame) -> Finding:
    """Say what the tests of one factor found."""
    planned = "" if rows["planned"].isna().any() else "planned question, "
    test = "permanova" if (rows["test"] == "permanova").any() else "mantel"
    tested, untested = rows[rows["test"] == test], rows[rows["test"] == ""]
    if tested.empty:
        text = f"{planned}{factor}: cannot be tested: {usual_reason(untested)}."
        return Finding(SECTION, "factor", text, untested_answers(factor, untested))
    claim = claim_of(factor, test, tested["levels"].unique())
    found = tested["corrected"] <= LEVEL
    # A test that could not have found anything, however its models are arranged.
    unable = ~found & (tested["least_corrected"] > LEVEL)
    effects = ", ".join(
        f"{method} ({'; '.join(map(describe_effect, own.itertuples()))})"
        for method, own in tested[found].groupby("method", sort=False)
    )
    others = name_tests(tested[~found & ~unable], tested)
    parts = [f"{claim} for {effects}"] if effects else []
    if others:
        parts.append(
            f"NO evidence for {others}" if parts else f"NO evidence that {claim}: {others}"
        )
    if unable.any():
        whether = "" if parts else f" whether {claim}"
        parts.append(
            f"too few models to tell{whether} for {name_tests(tested[unable], tested, p=False)}: "
            f"no corrected p can be below {tested['least_corrected'][unable].min():.2g}"
        )
    parts += not_tested(untested)
    text = (
        f"{planned}{factor}: {'; '.join(parts)} ({CLAIMS[test]}, {span(tested['models'], '.0f')} "
        f"models, {describe_family(tested)}).{caveats(rows, tested[found])}"
    )
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
            n=int(row.models),
            reason="too few models" if hopeless else "",
        )
        for row, hopeless in zip(tested.itertuples(), unable, strict=True)
    ]
    return Finding(SECTION, "factor", text, (*answers, *untested_answers(factor, untested)))


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


def untested_answers(factor: str, rows: pd.DataFrame) -> tuple[Answer, ...]:
    """Return why a factor was not tested."""
    return tuple(
        Answer("factor", UNKNOWN, row.method, row.metric, (factor,), reason=row.untested)
        for row in rows.itertuples()
    )


def describe_effect(row: NamedRow) -> str:
    """Return a metric with the size of a factor's effect and its corrected p value."""
    size = f"R² {row.r2:.2f}" if row.test == "permanova" else f"rho {row.statistic:.2f}"
    return f"{row.metric}: {size}, p = {row.corrected:.2g}"


def name_tests(rows: pd.DataFrame, among: pd.DataFrame | None = None, p: bool = True) -> str:
    """Return the methods and metrics of several tests, with their corrected p values; the metrics
    are left out where a method has no other test among some.
    """
    parts = []
    for method, own in rows.groupby("method", sort=False):
        whole = among is not None and len(own) == (among["method"] == method).sum()
        name = method if whole else f"{method} {metrics_of(own)}"
        parts.append(f"{name} (p = {span(own['corrected'], '.2g')})" if p else name)
    return ", ".join(parts)


def not_tested(rows: pd.DataFrame, done: str = "tested") -> list[str]:
    """Say for which methods something was not done, and why."""
    return [
        f"not {done} for {method}: {usual_reason(own)}"
        for method, own in rows.groupby("method", sort=False)
    ]


def caveats(rows: pd.DataFrame, found: pd.DataFrame) -> str:
    """Say what else may explain the significant tests of a factor: another factor, which partial
    Mantel takes as given, or levels that differ in their spread.
    """
    given, whole, spread = (
        of_matrices(found, rows[rows["test"] == test])
        for test in ("partial_mantel", "mantel", "permdisp")
    )
    return given_caveat(given, whole) + spread_caveat(spread)


def of_matrices(some: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows about the same matrices as some others."""
    return rows.merge(some[["method", "metric"]], on=["method", "metric"])


def spread_caveat(rows: pd.DataFrame) -> str:
    """Say for which methods and metrics levels differ in their spread. These p values are not
    corrected, which would hide such differences.
    """
    said, alone = "", "which alone may explain the result of PERMANOVA"
    wide = rows[(rows["untested"] == "") & (rows["p"] <= LEVEL)]
    if len(wide):
        parts = ", ".join(
            f"{row.method} {row.metric} (p = {row.p:.2g})" for row in wide.itertuples()
        )
        said += (
            f" The levels also differ in spread, {alone}, for {parts} (PERMDISP, not corrected)."
        )
    untested = rows[rows["untested"] != ""]
    if len(untested):
        said += (
            f" Whether the levels differ in spread, {alone}, is not tested for "
            f"{', '.join(untested['method'].unique())}: {usual_reason(untested)}."
        )
    return said


def given_caveat(rows: pd.DataFrame, whole: pd.DataFrame) -> str:
    """Say how far a factor goes with matrices beyond another factor, which partial Mantel takes as
    given, next to how far it goes with them on the whole. There is no test of it.
    """
    if rows.empty:
        return ""
    both = rows.merge(whole[["method", "metric", "statistic"]], on=["method", "metric"])
    parts = [
        f"{row.statistic_x:.2f} instead of {row.statistic_y:.2f} for {row.method} {row.metric}"
        + (f" (95% interval {row.low:.2f} to {row.high:.2f})" if row.low == row.low else "")
        for row in both[both["untested"] == ""].itertuples()
    ]
    parts += not_tested(rows[rows["untested"] != ""], "known")
    given = rows["given"].iloc[0]
    over = "intervals over images" if rows["low"].notna().any() else "no interval"
    return (
        f" Given {given}, the rank correlation is {'; '.join(parts)} (partial Mantel of these "
        f"models, {over}; not a test)."
    )
