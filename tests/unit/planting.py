"""Planted data: maps of models with known groups, noise and units of images, and their values."""

import numpy as np

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
