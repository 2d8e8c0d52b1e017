"""How answers become a line: how many say yes, the clearest of them, and the exceptions by name."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lookalike.compare.redundancy import Representatives
from lookalike.findings.finding import NO, UNKNOWN, YES, Answer
from lookalike.findings.tables import span

# Of models, matrices, factors and others; how many more there are is counted.
MOST_NAMED = 5
# Reasons that are named; others are counted.
MOST_REASONS = 3
# Method and metric of a matrix.
Key = tuple[str, str]


@dataclass(frozen=True)
class Split:
    """Answers to one question, by their verdict; metrics of one ranking that agree count once."""

    yes: list[Answer]
    no: list[Answer]
    unknown: list[Answer]

    @property
    def able(self) -> list[Answer]:
        """The answers that are a verdict."""
        return [*self.yes, *self.no]

    @property
    def every(self) -> list[Answer]:
        """All answers."""
        return [*self.able, *self.unknown]


def split(answers: Iterable[Answer], stands: Representatives | None = None) -> Split:
    """Return answers by their verdict.

    Parameters
    ----------
    answers : iterable of Answer
    stands : mapping, optional
        Metrics of one ranking, as of `read_representatives`.
    """
    once: dict[object, Answer] = {}
    for one in answers:
        key = (one.method, one.metric)
        about = (one.subject, one.subset, one.linkage, one.verdict)
        once.setdefault(((stands or {}).get(key, key), about), one)
    yes, no, unknown = (
        [one for one in once.values() if one.verdict == verdict] for verdict in (YES, NO, UNKNOWN)
    )
    return Split(yes, no, unknown)


def say(
    asked: Split,
    claim: str,
    effect: Callable[[Sequence[Answer]], str],
    *,
    denied: str = "",
    numbers: Callable[[Sequence[Answer]], str] | None = None,
    why: bool = True,
) -> str:
    """Return one line, without its stop: in how many cases something is found and how large, where
    there is no evidence of it, and where nobody can tell.

    Parameters
    ----------
    asked : Split
    claim : str
        A clause, such as "models form groups".
    effect : callable
        Returns the effect of those answers that say yes, as text.
    denied : str, optional
        What there is NO evidence of, if it is not that claim.
    numbers : callable, optional
        As `effect`, of those that say no; their p values by default.
    why : bool
        Whether reasons are told where nobody can tell.
    """
    parts = []
    if asked.yes:
        parts.append(f"{claim}{how_many(asked)}: {effect(asked.yes)}")
    if asked.no:
        shown = (numbers or p_values)(asked.no)
        told = f" ({shown})" if shown else ""
        where = name_matrices(asked.no, asked.every)
        if asked.yes:
            parts.append(f"NO evidence for {where}{told}")
        elif len(asked.no) == len(asked.every) > 1:
            parts.append(
                f"NO evidence that {denied or claim} in any of {len(asked.no)} matrices{told}"
            )
        else:
            parts.append(f"NO evidence that {denied or claim} for {where}{told}")
    if why or not parts:
        parts += cannot_tell(asked, "" if parts else f" whether {denied or claim}")
    elif asked.unknown:
        parts.append(f"cannot tell for {name_matrices(asked.unknown, asked.every)}")
    return capitalised("; ".join(parts))


def cannot_tell(asked: Split, whether: str = "") -> list[str]:
    """Return where nobody can tell, and why: a part for each reason."""
    by_reason: dict[str, list[Answer]] = {}
    for one in asked.unknown:
        by_reason.setdefault(one.reason, []).append(one)
    ordered = sorted(by_reason.items(), key=lambda item: -len(item[1]))
    parts = [
        f"cannot tell{'' if place else whether} for {name_matrices(own, asked.every)}: "
        f"{reason or 'not tested'}"
        for place, (reason, own) in enumerate(ordered[:MOST_REASONS])
    ]
    more = sum(len(own) for _, own in ordered[MOST_REASONS:])
    return [*parts, f"nor for {more} more, for other reasons"] if more else parts


def how_many(asked: Split, of: str = "matrices") -> str:
    """Return in how many cases of those that can tell something is found, after a space; nothing
    where there is but one.
    """
    found, able = len(asked.yes), len(asked.able)
    if len(asked.every) == 1:
        return ""
    among = f"{able} {of}{' that can tell' if asked.unknown else ''}"
    if able == 1:
        return f" in the only one of {len(asked.every)} {of} that can tell"
    return f" in all {among}" if found == able else f" in {found} of {among}"


def clearest(answers: Sequence[Answer]) -> Answer:
    """Return the answer with the smallest p value, or else with the interval that is farthest from
    0 for its width; the first of several.
    """

    def unsure(one: Answer) -> float:
        if one.p is not None and one.p == one.p:
            return one.p
        if one.low is None or one.high is None or one.value is None:
            return 0.0
        return (one.high - one.low) / max(abs(one.value), 1e-12)

    return min(answers, key=unsure)


def evidence(shown: Answer, among: Sequence[Answer], n: str = "") -> str:
    """Return interval, p, n (as it is known better, if it is) and matrix of an answer, and the
    largest p of those that it stands for.
    """
    parts = []
    if shown.low is not None and shown.high is not None and shown.low == shown.low:
        parts.append(f"95% interval {shown.low:.2g} to {shown.high:.2g}")
    parts += [text for text in (p_values([shown]), n or n_of([shown])) if text]
    parts += [name for name in (name_matrix(shown),) if name]
    largest = max((one.p for one in among if one.p is not None), default=None)
    more = "" if largest in (None, shown.p) else f"; p at most {largest:.2g} in all"
    return f"{', '.join(parts)}{more}"


def p_values(answers: Sequence[Answer]) -> str:
    """Return the p values of several answers as text."""
    known = [one.p for one in answers if one.p is not None and one.p == one.p]
    return f"p = {span(known, '.2g')}" if known else ""


def n_of(answers: Sequence[Answer], of: str = "images") -> str:
    """Return how many images, or models, several answers rest on, as text."""
    known = [one.n for one in answers if one.n is not None]
    return f"n = {span(known, 'd')} {of}" if known else ""


def name_matrix(answer: Answer) -> str:
    """Return method and metric of an answer."""
    return f"{answer.method} {answer.metric}".strip()


def name_matrices(some: Iterable[Answer], among: Iterable[Answer]) -> str:
    """Return methods and metrics of some answers, as of `name_keys`."""
    keys, every = ([(one.method, one.metric) for one in answers] for answers in (some, among))
    return name_keys(keys, every)


def name_keys(some: Iterable[Key], among: Iterable[Key]) -> str:
    """Return some matrices by method or by metric, whichever is shorter; where all of a method are
    meant, it stands alone.
    """
    keys, every = list(dict.fromkeys(some)), list(dict.fromkeys(among))
    if len(keys) == len(every) > 1:
        return f"all {len(keys)}"
    return listed(shortest_names(keys, every))


def shortest_names(keys: Sequence[Key], every: Sequence[Key]) -> list[str]:
    """Return the names of matrices, by method or by metric."""
    by_method, by_metric = (named_by(keys, every, side) for side in (0, 1))
    return by_method if len(by_method) <= len(by_metric) else by_metric


def named_by(keys: Sequence[Key], every: Sequence[Key], side: int) -> list[str]:
    """Return matrices by their method (side 0) or metric (side 1), with what there is of each."""
    groups: dict[str, list[str]] = {}
    for key in keys:
        groups.setdefault(key[side], []).append(key[1 - side])
    named = []
    for name, own in groups.items():
        whole = len(own) == sum(key[side] == name for key in every)
        if whole and len(every) > 1:
            named.append(name)
        else:
            others = "/".join(own[:MOST_NAMED]) + ("/..." if len(own) > MOST_NAMED else "")
            named.append(" ".join(filter(None, (name, others) if side == 0 else (others, name))))
    return named


def listed(names: Iterable[str], most: int = MOST_NAMED, between: str = ", ") -> str:
    """Return a few names, and how many more there are."""
    every = list(names)
    more = len(every) - most
    return between.join(every[:most]) + (f" and {more} more" if more > 0 else "")


def capitalised(text: str) -> str:
    """Return a text with its first letter as a capital."""
    return text[:1].upper() + text[1:]
