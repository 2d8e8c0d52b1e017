"""The balanced sample of images that is explained, and the classes that models are trained on."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Literal

from lookalike.core.errors import InputError
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.images.remarks import listed

# Of the training images of each class.
HELD_BACK_SHARE = 0.1


def among(rows: list[Row], images: Collection[str] | None) -> list[Row]:
    """Return the rows of the manifest whose images are among the given ones; None means all."""
    if images is None:
        return rows
    images = set(images)
    return [row for row in rows if row["image"] in images]


def sample_images(
    rows: list[Row], split: str, n: int | Literal["all"], seed: int, trained: Sequence[str] = ()
) -> list[Row]:
    """Draw a sample balanced over classes; a larger n holds the smaller one.

    Parameters
    ----------
    rows : list of dict
        Of the manifest.
    split : {"train", "val"}
    n : int or "all"
    seed : int
    trained : list of str
        Models that are trained on other images, for the errors.

    Returns
    -------
    list of dict
        In the order of the manifest.

    Raises
    ------
    InputError
        If a class has fewer images than its share.
    """
    others = why_split(rows, split, trained)
    rows = [row for row in rows if row["split"] == split]
    if not rows:
        raise InputError(f"images.split: no image in split {split!r}{others}")
    if n == "all":
        return rows
    classes = defaultdict(list)
    for row in rows:
        classes[row["label"]].append(row["image"])
    turns = rng_of(seed, "classes").permutation(sorted(classes)).tolist()
    chosen: set[str] = set()
    for turn, label in enumerate(turns):
        share = n // len(classes) + (turn < n % len(classes))
        members = classes[label]
        if len(members) < share:
            what = f"{share} of class {label!r}, which has" if label else "as many, and there are"
            raise InputError(
                f"images.n: {n} images need {what} {len(members)} in split {split!r}; lower n, "
                f"take `all`, or add images{others}"
            )
        order = rng_of(seed, "sample", label).permutation(len(members))
        chosen.update(members[index] for index in order[:share])
    return [row for row in rows if row["image"] in chosen]


def why_split(rows: Sequence[Row], split: str, trained: Sequence[str]) -> str:
    """Say where the other images of a manifest are, and why; empty if there is no other."""
    others = [row["split"] for row in rows if row["split"] != split]
    if not others:
        return ""
    who = f" of {listed(trained)}" if trained else ""
    return (
        f"; {len(others)} more in split {others[0]!r} are for the training{who}: models are "
        "fine-tuned unless `finetune: false` takes them as they come"
    )


def hold_back(rows: list[Row], seed: int) -> tuple[list[Row], list[Row]]:
    """Split the training images of a manifest into those that models are trained on, and a tenth of
    each class, at least one image, on which the best epoch is chosen.

    Those images are the same for all models. Of a class with a single image none is held back;
    where that goes for all classes, the epoch is chosen on the images of the training themselves.
    """
    train = [row for row in rows if row["split"] == "train"]
    held: set[str] = set()
    for label in sorted({row["label"] for row in train}):
        images = [row["image"] for row in train if row["label"] == label]
        order = rng_of(seed, "held back", label).permutation(len(images))
        count = max(1, round(HELD_BACK_SHARE * len(images))) if len(images) > 1 else 0
        held.update(images[index] for index in order[:count])
    kept, chosen_on = (
        [row for row in train if (row["image"] in held) == is_held] for is_held in (False, True)
    )
    return kept, chosen_on or kept


def training_classes(rows: Sequence[Row], names: str) -> list[str]:
    """Return the classes that models are fine-tuned to tell apart.

    Parameters
    ----------
    rows : list of dict
        Of the manifest.
    names : str
        Of the models, for the errors.

    Returns
    -------
    list of str
        Sorted.

    Raises
    ------
    InputError
        If there are fewer than two classes, a split without images, or classes that are never
        trained.
    """
    way_out = (
        "or take models as they come: `finetune: false` uses timm's pretrained head, `checkpoint` "
        "weights of your own"
    )
    classes = {
        split: {row["label"] for row in rows if row["split"] == split} for split in ("train", "val")
    }
    found = sorted(classes["train"] | classes["val"])
    if len(found) < 2:
        what = "the images are unlabelled" if found in ([], [""]) else f"found only {found[0]!r}"
        raise InputError(
            f"fine-tuning {names}: needs at least two classes, each a folder of images; {what}; "
            f"add class folders, {way_out}"
        )
    if empty := [split for split in classes if not classes[split]]:
        raise InputError(
            f"fine-tuning {names}: no image in split {empty[0]!r}: models are trained on train/ "
            "and their accuracy is measured on val/; add the folder, or give class folders alone, "
            f"which are split here; {way_out}"
        )
    if lost := sorted(classes["val"] - classes["train"]):
        raise InputError(
            f"fine-tuning {names}: no image in split 'train' for {len(lost)} of the "
            f"{len(found)} classes, so that nothing learns them: {listed(lost)}; add images to "
            "train/, or take these classes out of val/"
        )
    return found
