"""Names of a network's classes: ImageNet's, those of the images' folders, or numbers."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any

from lookalike.models.compiler import import_timm

timm = import_timm()

# A folder may hold more than the synset, as `n02099601-golden_retriever` does.
SYNSET = re.compile(r"n\d{8}(?!\d)")


def name_classes(
    outputs: int, labels: Sequence[str], known: Sequence[str] | None = None, own: bool = False
) -> list[str]:
    """Return the names of a network's outputs, by which they are compared with labels and with the
    classes of other models.

    Parameters
    ----------
    outputs : int
        Their number. As many as ImageNet-1k has (or 12k, 21k, 22k) are taken for its classes.
    labels : list of str
        The images' labels, sorted; the empty one is none.
    known : list of str, optional
        Names that come with timm's weights.
    own : bool
        Whether the weights are user-supplied. As many outputs as there are labels are then the
        labels in alphabetical order, also where ImageNet has as many.

    Returns
    -------
    list of str
        ImageNet's classes by their synsets (`n02124075`). Where every label is the synset or a name
        of one class, the label stands for it.
    """
    labels = [label for label in labels if label]
    subset = timm.data.infer_imagenet_subset({"num_classes": outputs})
    known = list(known or ())
    named = len(set(known)) == len(known) == outputs
    if named:
        classes, source = known, "those of the weights"
    elif subset:
        classes, source = (
            timm.data.ImageNetInfo(subset).label_names(),
            f"timm's {subset}, by their number",
        )
    else:
        classes, source = [str(index) for index in range(outputs)], "numbers"
    found = classes_of_labels(labels, classes) if labels else {}
    if len(labels) == outputs and not (found or named) and (own or not subset):
        classes, source = list(labels), "the images' folders, in alphabetical order"
    elif labels and not found:
        source += "; not every label of the images is one of them"
    print(f"names of the {outputs} classes: {source}")
    return [found.get(name, name) for name in classes]


def classes_of_labels(labels: Sequence[str], classes: Sequence[str]) -> dict[str, str]:
    """Return the label of each class that one names; nothing unless every label names exactly one
    class, and each another.
    """
    meant: dict[str, set[str]] = defaultdict(set)
    for name in classes:
        for text in (name, *lemmas_of(name)):
            meant[plain(text)].add(name)
    found: dict[str, str] = {}
    for label in labels:
        of_label = meant.get(plain(label)) or meant.get(synset_of(label), set())
        found |= {name: label for name in of_label if len(of_label) == 1}
    return found if len(found) == len(labels) else {}


def plain(text: str) -> str:
    """Return a name as it is compared with others: `Egyptian_cat` is `egyptian cat`."""
    return " ".join(re.split(r"[\s_-]+", text.casefold()))


def readable_names(classes: Sequence[str]) -> list[str]:
    """Return what figures show for classes: `Egyptian cat` for `n02124075`.

    That is the first of a synset's lemmas; all of them where several classes share the first one,
    with the class itself where that does not tell them apart. What is no synset stays as it is.
    """
    lemmas = [lemmas_of(name) or [name] for name in classes]
    firsts, wholes = Counter(one[0] for one in lemmas), Counter(map(", ".join, lemmas))
    names = []
    for name, own in zip(classes, lemmas, strict=True):
        whole = ", ".join(own)
        if firsts[own[0]] == 1 or own == [name]:
            names.append(own[0])
        else:
            names.append(whole if wholes[whole] == 1 else f"{whole} ({name})")
    return names


def synset_of(name: str) -> str:
    """Return the synset that a name is or begins with; empty if it does not."""
    found = SYNSET.match(name)
    return found[0] if found else ""


def lemmas_of(name: str) -> list[str]:
    """Return the lemmas of the synset that a name begins with; none if WordNet's nouns lack it."""
    try:
        return all_synsets().label_name_to_description(synset_of(name)).split(", ")
    except KeyError:
        return []


@cache
def all_synsets() -> Any:
    """Return timm's table of synsets; it has the lemmas of all, whatever the subset."""
    return timm.data.ImageNetInfo()
