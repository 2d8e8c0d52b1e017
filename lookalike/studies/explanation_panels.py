"""What do the maps look like? The images on which models agree most and least, for pages."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from lookalike.compare.image_table import ImageTable
from lookalike.compare.resampling import unit_weights, with_interval
from lookalike.core import io
from lookalike.core.errors import InputError, near_names
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.images.tables import ids_of
from lookalike.inference.significance import FEWEST_MODELS, too_few_models, why_too_few

COLUMNS = ("rank", "image", "label", "disagreement", "chosen", "page")
BY_METHOD = ("image", "method", "metric", "dissimilarity", "disagreement", "pairs")
# Why an image has a page.
AGREE, DISAGREE, RANDOM, NAMED = "agreement", "disagreement", "random", "named"
# Of the models into halves; and of the images, for intervals.
SPLITS, RESAMPLES = 20, 500
# Of the report's table.
MOST_ROWS = 20


def mean_dissimilarity(table: ImageTable) -> np.ndarray:
    """Return the mean over all pairs of models on each image, shape (n,); NaN where none counts."""
    known = np.isfinite(table.values)
    sums, counts = np.where(known, table.values, 0).sum(axis=1), known.sum(axis=1)
    return np.divide(sums, counts, out=np.full(len(table), np.nan), where=counts > 0)


def chance_of(table: ImageTable) -> float:
    """Return the mean dissimilarity of maps of different images; NaN where it is not known, or
    0.
    """
    known = table.chance[np.isfinite(table.chance)]
    return float(known.mean()) if known.any() else np.nan


def disagreements(tables: Sequence[ImageTable], images: int | None = None) -> np.ndarray:
    """Return how far models disagree on each image.

    Parameters
    ----------
    tables : list of ImageTable
        Of independent models, on the same images; one of each method.
    images : int, optional
        Their number, for the case that there is no table.

    Returns
    -------
    ndarray, shape (n,)
        The mean over all pairs of models, as a share of the mean dissimilarity of maps of different
        images, then over the methods: 0 where all maps are equal, about 1 where they have no more
        in common than maps of different images. NaN where no pair counts.
    """
    if not tables:
        return np.full(images or 0, np.nan)
    shares = np.array([mean_dissimilarity(table) / chance_of(table) for table in tables])
    known = np.isfinite(shares)
    sums, counts = np.where(known, shares, 0).sum(axis=0), known.sum(axis=0)
    return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)


def choose_pages(
    rows: Sequence[Row],
    found: np.ndarray,
    *,
    agree: int,
    disagree: int,
    random: int,
    images: Sequence[str],
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
    seed : int

    Returns
    -------
    dict
        From the index of an image to why it was chosen; in the order of `order_of`.

    Raises
    ------
    InputError
        If a named image is none of those that are explained.
    """
    order = order_of(found)
    known = [index for index in order if np.isfinite(found[index])]
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
    rest = [index for index in range(len(rows)) if not reasons[index]]
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


def agreement_of_halves(tables: Sequence[ImageTable], seed: int) -> Row:
    """Return how alike random halves of the models order the images: the mean correlation of the
    disagreement within either half, as `halves` with its interval; and `untested`, why it is not
    known, or empty.
    """
    about: Row = {"halves": np.nan, "halves_low": np.nan, "halves_high": np.nan}
    names = sorted(set.intersection(*(set(table.names) for table in tables)) if tables else ())
    if len(names) < FEWEST_MODELS:
        return about | {"untested": too_few_models(len(names))}
    if reason := why_too_few(disagreements(tables)[:, None], tables[0].units):
        return about | {"untested": reason}
    rng = rng_of(seed, "halves of models", len(names))
    sides = []
    for _ in range(SPLITS):
        order = rng.permutation(names).tolist()
        parts = (order[: len(names) // 2], order[len(names) // 2 :])
        sides.append([disagreements([table.of(part) for table in tables]) for part in parts])
    return about | correlate(sides, "halves", tables[0].units, seed) | {"untested": ""}


def agreement_of_methods(tables: Sequence[ImageTable], seed: int) -> Row:
    """Return the mean correlation of the disagreement by any two methods, as `methods` with its
    interval.
    """
    sides = [*combinations([mean_dissimilarity(table) for table in tables], 2)]
    return correlate(sides, "methods", tables[0].units, seed)


def correlate(
    sides: Sequence[Sequence[np.ndarray]], name: str, units: np.ndarray, seed: int
) -> Row:
    """Return the mean over pairs of vectors (n,) of Pearson's correlation, with its interval over
    resamples of the units (n,) of the images.
    """
    weights = np.vstack([np.ones(len(units)), unit_weights(units, RESAMPLES, seed)])
    found = [correlations(weights, *pair) for pair in sides]
    return with_interval(np.mean(found, axis=0), name, len(np.unique(units)))


def correlations(weights: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of two vectors (n,) under each row of weights (B, n); images
    without a value in either do not count.
    """
    known = np.isfinite(one) & np.isfinite(other)
    x, y, w = one[known] - one[known].mean(), other[known] - other[known].mean(), weights[:, known]
    with np.errstate(divide="ignore", invalid="ignore"):
        total = w.sum(axis=1)
        mean_x, mean_y = w @ x / total, w @ y / total
        shared = w @ (x * y) / total - mean_x * mean_y
        spread = (w @ x**2 / total - mean_x**2) * (w @ y**2 / total - mean_y**2)
        found: np.ndarray = shared / np.sqrt(spread)
    return found


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
