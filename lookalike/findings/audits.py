"""Sentences about models whose maps say nothing, or the same as another's."""

from collections.abc import Mapping, Sequence

from lookalike.core.types import Row
from lookalike.findings.finding import Finding
from lookalike.findings.models import SECTION
from lookalike.findings.tables import span
from lookalike.maps.audit import dead_models, equal_models, is_incomplete

# By method and model.
Audits = Mapping[tuple[str, str], Row]


def audit_findings(
    audits: Audits, origins: Mapping[str, str], blind: frozenset[str] = frozenset()
) -> list[Finding]:
    """Say which models have no map but zero maps, which are equal, and how many warnings there are.

    Parameters
    ----------
    audits : mapping
        By method and model, `audit/METHOD/MODEL.json`.
    origins : mapping
        From a model to its original if it is a replicate or a pruned variant, otherwise to itself.
        That these are equal is no finding here.
    blind : set of str
        Methods whose maps do not depend on the model.
    """
    found = []
    for method, own in by_method(audits).items():
        if dead := dead_models(own):
            text = (
                f"{method}: all maps of {', '.join(dead)} are zero. No matrix, group or test of "
                f"{method} has {'this model' if len(dead) == 1 else 'these models'}."
            )
            found.append(Finding(SECTION, "audit", text))
        if gaps := {name: audit["gap"] for name, audit in own.items() if is_incomplete(audit)}:
            text = (
                f"{method}: the maps of {listed([*gaps])} miss {span(gaps.values(), '.0%')} of the "
                "score's gain (median completeness gap): raise `steps`, or take another `baseline`."
            )
            found.append(Finding(SECTION, "audit", text))
    copied, equal = same_files(audits), same_maps(audits, blind)
    for group in dict.fromkeys([*copied, *equal]):
        if len({origins.get(name, name) for name in group}) > 1:
            facts = ["have the same files"] if group in copied else []
            if group in equal:
                facts.append(f"have equal maps by {', '.join(equal[group])}")
            text = f"{listed(group)} {' and '.join(facts)}. Count them once."
            found.append(Finding(SECTION, "audit", text))
    if warnings := sum(len(audit["warnings"]) for audit in audits.values()):
        text = f"The audit of the maps has {warnings} warning{'' if warnings == 1 else 's'}."
        found.append(Finding(SECTION, "audit", text))
    return found


def listed(names: Sequence[str]) -> str:
    """Return names as a part of a sentence."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def by_method(audits: Audits) -> dict[str, dict[str, Row]]:
    """Return the audits of each method, by model."""
    found: dict[str, dict[str, Row]] = {}
    for (method, model), audit in audits.items():
        found.setdefault(method, {})[model] = audit
    return found


def same_maps(audits: Audits, blind: frozenset[str]) -> dict[tuple[str, ...], list[str]]:
    """Return the groups of models with equal maps, each with the methods by which they are."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for method, own in by_method(audits).items():
        for group in equal_models(own) if method not in blind else []:
            groups.setdefault(tuple(group), []).append(method)
    return groups


def same_files(audits: Audits) -> list[tuple[str, ...]]:
    """Return the groups of models whose user-supplied files are the same."""
    groups = {
        tuple(sorted([model, *audit["same_files"]]))
        for (_, model), audit in audits.items()
        if audit["same_files"]
    }
    return sorted(groups)
