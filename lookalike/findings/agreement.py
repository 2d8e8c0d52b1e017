"""Whether methods and metrics agree."""

from collections.abc import Collection
from math import factorial

import pandas as pd

from lookalike.compare.redundancy import REDUNDANT, Representatives
from lookalike.findings.finding import YES, Answer, Finding, verdict_of
from lookalike.findings.lines import listed
from lookalike.findings.tables import span, usual_reason, without_matrices
from lookalike.inference.significance import LEVEL, subject_of

SECTION = "Agreement"
WITHIN, BETWEEN = "metrics of one method", "different methods"


def agreement_findings(
    agreement: pd.DataFrame,
    given: Collection[tuple[str, str]] = (),
    stands: Representatives | None = None,
    left_out: Collection[tuple[str, str]] = (),
) -> list[Finding]:
    """Say how far metrics and methods rank the pairs of models alike.

    Parameters
    ----------
    agreement : DataFrame
        `inference/agreement/SUBSET.csv`.
    given : collection of (method, metric)
        User-supplied matrices, of which there are no halves of the images.
    stands : mapping, optional
        Metrics of one ranking, as of `read_representatives`.
    left_out : collection of (method, metric), optional
        Matrices of which nothing is said; their tests count where p values are corrected.
    """
    if agreement.empty:
        return []
    all_tested = agreement[agreement["untested"] == ""]
    agreement = agreement.assign(able=is_able(agreement, all_tested, stands))
    agreement = without_matrices(agreement, left_out)
    if agreement.empty:
        return []
    if (agreement["untested"] != "").all():
        text = f"Whether methods and metrics agree cannot be tested: {usual_reason(agreement)}."
        return [Finding(SECTION, "agreement", text, answers_of(agreement))]
    pairs = agreement[["method", "other_method"]].to_numpy().tolist()
    agreement = agreement.assign(
        methods=[" and ".join(dict.fromkeys(sorted(pair))) for pair in pairs]
    )
    findings = []
    for who, within in ((WITHIN, True), (BETWEEN, False)):
        rows = agreement[(agreement["method"] == agreement["other_method"]) == within]
        known = counted_once(rows[rows["untested"] == ""], stands or {})
        if known.empty:
            continue
        text = (
            f"{describe_verdict(who, known)}: {describe_agreement(known)} "
            f"({describe_test(known, given)})."
        )
        findings.append(Finding(SECTION, "agreement", text, answers_of(rows)))
    return findings


def counted_once(rows: pd.DataFrame, stands: Representatives) -> pd.DataFrame:
    """Drop comparisons of metrics of one ranking with one another, and repeats of one result."""
    seen: set[object] = set()
    kept = []
    for row in rows.itertuples():
        sides = (row.method, row.metric), (row.other_method, row.other_metric)
        one = frozenset(stands.get(side, side) for side in sides), row.rho_holm <= LEVEL
        kept.append(len(one[0]) > 1 and one not in seen)
        seen.add(one)
    return rows[kept]


def describe_verdict(who: str, rows: pd.DataFrame) -> str:
    """Say whether pairs of matrices rank the pairs of models alike, by those that can show it."""
    claim, found, able = "rank the pairs of models alike", count_found(rows), rows["able"].sum()
    if not able:
        return f"Too few models to tell whether {who} {claim}"
    among = f"{able} comparisons" if able > 1 else "one comparison"
    among += "" if able == len(rows) else " that can tell"
    if not found:
        return f"NO evidence that {who} {claim} in {among}"
    where = f"{'all' if able > 1 else 'the'} {among}" if found == able else f"{found} of {among}"
    return f"{who.capitalize()} {claim} in {where}"


def count_found(rows: pd.DataFrame) -> int:
    """Return how many pairs of matrices agree beyond chance."""
    return int((rows["rho_holm"] <= LEVEL).sum())


def describe_test(rows: pd.DataFrame, given: Collection[tuple[str, str]]) -> str:
    """Return the p values of these pairs of matrices, their test, and by how many models."""
    halves = [
        (row.method, row.metric) not in given and (row.other_method, row.other_metric) not in given
        for row in rows.itertuples()
    ]
    said = f"p = {span(rows['rho_holm'], '.2g')}, Mantel"
    if any(halves):
        said += " across halves of the images"
    if not all(halves) and any(halves):
        said += " where neither matrix is user-supplied"
    return f"{said}, n = {span(rows['models'], '.0f')} models, Holm-corrected"


def describe_agreement(rows: pd.DataFrame) -> str:
    """Return the median correlation of pairs of matrices, and the methods of the least and most."""
    medians = rows.groupby("methods", sort=False)["rho"].median()
    text = rho_of(rows)
    if len(medians) == 1:
        return f"{text} for {medians.index[0]}"
    if medians.idxmin() == medians.idxmax():
        return f"{text} for each of {listed(medians.index)}"
    least, most = (
        f"{rho_of(rows[rows['methods'] == names])} for {names}{beyond_chance(rows, names)}"
        for names in (medians.idxmin(), medians.idxmax())
    )
    return f"{text}; from {least} to {most}"


def rho_of(rows: pd.DataFrame) -> str:
    """Return the median correlation of some pairs of matrices, and of their trees."""
    trees = rows["tree"].dropna()
    said = f"{'median rho' if len(rows) > 1 else 'rho'} {rows['rho'].median():.2f}"
    return said + (f" (trees {trees.median():.2f})" if len(trees) else "")


def beyond_chance(rows: pd.DataFrame, names: str) -> str:
    """Return in how many comparisons of some methods matrices agree beyond chance."""
    own = rows[rows["methods"] == names]
    able = own["able"].sum()
    return f", beyond chance in {count_found(own)} of {able}" if able else ""


def is_able(rows: pd.DataFrame, tested: pd.DataFrame, stands: Representatives | None) -> pd.Series:
    """Return for each pair of matrices whether its test found something, or could have with as many
    models, corrected.
    """
    missed = tested[~(tested["rho_holm"] <= LEVEL)].to_dict("records")
    others = len({subject_of(row, stands) for row in missed})
    least = rows["models"].map(lambda models: others / factorial(int(models)))
    return (rows["untested"] == "") & ((rows["rho_holm"] <= LEVEL) | (least <= LEVEL))


def answers_of(rows: pd.DataFrame) -> tuple[Answer, ...]:
    """Return for each pair of matrices whether they agree."""
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
        for row, enough in zip(rows.itertuples(), rows["able"], strict=True)
    )


def redundancy_findings(
    stands: Representatives, left_out: Collection[tuple[str, str]] = ()
) -> list[Finding]:
    """Say which metrics give the same ranking under a method.

    Parameters
    ----------
    stands : mapping
        Metrics of one ranking, as of `read_representatives`.
    left_out : collection of (method, metric), optional
        Matrices of which nothing is said.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for (method, metric), first in stands.items():
        if (method, metric) not in left_out:
            groups.setdefault((method, first[1]), []).append(metric)
    alike: dict[tuple[str, ...], list[str]] = {}
    for (method, _), metrics in groups.items():
        if len(metrics) > 1:
            alike.setdefault(tuple(metrics), []).append(method)
    if not alike:
        return []
    parts = [f"{', '.join(metrics)} under {listed(own)}" for metrics, own in alike.items()]
    text = (
        f"Metrics that rank all pairs of models and images alike (Spearman's rho > {REDUNDANT}) "
        f"count once: {listed(parts, between='; ')}."
    )
    answers = tuple(
        Answer("redundancy", YES, method, subject=metrics)
        for metrics, own in alike.items()
        for method in own
    )
    return [Finding(SECTION, "redundancy", text, answers)]
