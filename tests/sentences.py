"""Rows of tables as the findings read them, and what the findings say."""

import pandas as pd

from lookalike.findings.tables import TEXT


def table(rows):
    """Return rows as `read_table` does: all columns but those of text hold numbers."""
    found = pd.DataFrame(rows)
    numbers = found.columns.difference(TEXT)
    return found.assign(**{name: found[name].replace("", "nan").astype(float) for name in numbers})


def texts(findings):
    return [finding.text for finding in findings]


def verdicts(findings):
    """Return the verdicts of all answers, by question, method and metric."""
    return {
        (answer.question, answer.method, answer.metric): answer.verdict
        for finding in findings
        for answer in finding.answers
    }


def structure_row(
    metric, structure, grouping, untested="", method="gradcam", main_effects="0.5", unresolved=""
):
    return {
        "method": method,
        "metric": metric,
        "subset": "all",
        "n": 64,
        "units": 64,
        "main_effects": 0.031,
        "main_effects_holm": main_effects,
        "structure": 0.2,
        "structure_holm": structure,
        "grouping": 0.4,
        "grouping_holm": grouping,
        "groups": "2",
        "untested": untested,
        "unresolved": unresolved or untested,
    }


def factor_row(method, metric, test, corrected, **more):
    row = {
        "factor": "family",
        "method": method,
        "metric": metric,
        "subset": "all",
        "test": test,
        "models": "14",
        "given": "",
        "levels": "CNN 8, transformer 6",
        "low": "",
        "high": "",
        "p": "",
        "least_p": "0.001",
        "corrected": corrected,
        "least_corrected": "0.001",
        "planned": "",
        "together": "4",
        "untested": "",
    }
    return row | {"statistic": "3.1", "r2": "0.412" if test == "permanova" else ""} | more
