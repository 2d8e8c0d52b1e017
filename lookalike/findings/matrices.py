"""Sentences about user-supplied matrices: what is known of them, and what is not."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from lookalike.findings.finding import Finding
from lookalike.findings.models import FEWEST_FOR_A_VERDICT, TOO_FEW

SECTION = "Matrices"

# Method and metric of a matrix.
Key = tuple[str, str]
Value = TypeVar("Value", bound=Hashable)


def given_findings(
    matrices: Mapping[Key, tuple[np.ndarray, Sequence[str]]],
    images: Mapping[Key, int | None],
    notes: Mapping[Key, Sequence[str]],
) -> list[Finding]:
    """Say how user-supplied matrices were taken, and in what they differ.

    Parameters
    ----------
    matrices : mapping
        From (method, metric) to the matrix and its names.
    images : mapping
        From (method, metric) to the number of images behind it; None where it is not known.
    notes : mapping
        From (method, metric) to what of its file was not taken as it is.
    """
    if not matrices:
        return []
    count = len(matrices)
    texts = [
        f"{count} user-supplied {'matrix is' if count == 1 else 'matrices are'} taken as "
        f"{'it is' if count == 1 else 'they are'}: without intervals, chance levels and clade "
        "supports; communities are not compared with chance, and noise that two matrices share "
        "counts as agreement."
    ]
    known = {key: n for key, n in images.items() if key in matrices and n is not None}
    texts += [
        f"{name_keys(keys)}: over n = {n} image{'' if n == 1 else 's'}, as the config says"
        f"{'' if n >= FEWEST_FOR_A_VERDICT else f'; no verdict on communities: {TOO_FEW}'}."
        for n, keys in grouped(known.items()).items()
    ]
    texts += [
        f"{name_keys(keys)}: {note}."
        for note, keys in grouped(
            (key, note) for key, found in notes.items() for note in found
        ).items()
    ]
    everyone = dict.fromkeys(name for _, names in matrices.values() for name in names)
    lacking = {
        key: tuple(name for name in everyone if name not in names)
        for key, (_, names) in matrices.items()
    }
    texts += [
        f"{name_keys(keys)}: without {', '.join(missing)}, which other matrices hold."
        for missing, keys in grouped(lacking.items()).items()
        if missing
    ]
    texts += [
        f"{name_keys(keys)} hold the same values: count them once."
        for keys in grouped((key, content_of(*one)) for key, one in matrices.items()).values()
        if len(keys) > 1
    ]
    return [Finding(SECTION, "matrices", text) for text in texts]


def content_of(values: np.ndarray, names: Sequence[str]) -> tuple[tuple[str, ...], bytes]:
    """Return the models and values of a matrix in the order of the names, to be compared."""
    order = sorted(range(len(names)), key=names.__getitem__)
    return tuple(sorted(names)), np.round(values[np.ix_(order, order)], 12).tobytes()


def grouped(found: Iterable[tuple[Key, Value]]) -> dict[Value, list[Key]]:
    """Return the keys that have one value, by that value."""
    groups: dict[Value, list[Key]] = {}
    for key, value in found:
        groups.setdefault(value, []).append(key)
    return groups


def name_keys(keys: Iterable[Key]) -> str:
    """Return methods, each with its metrics, as text."""
    metrics: dict[str, list[str]] = {}
    for method, metric in keys:
        metrics.setdefault(method, []).append(metric)
    return "; ".join(f"{method} {', '.join(own)}" for method, own in metrics.items())
