"""What users should know of their images: how some are read, and what the splits share."""

from collections import Counter
from collections.abc import Sequence

from lookalike.core.types import Row

MOST_NAMED = 3


def remarks(
    rows: Sequence[Row], skipped: Sequence[Row] = (), is_training: bool = False
) -> list[str]:
    """Say in sentences what is special about the images of a manifest.

    Parameters
    ----------
    rows : list of dict
        Of the manifest.
    skipped : list of dict
        Files that are no images, as of `find_files`.
    is_training : bool
        Whether models are trained here, so that what the splits share counts.
    """
    found = []
    if skipped:
        kinds = Counter(row["kind"] for row in skipped)
        named = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        found.append(
            f"Not read in the folder of the images, since they are no images: {named} "
            "(`images/skipped.csv`)."
        )
    notes = []
    for note in sorted({part for row in rows for part in row["note"].split("; ") if part}):
        those = [row["image"] for row in rows if note in row["note"]]
        notes.append(f"{counted(len(those), 'image')}: {note} (for example {those[0]})")
    if notes:
        found.append(f"{'; '.join(notes)}.")
    if not is_training:
        return found
    train, val = ([row for row in rows if row["split"] == split] for split in ("train", "val"))
    known = {row["sha256"]: row["image"] for row in train}
    if leaked := [row for row in val if row["sha256"] in known]:
        found.append(
            f"Leak: {len(leaked)} of {len(val)} images of the split val are in train too, as "
            f"identical files (for example {leaked[0]['image']} and "
            f"{known[leaked[0]['sha256']]}): models were trained on them, and accuracies are too "
            "high."
        )
    if unseen := sorted({row["label"] for row in train} - {row["label"] for row in val}):
        found.append(
            f"Classes without an image in the split val: {listed(unseen)}; they are trained, and "
            "never tested."
        )
    return found


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """Return a few names, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(map(repr, names[:MOST_NAMED])) + (f" and {more} more" if more > 0 else "")
