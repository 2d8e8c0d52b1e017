"""Sentences about what explains the matrices, and whether they agree."""

from itertools import combinations_with_replacement
from math import factorial

import numpy as np

from lookalike.factors import PREDICTIONS
from lookalike.findings.groups import by_method, p_of, usual_reason
from lookalike.inference import LEVEL, is_clear


def factor_sentences(rows):
    """Say by which methods and metrics a factor goes with the places that models look at.

    Parameters
    ----------
    rows : list of dict
        Of `inference/factors.csv`, for one subset of the images.

    Returns
    -------
    list of str
        One for each factor, of PERMANOVA where it has levels and of Mantel's test where it is a number.
    """
    by_factor = {factor: [row for row in rows if row["factor"] == factor] for factor in dict.fromkeys(row["factor"] for row in rows)}
    untested = {}
    for factor, own in by_factor.items():
        if not any(row["test"] for row in own):
            untested.setdefault(usual_reason(own), []).append(factor)
    said = [factor_sentence(factor, own) for factor, own in by_factor.items() if any(row["test"] for row in own)]
    return said + [f"{', '.join(factors)}: whether it explains where models look cannot be tested: {reason}." for reason, factors in untested.items()]


def factor_sentence(factor, rows):
    """Say what the tests of one factor found."""
    test = "permanova" if any(row["test"] == "permanova" for row in rows) else "mantel"
    tested = [row for row in rows if row["test"] == test]
    claim = "models that predict alike look alike" if factor == PREDICTIONS else f"models that are near in {factor} look alike"
    claim = f"models of different {factor} ({tested[0]['levels']}) differ in where they look" if test == "permanova" else claim
    least = len(tested) * max(float(row["least_p"]) for row in tested)
    if least > LEVEL and not any(map(is_clear, tested)):
        limit = f"corrected for {len(tested)} matrices, no p value can be below {min(least, 1):.2g}"
        return f"{factor}: with so few models it cannot be told whether {claim}: {limit}."
    clear = [f"{method} ({'; '.join(map(describe_effect, own))})" for method, own in by_method([row for row in tested if is_clear(row)]).items()]
    unclear = [f"{method} ({p_of(own)})" for method, own in by_method([row for row in tested if not is_clear(row)]).items()]
    said = f"{factor}: {claim} by {', '.join(clear)}" if clear else f"{factor}: there is NO evidence that {claim}, by {', '.join(unclear)}"
    if clear and unclear:
        said += f", but not by {', '.join(unclear)}"
    spread = {(row["method"], row["metric"]): row for row in rows if row["test"] == "permdisp" and not row["untested"]}
    doubtful = [
        f"{method} {metric} ({p_of([spread[method, metric]])})"
        for method, metric in ((row["method"], row["metric"]) for row in tested if is_clear(row))
        if (method, metric) in spread and is_clear(spread[method, metric])
    ]
    caveat = f" Their spread differs, too, which may be all that PERMANOVA sees, by {', '.join(doubtful)}: PERMDISP." if doubtful else ""
    return f"{said} ({'PERMANOVA' if test == 'permanova' else 'Mantel'}, Holm).{caveat}"


def describe_effect(row):
    """Return a metric with the size of a factor's effect and its corrected p value."""
    size = f"R2 {float(row['r2']):.2f}" if row["test"] == "permanova" else f"rho {float(row['statistic']):.2f}"
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
    least = max((1 / factorial(int(row["models"])) for row in tested), default=0) * len(tested)
    told = {"metrics of one method": [], "methods": []}
    for one, other in combinations_with_replacement(methods, 2):
        own = [row for row in tested if {row["method"], row["other_method"]} == {one, other}]
        if own:
            said = describe_agreement(own, with_verdict=least <= LEVEL)
            told["metrics of one method" if one == other else "methods"].append(f"{one if one == other else f'{one} and {other}'} {said}")
    few = f"; with so few models no p value, corrected for {len(tested)} pairs, can be below {min(least, 1):.2g}" if least > LEVEL else ""
    return [f"Do {who} agree upon who is near to whom? {'; '.join(found)} (Mantel, Holm{few})." for who, found in told.items() if found]


def describe_agreement(rows, with_verdict):
    """Return the median correlation of pairs of matrices, and how many of them agree beyond chance."""
    rho, clear = np.median([float(row["rho"]) for row in rows]), sum(is_clear(row, "rho") for row in rows)
    said = f"{'median rho' if len(rows) > 1 else 'rho'} {rho:.2f}"
    return f"{said}, beyond chance in {clear} of {len(rows)}" if with_verdict else said
