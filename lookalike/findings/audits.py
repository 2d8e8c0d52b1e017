"""Models whose maps say nothing, or the same as another's."""

from collections.abc import Mapping

from lookalike.core.types import Row
from lookalike.findings.finding import YES, Answer, Finding
from lookalike.findings.lines import listed
from lookalike.findings.models import SECTION
from lookalike.maps.audit import LARGEST_GAP, dead_models, equal_models

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
    by = by_method(audits)
    dead = {method: names for method, own in by.items() if (names := dead_models(own))}
    gaps = {
        method: missing
        for method, own in by.items()
        if (missing := {name: one for name, one in own.items() if one["incomplete"]})
    }
    texts = []
    if dead:
        parts = (f"{method}: {listed(names)}" for method, names in dead.items())
        texts.append(
            f"All maps are zero for {listed(parts, between='; ')}. No matrix, group or test of "
            "these methods has these models."
        )
    if gaps:
        parts = (
            f"{method}: "
            + listed(
                f"{name} ({len(one['incomplete'])} of {one['n']} maps, up to "
                f"{max(one['incomplete'].values()):.0%})"
                for name, one in missing.items()
            )
            for method, missing in gaps.items()
        )
        texts.append(
            f"Maps miss more than {LARGEST_GAP:.0%} of the score (completeness gap) for "
            f"{listed(parts, between='; ')}: take `steps: auto`, more steps, or another `baseline`."
        )
    copied, equal = same_files(audits), same_maps(audits, blind)
    alike = []
    for group in dict.fromkeys([*copied, *equal]):
        if len({origins.get(name, name) for name in group}) > 1:
            facts = ["have the same files"] if group in copied else []
            if group in equal:
                facts.append(f"have equal maps by {listed(equal[group])}")
            alike.append(f"{listed(group)} {' and '.join(facts)}")
    if alike:
        texts.append(f"Models to be counted once: {listed(alike, between='; ')}.")
    warned = tuple(
        Answer("audit", YES, method, subject=(model,), reason=warning)
        for (method, model), audit in audits.items()
        for warning in audit["warnings"]
    )
    findings = [Finding(SECTION, "audit", text) for text in texts]
    if warned:
        text = (
            f"The audit of the maps has {len(warned)} warning{'' if len(warned) == 1 else 's'}, "
            f"for {listed(dict.fromkeys(f'{one.method} {one.subject[0]}' for one in warned))}."
        )
        findings.append(Finding(SECTION, "audit", text, warned))
    return findings


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
