"""Sentences about power: how many images and models an effect needs, by the study of that name."""

from collections.abc import Sequence

import pandas as pd

from lookalike.core.types import Row
from lookalike.findings.finding import UNKNOWN, Answer, Finding, verdict_of
from lookalike.findings.lines import capitalised, listed
from lookalike.findings.tables import read_table, span, usual_reason
from lookalike.studies.power import WANTED, enough

SECTION = "Power"
# What a sentence speaks of; the other tests are in the table.
CLAIMS = {
    "images": ("grouping", "two groups of models"),
    "models": ("factor", "two levels of a factor"),
}
KEY = ["method", "metric"]


def read_power(paths: Sequence[str]) -> pd.DataFrame:
    """Return the tables of all methods and metrics as one, empty where there is none."""
    return pd.concat(map(read_table, paths), ignore_index=True) if paths else pd.DataFrame()


def needed(power: pd.DataFrame) -> list[Row]:
    """Return a row for each method, metric, test and effect: how many images or models are
    `enough`, NaN where none of the numbers are, and the `most` that were tried.
    """
    if power.empty:
        return []
    return [
        dict(zip((*KEY, "of", "test", "effect"), key, strict=True))
        | {
            "enough": enough(rows["n"].tolist(), rows["power"].tolist()),
            "most": rows["n"].max(),
            "pilot": rows["pilot"].iloc[0],
            "untested": rows["untested"].iloc[0],
        }
        for key, rows in power.groupby([*KEY, "of", "test", "effect"], sort=False, dropna=False)
    ]


def power_findings(power: pd.DataFrame) -> list[Finding]:
    """Say how many images are needed to find groups, and how many models to find a factor.

    Parameters
    ----------
    power : DataFrame
        As of `read_power`.
    """
    table = pd.DataFrame(needed(power))
    if table.empty:
        return []
    findings = []
    for of, (test, name) in CLAIMS.items():
        rows = table[table["of"] == of]
        claims = rows[(rows["test"] == test) & (rows["untested"] == "")]
        answers = tuple(answer(row) for row in rows.to_dict("records"))
        if claims.empty:
            text = f"how many {of} are needed cannot be told: {usual_reason(rows)}"
        else:
            text = claim(claims, of, name)
            untold = rows[(rows["test"] == test) & (rows["untested"] != "")]
            if len(untold):
                names = [f"{row.method} {row.metric}" for row in untold.itertuples()]
                text += f"; cannot tell under {listed(names)}: {usual_reason(untold)}"
        findings.append(Finding(SECTION, "power", f"{capitalised(text)}.", answers))
    return findings


def claim(rows: pd.DataFrame, of: str, name: str) -> str:
    """Return how many images or models are enough for an effect, and for half of it, as text."""
    effects = sorted(rows["effect"].unique(), reverse=True)
    first, *rest = (enough_text(rows[rows["effect"] == effect], of) for effect in effects)
    halves = "".join(f"; half of that difference {text}" for text in rest)
    own = span(rows["pilot"].unique(), ".0f")
    return (
        f"{name}, nearer within than between by {effects[0]:.2g} of chance, are found in "
        f"{WANTED:.0%} of studies {first}{halves} (this run has {own}; simulated from it, one test "
        "at .05)"
    )


def enough_text(rows: pd.DataFrame, of: str) -> str:
    """Return how many images or models are enough under how many methods and metrics, as text."""
    known, lacking = rows[rows["enough"].notna()], rows[rows["enough"].isna()]
    most = f"{rows['most'].max():.0f}"
    if known.empty:
        return f"not even with {most} {of}"
    text = f"with {span(known['enough'], '.0f')} {of}"
    if len(rows) > 1:
        count = f"{len(known)} of {len(rows)}" if len(lacking) else f"all {len(rows)}"
        text += f" under {count} methods and metrics"
    if len(lacking):
        names = [f"{row.method} {row.metric}" for row in lacking.itertuples()]
        text += f", not even with {most} under {listed(names)}"
    return text


def answer(row: Row) -> Answer:
    """Return whether the run has enough images or models for an effect."""
    found = row["enough"] <= row["pilot"]
    return Answer(
        "power",
        UNKNOWN if row["untested"] else verdict_of(bool(found)),
        row["method"],
        row["metric"],
        subject=(row["test"], "" if row["untested"] else f"{row['effect']:.3g} of chance"),
        statistic=f"{row['of']} that are enough",
        value=row["enough"],
        n=None if row["untested"] else int(row["pilot"]),
        reason=row["untested"],
    )
