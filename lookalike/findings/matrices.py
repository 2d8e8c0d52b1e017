"""User-supplied matrices: what is known of them, and what is not."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from lookalike.findings.finding import Finding
from lookalike.findings.lines import Key, listed, name_keys
from lookalike.findings.models import FEWEST_FOR_A_VERDICT, TOO_FEW

SECTION = "Matrices"
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
    sizes = [
        f"{name_keys(keys, matrices)} over n = {n} image{'' if n == 1 else 's'}"
        f"{'' if n >= FEWEST_FOR_A_VERDICT else f' (no verdict on communities: {TOO_FEW})'}"
        for n, keys in grouped(known.items()).items()
    ]
    if sizes:
        texts.append(f"As the config says: {listed(sizes, between='; ')}.")
    told = [
        f"{name_keys(keys, matrices)}: {note}"
        for note, keys in grouped(
            (key, note) for key, found in notes.items() for note in found
        ).items()
    ]
    if told:
        texts.append(f"Not taken as it is: {listed(told, between='; ')}.")
    everyone = dict.fromkeys(name for _, names in matrices.values() for name in names)
    lacking = {
        key: tuple(name for name in everyone if name not in names)
        for key, (_, names) in matrices.items()
    }
    missing = [
        f"{listed(names)} in {name_keys(keys, matrices)}"
        for names, keys in grouped(lacking.items()).items()
        if names
    ]
    if missing:
        texts.append(
            f"Models that other matrices hold are missing: {listed(missing, between='; ')}."
        )
    same = [
        listed(map(" ".join, keys))
        for keys in grouped((key, content_of(*one)) for key, one in matrices.items()).values()
        if len(keys) > 1
    ]
    if same:
        texts.append(f"Matrices with the same values count once: {listed(same, between='; ')}.")
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
