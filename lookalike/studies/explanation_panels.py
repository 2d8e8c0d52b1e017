"""What do the maps look like? The images on which models agree most and least, for pages."""

from collections.abc import Mapping, Sequence

import numpy as np

from lookalike.compare.image_table import ImageTable
from lookalike.core import io
from lookalike.core.errors import InputError, near_names
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.images.tables import ids_of
from lookalike.inference.disagreement import (
    agreement_of_halves,
    agreement_of_methods,
    chance_of,
    mean_dissimilarity,
)

COLUMNS = ("rank", "image", "label", "disagreement", "chosen", "page")
BY_METHOD = ("image", "method", "metric", "dissimilarity", "disagreement", "pairs")
# Why an image has a page.
AGREE, DISAGREE, RANDOM, NAMED = "agreement", "disagreement", "random", "named"
# Of the report's table.
MOST_ROWS = 20


def choose_pages(
    rows: Sequence[Row],
    found: np.ndarray,
    *,
    agree: int,
    disagree: int,
    random: int,
    images: Sequence[str],
    same_prediction: bool = False,
    classes: np.ndarray | None = None,
    seed: int,
) -> dict[int, list[str]]:
    """Choose the images that have a page.

    Parameters
    ----------
    rows : list of dict
        Of the explained images.
    found : ndarray, shape (n,)
        Of `disagreements`.
    agree, disagree : int
        How many of least, and of most disagreement.
    random : int
        How many of the others.
    images : list of str
        Ids or names of the files of those that are named.
    same_prediction : bool
        Whether the others are chosen among images that all models classify alike.
    classes : ndarray, shape (n, models), optional
        Predicted class by name, where predictions are known.
    seed : int

    Returns
    -------
    dict
        From the index of an image to why it was chosen; in the order of `order_of`.

    Raises
    ------
    InputError
        If a named image is none of those that are explained, or predictions are not known.
    """
    allowed = np.ones(len(rows), bool)
    if same_prediction:
        if classes is None:
            raise InputError(
                "config: explanation_panels.same_prediction: needs the predicted classes of models "
                "that run here; leave it out"
            )
        allowed = (classes == classes[:, :1]).all(axis=1)
    order = order_of(found)
    known = [index for index in order if np.isfinite(found[index]) and allowed[index]]
    reasons: dict[int, list[str]] = {index: [] for index in order}
    for index in known[:agree]:
        reasons[index].append(AGREE)
    for index in known[len(known) - min(disagree, len(known)) :]:
        reasons[index].append(DISAGREE)
    ids = ids_of(rows)
    places = {row["image"]: index for index, row in enumerate(rows)}
    for name in images:
        if name not in ids:
            raise InputError(
                f"config: explanation_panels.images: {name!r} is none of the {len(rows)} images "
                f"that are explained{near_names(name, list(ids))}"
            )
        reasons[places[ids[name]]].append(NAMED)
    rest = [index for index in range(len(rows)) if allowed[index] and not reasons[index]]
    for index in rng_of(seed, "pages").permutation(rest)[:random].astype(int).tolist():
        reasons[index].append(RANDOM)
    return {index: why for index, why in reasons.items() if why}


def order_of(found: np.ndarray) -> list[int]:
    """Return the images from the least to the most disagreement, last those without any."""
    return np.argsort(found, kind="stable").tolist()


def describe_images(
    rows: Sequence[Row], found: np.ndarray, chosen: Mapping[int, Sequence[str]]
) -> list[Row]:
    """Return a row for each image with `COLUMNS`, from the least to the most disagreement; pages
    are numbered in this order.
    """
    pages = {index: page for page, index in enumerate(chosen, 1)}
    return [
        {
            "rank": rank if np.isfinite(found[index]) else "",
            "image": rows[index]["image"],
            "label": rows[index]["label"],
            "disagreement": found[index],
            "chosen": " ".join(chosen.get(index, ())),
            "page": pages.get(index, ""),
        }
        for rank, index in enumerate(order_of(found), 1)
    ]


def describe_methods(tables: Sequence[ImageTable]) -> list[Row]:
    """Return a row for each image and method with `BY_METHOD`: the mean dissimilarity of the pairs
    of models that count, as it is and as a share of chance.
    """
    rows = []
    for table in tables:
        means, chance = mean_dissimilarity(table), chance_of(table)
        counts = np.isfinite(table.values).sum(axis=1)
        for image, mean, count in zip(table.images, means, counts, strict=True):
            cells = (image, table.key.method, table.key.metric, mean, mean / chance, count)
            rows.append(dict(zip(BY_METHOD, cells, strict=True)))
    return rows


def check_images(rows: Sequence[Row], tables: Sequence[ImageTable]) -> None:
    """Refuse tables of other images than those of the sample."""
    ids = [row["image"] for row in rows]
    for table in tables:
        io.same_images(ids, table.images, "the sample", f"{table.key.method}, {table.key.metric}")


def conclude(images: Sequence[Row], tables: Sequence[ImageTable], seed: int) -> list[str]:
    """Say on which images models agree, and whether that is a property of the images.

    Parameters
    ----------
    images : list of dict
        Of `describe_images`.
    tables : list of ImageTable
        As for `disagreements`.
    seed : int
    """
    pages = sum(row["page"] != "" for row in images)
    shown = f"{pages} of {len(images)} images have a page, from the least to the most disagreement"
    known = [row for row in images if np.isfinite(row["disagreement"])]
    if not known:
        return [f"{shown}: cannot tell on which models agree, since no two can be compared."]
    least, middle, most = (known[place] for place in (0, len(known) // 2, -1))
    sentences = [
        f"{shown}.",
        f"Models agree most on {least['image']} (disagreement {least['disagreement']:.2f}, where 1 "
        f"is that of maps of different images) and least on {most['image']} "
        f"({most['disagreement']:.2f}); the median is {middle['disagreement']:.2f}.",
    ]
    halves = agreement_of_halves(tables, seed)
    if halves["untested"]:
        why = halves["untested"]
        return [*sentences, f"Cannot tell whether that is about images or single models: {why}."]
    numbers = numbers_of(halves, "halves")
    sentences.append(
        f"Random halves of the models order the images alike ({numbers}), so that the order is a "
        "property of the images."
        if halves["halves_low"] > 0
        else "Cannot tell on which images models agree: random halves of the models do not order "
        f"them alike ({numbers})."
    )
    if len(tables) > 1:
        methods = agreement_of_methods(tables, seed)
        alike = "order" if methods["methods_low"] > 0 else "cannot be told to order"
        sentences.append(f"Methods {alike} the images alike ({numbers_of(methods, 'methods')}).")
    return sentences


def numbers_of(row: Row, name: str) -> str:
    """Return a correlation with its interval as text."""
    return (
        f"correlation {row[name]:.2f}, 95% interval {row[f'{name}_low']:.2f} to "
        f"{row[f'{name}_high']:.2f}"
    )


def summarise(images: Sequence[Row]) -> list[Row]:
    """Return the first pages, as rows of the report's table."""
    names = ("page", "image", "label", "disagreement", "chosen")
    pages = [row for row in images if row["page"] != ""]
    return [
        {name: "unknown" if row[name] != row[name] else row[name] for name in names}
        for row in pages[:MOST_ROWS]
    ]


def note_of(row: Row, images: int) -> str:
    """Return what the title of a page says of its image."""
    if row["rank"] == "":
        return f" ({row['chosen']}; no disagreement known)"
    return (
        f" (disagreement {row['disagreement']:.2f}, rank {row['rank']} of {images}; chosen: "
        f"{row['chosen'].replace(' ', ', ')})"
    )
