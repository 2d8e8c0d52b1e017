"""What the study of sanity concludes: which methods see the weights, and which do not."""

from collections.abc import Mapping, Sequence

from lookalike.core.types import Row
from lookalike.studies.names import named

SEES, BLIND, UNKNOWN = "sees", "does not see", "cannot tell"
# A method whose maps keep more of the likeness to the trained network's does not see the weights.
KEPT = 0.5
SCALE = (
    "Likeness is that of maps by the network with all weights random (as it is built anew, batch "
    "statistics included) to the trained network's of the same image and class: 1, the same maps; "
    "0, maps of different images. By at least half of the metrics, a method that sees the weights "
    f"is not clearly nearer than chance, and surely below {KEPT:g}; one that does not is surely "
    "above."
)


def verdict_of(row: Row) -> str:
    """Return whether a method sees the weights, of a row where all weights are random."""
    low, high = row["likeness_low"], row["likeness_high"]
    if low > KEPT:
        return BLIND
    return SEES if low <= 0 and high < KEPT else UNKNOWN


def verdicts(rows: Sequence[Row]) -> dict[str, dict[str, str]]:
    """Return the verdict of each method, and of its models where these are of another one.

    Parameters
    ----------
    rows : list of dict
        With `COLUMNS`.

    Returns
    -------
    dict
        From each method and model ("" for all models) to a verdict: that of at least half of the
        metrics, none of which says the contrary. One metric is wrong in at most 2.5% of cases,
        and so are half of them in at most 5%, however they depend on one another.
    """
    found: dict[str, dict[str, str]] = {}
    groups: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["verdict"]:
            groups.setdefault((row["method"], row["model"]), []).append(row["verdict"])
    for (method, model), said in groups.items():
        found.setdefault(method, {})[model] = next(
            (
                verdict
                for verdict, contrary in ((BLIND, SEES), (SEES, BLIND))
                if 2 * said.count(verdict) >= len(said) and contrary not in said
            ),
            UNKNOWN,
        )
    return found


def blind_methods(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Return the methods that do not see the weights, each with the models of which it does not;
    none where that is so of all models together.
    """
    found = {}
    for method, own in verdicts(rows).items():
        models = [model for model, verdict in own.items() if model and verdict == BLIND]
        if own.get("") == BLIND or models:
            found[method] = [] if own.get("") == BLIND else models
    return found


def say_blind(rows: Sequence[Row]) -> str:
    """Name the methods that do not see the weights; nothing where there are none."""
    parts = []
    for method, models in blind_methods(rows).items():
        of = models or [""]
        own = [
            row
            for row in rows
            if row["method"] == method and row["model"] in of and row["verdict"] == BLIND
        ]
        models_text = f" on {named(models)}" if models else ""
        parts.append(f"{method}{models_text} ({say_likeness(own)})")
    if not parts:
        return ""
    return (
        f"These methods do NOT see the weights: {'; '.join(parts)}. With all weights random, their "
        "maps stay nearer to the trained network's than half of the way to chance, so that what is "
        "concluded from them is not about what networks have learned."
    )


def say_likeness(rows: Sequence[Row], nearest: bool = False) -> str:
    """Return the likeness of the row that is farthest from the trained network's maps, or the
    nearest, as text.
    """
    known = sorted((row for row in rows if not row["untested"]), key=lambda one: one["likeness"])
    row = known[-1 if nearest else 0]
    return (
        f"likeness {row['likeness']:.2f}, 95% interval {row['likeness_low']:.2f} to "
        f"{row['likeness_high']:.2f}, {row['metric']}, {row['n']:.0f} images"
    )


def conclude(rows: Sequence[Row], left_out: Mapping[str, str]) -> list[str]:
    """Say which methods see the weights, and which do not.

    Parameters
    ----------
    rows : list of dict
        With `COLUMNS`.
    left_out : dict
        From a model that was left out to the reason.
    """
    sentences = [f"Left out: {model} ({why})." for model, why in left_out.items()]
    if blind := say_blind(rows):
        sentences.append(blind)
    known = verdicts(rows)
    for verdict, start in ((SEES, "See the weights"), (UNKNOWN, "Cannot tell over all models")):
        parts = []
        for method in (name for name, own in known.items() if own[""] == verdict):
            own = [row for row in rows if row["method"] == method and row["verdict"]]
            of_all = [row for row in own if not row["model"]]
            why = next((row["untested"] for row in of_all if row["untested"]), "")
            parts.append(f"{method} ({why or say_span(of_all)})")
        if parts:
            sentences.append(f"{start}: {'; '.join(parts)}.")
    return [*sentences, SCALE] if known else [*sentences, "Cannot tell: no model is left."]


def say_span(rows: Sequence[Row]) -> str:
    """Return the likeness under each metric as text."""
    return ", ".join(
        f"{row['metric']} {row['likeness']:.2f} [{row['likeness_low']:.2f}, "
        f"{row['likeness_high']:.2f}]"
        for row in rows
    )


def table_of(rows: Sequence[Row]) -> list[Row]:
    """Return the verdicts over all models, as the report shows them."""
    return [
        {
            "method": row["method"],
            "metric": row["metric"],
            "likeness": "" if row["untested"] else f"{row['likeness']:.2f}",
            "95% interval": ""
            if row["untested"]
            else f"{row['likeness_low']:.2f} to {row['likeness_high']:.2f}",
            "verdict": row["verdict"],
            "because": row["untested"],
        }
        for row in rows
        if row["verdict"] and not row["model"]
    ]
