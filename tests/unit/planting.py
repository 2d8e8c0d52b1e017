"""Planted data: maps of models with known groups, noise and units of images, and their values."""

import numpy as np

from lookalike.compare.dissimilarities import Key
from lookalike.compare.image_table import ImageTable, agreeing_only
from lookalike.core import registry
from lookalike.core.condensed import condensed


def planted_maps(
    rng,
    models,
    images,
    *,
    groups=1,
    between=0.3,
    within=None,
    noise=None,
    copies=1,
    jitter=0.1,
    side=6,
):
    """Return maps (images, models, side, side).

    A map is the sum of what all models share of an image, what the models of a group share, and
    what is the model's own, with variances `between`, `within - between` and `1 - within`; so two
    maps of an image correlate by `within` in a group and by `between` across groups.

    `groups` is a number of groups of equal size, or the group of each model. `noise` adds noise of
    these variances to the maps of each model. Images come in scenes of `copies` near-copies, which
    share everything but for a `jitter` of this variance.
    """
    within = between if within is None else within
    group = np.repeat(range(groups), models // groups) if np.isscalar(groups) else np.array(groups)
    scenes = -(-images // copies)
    shape = (side, side)
    shared = rng.normal(size=(scenes, 1, *shape))
    grouped = rng.normal(size=(scenes, group.max() + 1, *shape))[:, group]
    own = rng.normal(size=(scenes, models, *shape))
    noise = np.zeros(models) if noise is None else np.asarray(noise, float)
    maps = (
        np.sqrt(between) * shared
        + np.sqrt(within - between) * grouped
        + np.sqrt(1 - within) * own
        + np.sqrt(noise)[:, None, None] * rng.normal(size=(scenes, models, *shape))
    )
    maps = np.repeat(maps, copies, axis=0)[:images]
    if copies > 1:
        maps = maps + np.sqrt(jitter) * rng.normal(size=maps.shape)
    return maps


def scenes_of(images, copies):
    """Return the units of images (images,) that come in scenes of so many copies."""
    return np.arange(images) // copies


def values_of(maps, metric, **options):
    """Return the values (n, pairs) of a metric for maps (n, models, side, side)."""
    card = registry.get("metric", metric)
    return np.array([condensed(card(one, one, **options)) for one in maps])


def compared(maps, others, metric):
    """Return the values (n, pairs) of each model's map and the later models' maps among others."""
    rows, columns = np.triu_indices(maps.shape[1], 1)
    if metric in ("cosine", "mse", "rmse"):
        one, other = (stack.reshape(*stack.shape[:2], -1) for stack in (maps, others))
        product = one @ other.swapaxes(1, 2)
        first, second = ((stack**2).sum(axis=2) for stack in (one, other))
        if metric != "cosine":
            found = (first[:, :, None] + second[:, None] - 2 * product) / one.shape[2]
            found = np.sqrt(np.maximum(found, 0)) if metric == "rmse" else found
        else:
            with np.errstate(invalid="ignore"):
                found = 1 - product / np.sqrt(first[:, :, None] * second[:, None])
        return found[:, rows, columns]
    card = registry.get("metric", metric)
    return np.array(
        [card(one, other)[rows, columns] for one, other in zip(maps, others, strict=True)]
    )


def planted_table(
    rng, models, metric, *, images=64, lacking=0.0, accuracies=None, unsigned=False, **planted
):
    """Return a table of images of planted maps, with the chance values of four derangements.

    `unsigned` maps have a maximum of 1. `lacking` is the share of images on which the first model's
    map is zero, those on which maps are least alike. With `accuracies` of the models, those images
    count on which two models predict the same class; where fewer do, maps are less alike.
    """
    copies = planted.get("copies", 1)
    maps = planted_maps(rng, models, images, **planted)
    # How much noise all models have in an image is an effect of the image.
    spread = np.sort(np.repeat(rng.uniform(0, 1, -(-images // copies)), copies)[:images])[::-1]
    maps = (
        maps
        + np.sqrt(spread)[:, None, None, None]
        * np.repeat(rng.normal(size=(-(-images // copies), *maps.shape[1:])), copies, axis=0)[
            :images
        ]
    )
    if unsigned:
        maps = np.abs(maps)
        maps /= maps.max(axis=(2, 3), keepdims=True)
    maps[: round(lacking * images), 0] = 0
    values = compared(maps, maps, metric)
    chance = np.array(
        [compared(maps, np.roll(maps, -step * copies, axis=0), metric) for step in (1, 2, 3, 4)]
    )
    if accuracies is not None:
        chosen = rng.random((images, models)) < np.power(accuracies, 0.5 + spread[:, None])
        values = agreeing_only(values, np.where(chosen, 0, rng.integers(1, 5, chosen.shape)))
    ids, names = map(str, range(images)), (f"m{number:02}" for number in range(models))
    return ImageTable(
        values, chance, tuple(ids), tuple(names), Key("planted", metric), scenes_of(images, copies)
    )


def meaningless_factors(rng, names, count):
    """Return factors of models as the tests take them: of two levels, of three, numbers, and so on,
    at random.
    """
    found = {}
    for number in range(count):
        levels = (2, 3, 0)[number % 3]
        places = np.arange(len(names))
        values = rng.permutation(places % levels) if levels else rng.normal(size=len(names))
        letter = "l" if levels else ""
        found[f"f{number}"] = {
            name: f"{letter}{value}" for name, value in zip(names, values, strict=True)
        }
    return found
