"""Sentences about what explains the matrices, and whether they agree."""

from itertools import combinations_with_replacement
from math import factorial

import numpy as np

from lookalike.findings.groups import metrics_of, p_of, rows_by, usual_reason
from lookalike.inference.factors import PREDICTIONS
from lookalike.inference.significance import LEVEL, is_clear


def factor_sentences(rows):
    """Say by which methods and metrics a factor goes with the places that models look at.

    Parameters
    ----------
    rows : list of dict
        Of `inference/factors.csv`, for one subset of the images.

    Returns
    -------
    list of str
        One for each factor, of PERMANOVA where it has levels and of Mantel's test where it is a
        number.
    """
    by_factor = rows_by("factor", rows)
    untested = {}
    for factor, own in by_factor.items():
        if not any(row["test"] for row in own):
            untested.setdefault(usual_reason(own), []).append(factor)
    said = [
        factor_sentence(factor, own)
        for factor, own in by_factor.items()
        if any(row["test"] for row in own)
    ]
    return said + [
        f"{', '.join(factors)}: cannot be tested: {reason}." for reason, factors in untested.items()
    ]


def factor_sentence(factor, rows):
    """Say what the tests of one factor found."""
    test = "permanova" if any(row["test"] == "permanova" for row in rows) else "mantel"
    tested = [row for row in rows if row["test"] == test]
    levels = {row["levels"] for row in tested}
    claim = (
        "models that predict alike look alike"
        if factor == PREDICTIONS
        else f"models that are near in {factor} look alike"
    )
    if test == "permanova":
        claim = (
            f"models of different {factor}{f' ({levels.pop()})' if len(levels) == 1 else ''} "
            "differ in where they look"
        )
    clear, untold = (
        [row for row in tested if is_clear(row)],
        [row for row in tested if cannot_be_clear(row, tested)],
    )
    unclear = rows_by("method", [row for row in tested if row not in clear and row not in untold])
    found = ", ".join(
        f"{method} ({'; '.join(map(describe_effect, own))})"
        for method, own in rows_by("method", clear).items()
    )
    others = ", ".join(f"{method} ({p_of(own)})" for method, own in unclear.items())
    parts = [f"{claim} by {found}" + (f", but not by {others}" if others else "")] if clear else []
    parts += [f"there is NO evidence that {claim}, by {others}"] if others and not clear else []
    if untold:
        least = min(float(row["least_p"]) for row in untold) * len(tested)
        whether, by = "" if parts else f" whether {claim}", ", ".join(rows_by("method", untold))
        parts.append(
            f"with so few models it cannot be told{whether} by {by}: no corrected p can be "
            f"below {min(least, 1):.2g}"
        )
    parts += [
        f"not tested by {method}: {usual_reason(own)}"
        for method, own in rows_by("method", [row for row in rows if not row["test"]]).items()
    ]
    name = "PERMANOVA" if test == "permanova" else "Mantel"
    return (
        f"{factor}: {'; '.join(parts)} ({name}, Holm over {len(tested)} "
        f"{'matrix' if len(tested) == 1 else 'matrices'}).{caveats(rows, clear)}"
    )


def cannot_be_clear(row, tested):
    """Tell whether a test that found nothing could not have found anything, however the models were
    arranged, once corrected.
    """
    others = len(tested) - sum(map(is_clear, tested))
    return not is_clear(row) and float(row["least_p"]) * others > LEVEL


def caveats(rows, clear):
    """Say what else may be behind the clear tests of a factor: levels that differ in their spread
    as well, and what partial Mantel takes as given.
    """
    by_test = rows_by("test", beside(clear, rows))
    # What Mantel's test does not see with nothing given, it cannot see given something.
    given = beside(
        [row for row in by_test.get("mantel", []) if is_clear(row)],
        by_test.get("partial_mantel", []),
    )
    return given_caveat(given) + spread_caveat(by_test.get("permdisp", []))


def beside(some, rows):
    """Return the rows that are of the same matrices as some are."""
    matrices = {(row["method"], row["metric"]) for row in some}
    return [row for row in rows if (row["method"], row["metric"]) in matrices]


