"""Comparison of two blocks of models, image by image, with the chance value of every pair."""

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lookalike.core.cards import Metric, Prepared
from lookalike.core.memoising import sharing
from lookalike.core.seeding import rng_of

# Metrics, each with its options.
Choices = Sequence[tuple[Metric, dict[str, Any]]]
# For chance, by the cost of a metric. The more, the smaller is the error of chance.
DERANGEMENTS = {"product": 4, "pairs": 1}
# Maps (n, H, W) of every model of a block, or whatever gives one map at a time.
Block = Sequence[Any]


def image_cycle(n: int, seed: int) -> np.ndarray:
    """Return a random order of the images, shape (n,), read as a cycle: the partners for chance of
    an image are those that follow it.

    Walking along it, the partners' prepared maps are those that the next steps need anyway.
    """
    return rng_of(seed, "derangement", n).permutation(n)


def image_partners(n: int, seed: int, derangements: int) -> np.ndarray:
    """Return the partners for chance of every image, shape (derangements, n)."""
    order = image_cycle(n, seed)
    partners = np.empty((derangements, n), int)
    for step in range(derangements):
        partners[step, order] = np.roll(order, -1 - step)
    return partners


def derangements_of(metric: Metric, n: int) -> int:
    """Return with how many other images each image is compared for chance, of n."""
    return min(DERANGEMENTS[metric.cost], n - 1)


