"""Maps of several models compared in one call: the workflow's functions, without its files."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from lookalike.compare.aggregation import AGGREGATES
from lookalike.compare.dissimilarities import Key
from lookalike.compare.image_table import assemble, without_dead
from lookalike.compare.pairs import compare_blocks, image_partners
from lookalike.compare.summary import summarise_images
from lookalike.core import registry
from lookalike.core.errors import InputError, unknown
from lookalike.notebook.checks import checked_maps, range_of, unit_numbers
from lookalike.notebook.comparison import Comparison


def compare_maps(
    maps: Mapping[str, Any],
    metric: str = "cosine",
    *,
    images: Iterable[str] | None = None,
    options: Mapping[str, Any] | None = None,
    data_range: float | None = None,
    aggregate: str = "mean",
    resamples: int = 1000,
    seed: int = 0,
    units: Iterable[Any] | None = None,
) -> Comparison:
    """Compare the maps of several models, every pair on every image.

    Parameters
    ----------
    maps : dict
        From a model's name to its maps, array-like of shape (n, H, W): of the same n images for all
        models, in the same order. They are compared as they are; the metrics' cards in
        docs/metrics.md say which of scale, offset and sign matter. A model whose maps are all zero
        is left out.
    metric : str
        As in the config, for example "cosine", "ssim" or "emd".
    images : iterable of str, optional
        The n ids; else 0, 1, ...
    options : dict, optional
        Of the metric, for example {"sigma": 80} for "rbf".
    data_range : float, optional
        Of metrics that need a known range (ssim, psnr): how far the largest possible value is above
        the smallest. By default 2.0 if any value is negative, else 1.0; then no value may lie
        outside [-1, 1].
    aggregate : {"mean", "mean_std"}
        From the values of single images to one dissimilarity; `mean_std` is sqrt(mean^2 + std^2).
    resamples : int
        Of the images, for intervals, support and stability.
    seed : int
        The same seed, maps and units give the same numbers as the workflow.
    units : iterable, optional
        A group for each image, such as its scene: images of one group are drawn and permuted
        together. By default near-copies are, which are found by the maps of all models.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        If there are fewer than two models, or their maps differ in number or shape, hold a value
        that is not finite, or are not what the metric takes.

    Examples
    --------
    >>> import numpy as np
    >>> import lookalike
    >>> maps = np.random.default_rng(0).random((3, 8, 16, 16))
    >>> found = lookalike.compare_maps({"A": maps[0], "B": maps[1], "C": maps[2]}, "pearson")
    >>> found.mean.shape
    (3, 3)
    """
    if aggregate not in AGGREGATES:
        raise unknown("aggregate", aggregate, AGGREGATES)
    card = registry.get("metric", metric)
    settings = registry.with_defaults("metric", metric, dict(options or {}))
    stacks = checked_maps(maps)
    settings["data_range"] = range_of(card, metric, stacks, data_range)
    names, count = sorted(stacks), len(next(iter(stacks.values())))
    ids = [str(number) for number in range(count)] if images is None else list(map(str, images))
    if len(ids) != count or len(set(ids)) < count:
        raise InputError(f"images: needs {count} different ids, one a map; found {len(set(ids))}")
    blocks = [stacks[name] for name in names]
    (values,), (chance,) = compare_blocks([(card, settings)], blocks, blocks, seed=seed)
    block = {"values": values, "chance": chance, "images": np.array(ids)}
    block |= {"partners": image_partners(count, seed, len(chance))}
    block |= {"a": np.array(names), "b": np.array(names)}
    table = assemble(
        {"maps": block}, names, Key("maps", metric), units=unit_numbers(units, ids, stacks)
    )
    table = without_dead(table, [name for name in names if not stacks[name].any()])
    summary = summarise_images(
        table,
        card,
        aggregate=aggregate,
        resamples=resamples,
        seed=seed,
        originals={name: name for name in names},
    )
    return Comparison(table, summary, aggregate, seed)