def spread_caveat(rows):
    """Say by which methods and metrics levels differ in their spread; corrected p values would hide
    that.
    """
    wide = [row for row in rows if not row["untested"] and float(row["p"]) <= LEVEL]
    untested = [row for row in rows if row["untested"]]
    said = ""
    if wide:
        told = ", ".join(
            f"{row['method']} {row['metric']} (p {float(row['p']):.2g})" for row in wide
        )
        said += (
            f" Their spread differs, too, which may be all that PERMANOVA sees, by {told}: "
            "PERMDISP, not corrected."
        )
    if untested:
        methods = ", ".join(rows_by("method", untested))
        said += (
            " Whether the spread differs, which may be all that PERMANOVA sees, is not tested "
            f"by {methods}: {usual_reason(untested)}."
        )
    return said


def given_caveat(rows):
    """Say by which methods and metrics a factor goes with the places beyond what another, which
    partial Mantel takes as given, goes with as well.
    """
    untested = [row for row in rows if row["untested"]]
    held, lost = (
        [row for row in rows if not row["untested"] and is_clear(row) == wanted]
        for wanted in (True, False)
    )
    parts = [f"that still holds by {name_tests(held)}"] if held else []
    parts += [f"there is NO evidence of that by {name_tests(lost)}"] if lost else []
    parts += [
        f"that is not tested by {method}: {usual_reason(own)}"
        for method, own in rows_by("method", untested).items()
    ]
    return f" Given {rows[0]['given']}, {'; '.join(parts)} (partial Mantel, Holm)." if parts else ""


def name_tests(rows):
    """Return the methods of several tests, each with its metrics and their corrected p values."""
    return ", ".join(
        f"{method} {metrics_of(own)} ({p_of(own)})"
        for method, own in rows_by("method", rows).items()
    )


def describe_effect(row):
    """Return a metric with the size of a factor's effect and its corrected p value."""
    size = (
        f"R2 {float(row['r2']):.2f}"
        if row["test"] == "permanova"
        else f"rho {float(row['statistic']):.2f}"
    )
    return f"{row['metric']}: {size}, {p_of([row])}"


def agreement_sentences(rows):
    """Say how far metrics and methods agree upon who is near to whom.

    Parameters
    ----------
    rows : list of dict
        Of `inference/agreement/SUBSET.csv`.

    Returns
    -------
    list of str
    """
    tested = [row for row in rows if not row["untested"]]
    if rows and not tested:
        return [f"Whether methods and metrics agree cannot be tested: {usual_reason(rows)}."]
    methods = dict.fromkeys(row[side] for row in rows for side in ("method", "other_method"))
    told = {"metrics of one method": [], "methods": []}
    for one, other in combinations_with_replacement(methods, 2):
        own = [row for row in tested if {row["method"], row["other_method"]} == {one, other}]
        if own:
            said = describe_agreement(own, tested)
            told["metrics of one method" if one == other else "methods"].append(
                f"{one if one == other else f'{one} and {other}'} {said}"
            )
    return [
        (
            f"Do {who} agree upon who is near to whom? {'; '.join(found)} (p at most {LEVEL}: "
            "Mantel across halves of the images, Holm)."
        )
        for who, found in told.items()
        if found
    ]


def describe_agreement(rows, tested):
    """Return the median correlation of pairs of matrices, and how many of those agree beyond chance
    that could be found to do so.
    """
    rho, clear = (
        np.median([float(row["rho"]) for row in rows]),
        sum(is_clear(row, "rho") for row in rows),
    )
    trees = [float(row["tree"]) for row in rows if row["tree"]]
    said = f"{'median rho' if len(rows) > 1 else 'rho'} {rho:.2f}" + (
        f" (of trees {np.median(trees):.2f})" if trees else ""
    )
    others = len(tested) - sum(is_clear(row, "rho") for row in tested)
    able = sum(
        is_clear(row, "rho") or others / factorial(int(row["models"])) <= LEVEL for row in rows
    )
    return (
        f"{said}, beyond chance in {clear} of {able}" if able else f"{said}, too few models to tell"
    )