def compare_blocks(
    metrics: Choices,
    x: Block,
    y: Block,
    *,
    seed: int,
    x_names: Sequence[str] | None = None,
    y_names: Sequence[str] | None = None,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Compare every model of one block with every model of another on every image.

    The values of a pair are the same, to the bit, in whichever blocks its models are.

    Parameters
    ----------
    metrics : list of (Metric, dict)
        Each with its options. What they have in common is computed once.
    x : list of array_like, each of shape (n, H, W)
        Maps of the a models of the first block; or whatever gives one map at a time.
    y : list of array_like, each of shape (n, H, W)
        Maps of the b models of the second block, or `x` itself for the pairs within one block.
    seed : int
        Of the derangement.
    x_names, y_names : sequence of str, optional
        Names of the models, for chance between two blocks: the model whose name comes first is the
        one on image i. Without names it is that of `x`.

    Returns
    -------
    values : ndarray, shape (metrics, n, a, b)
        Dissimilarity on image i. Within one block: symmetric, 0 on the diagonal.
    chance : list of ndarray, shape (derangements, n, a, b)
        For each metric; as many as `derangements_of` says. Dissimilarity between the first model's
        map of image i and the second's of its partner, by `image_partners`. Within one block only
        above the diagonal, NaN elsewhere.
    """
    n = len(x[0])
    within = y is x
    values = np.full((len(metrics), n, len(x), len(y)), np.nan)
    numbers = [derangements_of(metric, n) for metric, _ in metrics]
    chance = [np.full((number, *values.shape[1:]), np.nan) for number in numbers]
    exchanged = np.zeros((len(x), len(y)), bool)
    if x_names is not None and y_names is not None and not within:
        exchanged = np.array([[first > second for second in y_names] for first in x_names])

    def prepared(image: int) -> tuple[list[Prepared], list[Prepared]]:
        first = prepare(metrics, x, image)
        return first, first if within else prepare(metrics, y, image)

    order, ahead = image_cycle(n, seed), max(numbers)
    coming = map(prepared, order)
    first = list(itertools.islice(coming, ahead))
    window = deque(first, maxlen=ahead + 1)
    # The first images come again at the end, as partners of the last.
    for image, last in zip(order, itertools.chain(coming, first), strict=True):
        window.append(last)
        values[:, image] = compare_prepared(metrics, *window[0])
        for step in range(ahead):
            needed = [index for index, number in enumerate(numbers) if step < number]
            here, partner = (part_of_metrics(window[place], needed) for place in (0, step + 1))
            chosen = [metrics[index] for index in needed]
            found = compare_with_partner(chosen, here, partner, exchanged, within)
            for index, table in zip(needed, found, strict=True):
                chance[index][step, image] = table
    return values, chance


def part_of_metrics(
    blocks: tuple[list[Prepared], list[Prepared]], metrics: Sequence[int]
) -> tuple[list[Prepared], list[Prepared]]:
    """Return what was prepared for some of the metrics."""
    first, second = blocks
    return [first[index] for index in metrics], [second[index] for index in metrics]


def compare_with_partner(
    metrics: Choices,
    here: tuple[list[Prepared], list[Prepared]],
    partner: tuple[list[Prepared], list[Prepared]],
    exchanged: np.ndarray,
    within: bool,
) -> np.ndarray:
    """Return the dissimilarities, shape (metrics, a, b), between maps of one image by two blocks
    and those of the partner: x here with y there, or y here with x there where exchanged (a, b).
    Within one block, only the pairs above the diagonal.
    """
    if within:
        return compare_prepared(metrics, here[0], partner[1], upper=True)
    table = np.empty((len(metrics), *exchanged.shape))
    for rows in runs(row.tobytes() for row in exchanged):
        for columns in runs(exchanged[rows.start]):
            if exchanged[rows.start, columns.start]:
                values = compare_prepared(
                    metrics, part_of(here[1], columns), part_of(partner[0], rows)
                ).transpose(0, 2, 1)
            else:
                values = compare_prepared(
                    metrics, part_of(here[0], rows), part_of(partner[1], columns)
                )
            table[:, rows, columns] = values
    return table


def runs(keys: Iterable[object]) -> Iterator[slice]:
    """Yield the slices of keys that are equal one after another."""
    start = 0
    for _, group in itertools.groupby(keys):
        stop = start + sum(1 for _ in group)
        yield slice(start, stop)
        start = stop


def part_of(block: list[Prepared], rows: slice) -> list[Prepared]:
    """Return some of the maps that were prepared for every metric, as views."""
    return [
        maps[rows]
        if isinstance(maps, np.ndarray)
        else getattr(maps, "_make", tuple)(array[rows] for array in maps)
        for maps in block
    ]


def compare_maps(metrics: Choices, x: ArrayLike) -> np.ndarray:
    """Compare maps with each other.

    Parameters
    ----------
    metrics : list of (Metric, dict)
        Each with its options.
    x : array_like, shape (a, H, W)

    Returns
    -------
    ndarray, shape (metrics, a, a)
        Symmetric, 0 on the diagonal.

    Notes
    -----
    What metrics share is kept until all are computed: some ten arrays of the maps' size, for all
    metrics together.
    """
    maps = np.asarray(x)
    values = np.empty((len(metrics), len(maps), len(maps)))
    with sharing():
        for index, (metric, options) in enumerate(metrics):
            values[index] = compare_within(metric, metric.prepared(maps, **options), options)
    return values


def prepare(metrics: Choices, block: Block, image: int) -> list[Prepared]:
    """Return the maps of an image by a block of models as every metric takes them."""
    maps = np.stack([maps[image] for maps in block])
    with sharing():
        return [metric.prepared(maps, **options) for metric, options in metrics]


def compare_prepared(
    metrics: Choices, x: list[Prepared], y: list[Prepared], *, upper: bool = False
) -> np.ndarray:
    """Return the dissimilarities, shape (metrics, a, b), of maps prepared for every metric."""
    with sharing():
        return np.stack(
            [
                compare_within(metric, first, options)
                if first is second
                else compare_across(metric, first, second, options, upper=upper)
                for (metric, options), first, second in zip(metrics, x, y, strict=True)
            ]
        )


def compare_within(metric: Metric, x: Prepared, options: dict[str, Any]) -> np.ndarray:
    """Return the dissimilarities within one block of prepared maps, shape (a, a), each pair
    computed once.
    """
    values = np.triu(metric.compare(x, x, upper=True, **options), 1)
    return values + values.T


def compare_across(
    metric: Metric, x: Prepared, y: Prepared, options: dict[str, Any], *, upper: bool = False
) -> np.ndarray:
    """Return the dissimilarities between two blocks of prepared maps, shape (a, b); NaN where not
    needed.
    """
    values = metric.compare(x, y, upper=upper, **options)
    return np.where(np.triu(np.ones(values.shape, bool), 1), values, np.nan) if upper else values
