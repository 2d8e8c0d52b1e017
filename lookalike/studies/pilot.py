"""A finished run as a pilot: what its images and models say of new images and new models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lookalike.compare import laws
from lookalike.compare.calibration import mean_of_derangements
from lookalike.compare.dissimilarities import Key
from lookalike.compare.image_table import ImageTable
from lookalike.compare.pairs import image_partners
from lookalike.core.condensed import ROUNDING, condensed, models_of, pair_numbers, square
from lookalike.inference.exchange import orders
from lookalike.inference.significance import FEWEST_MODELS, too_few_models

# Fewer say too little of how images differ.
FEWEST_FOR_A_PILOT = 8
# Of a pair whose values hardly differ between images, as a share of the usual standard deviation.
LEAST_SCALE = 0.1


@dataclass(frozen=True, eq=False)
class Pilot:
    """What a table of images says of its images and models.

    Attributes
    ----------
    mean, far : ndarray, shape (pairs,)
        The dissimilarities of maps of the same image, and of different ones.
    noise : ndarray, shape (2, units, pairs)
        How values and chance differ from unit to unit: less their means, and by `scales`.
    scales : ndarray, shape (2, pairs)
        Their standard deviations, as sums of one number of each model.
    near : ndarray, shape (units,)
        The mean over pairs of the dissimilarities of each unit, less that of all.
    places : ndarray, shape (units,)
        How much farther maps of other images are from those of each unit.
    rest : ndarray, shape (k,)
        What that leaves of the dissimilarities of different images.
    """

    mean: np.ndarray
    far: np.ndarray
    noise: np.ndarray
    scales: np.ndarray
    near: np.ndarray
    places: np.ndarray
    rest: np.ndarray

    @property
    def models(self) -> int:
        """Return the number of models."""
        return models_of(self.mean)

    @property
    def units(self) -> int:
        """Return the number of units of images."""
        return self.noise.shape[1]

    @property
    def chance(self) -> float:
        """Return the dissimilarity of maps of different images."""
        return float(self.far.mean())


def why_no_pilot(table: ImageTable) -> str:
    """Say why a table says nothing of other images; empty if it does."""
    if len(table.names) < FEWEST_MODELS:
        return too_few_models(len(table.names))
    complete = complete_images(table)
    units = len(np.unique(table.units[complete]))
    if units < FEWEST_FOR_A_PILOT:
        return (
            f"needs at least {FEWEST_FOR_A_PILOT} images (or units of these) that count for all "
            f"pairs; found {units}"
        )
    values = table.values[complete]
    if np.ptp(values, axis=0).mean() <= ROUNDING or np.ptp(values.mean(axis=0)) <= ROUNDING:
        return "all dissimilarities are equal"
    return ""


def complete_images(table: ImageTable) -> np.ndarray:
    """Return the images that have values and chance for all pairs, shape (k,)."""
    known = np.isfinite(table.values) & np.isfinite(mean_of_derangements(table.chance))
    return np.flatnonzero(known.all(axis=1))


def pilot_of(table: ImageTable) -> Pilot:
    """Take from a table what is known of its images and models.

    What models have in common is left out of the noise: values are less their means over images, so
    that what the pilot found by chance is not planted again. Variances are those of a population of
    which the units are a sample.

    Parameters
    ----------
    table : ImageTable
        Of independent models; `why_no_pilot` says nothing against it.
    """
    complete = complete_images(table)
    _, units = np.unique(table.units[complete], return_inverse=True)
    member = np.eye(units.max() + 1)[units].T
    member /= member.sum(axis=1, keepdims=True)
    number = len(member)
    spread = np.sqrt(number / (number - 1))
    both = [
        member @ values[complete] for values in (table.values, mean_of_derangements(table.chance))
    ]
    noise, scales = zip(*(standardised(one, spread) for one in both), strict=True)
    mean, far = (one.mean(axis=0) for one in both)
    # Of images that are no partners of one another because one of them is left out, nothing is.
    index = np.full(len(table), -1)
    index[complete] = units
    chance = table.chance.mean(axis=2)
    known = np.isfinite(chance) & (index >= 0) & (index[table.partners] >= 0)
    near = both[0].mean(axis=1) - both[0].mean()
    places, rest = places_of(
        chance[known],
        np.broadcast_to(index, chance.shape)[known],
        index[table.partners][known],
        near,
    )
    return Pilot(
        mean,
        far,
        np.array(noise),
        np.array(scales),
        near * spread,
        places * spread,
        rest,
    )


def standardised(values: np.ndarray, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Return values (units, pairs) less their means and by their scales, which are sums of one
    number of each model; and the scales, shape (pairs,).
    """
    left = (values - values.mean(axis=0)) * spread
    deviations = left.std(axis=0)
    scales = np.maximum(laws.sums(deviations[None])[0], LEAST_SCALE * deviations.mean())
    return left / np.maximum(scales, np.finfo(float).tiny), scales


def places_of(
    chance: np.ndarray, one: np.ndarray, other: np.ndarray, near: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return how much farther each unit is from all others, and what that leaves, by least squares.

    Parameters
    ----------
    chance : ndarray, shape (k,)
        Of an image of the unit `one` and an image of the unit `other`, both of shape (k,).
    near : ndarray, shape (units,)
        As of `Pilot`.

    Returns
    -------
    places : ndarray, shape (units,)
        The part that does not go with `near` is shrunk by the variance that comes from what is
        left, which would count twice.
    rest : ndarray, shape (k,)
    """
    units = len(near)
    design = np.eye(units)[one] + np.eye(units)[other]
    centred = chance - chance.mean()
    # The shortest solution, since not all images need to be linked with all others.
    inverse = np.linalg.pinv(design)
    places = inverse @ centred
    rest = centred - design @ places
    rest *= np.sqrt(len(rest) / max(1, len(rest) - units))
    places = places - places.mean()
    shared = near * (near @ places) / max(near @ near, np.finfo(float).tiny)
    own = places - shared
    surplus = rest.var() * (inverse**2).sum() / max((own**2).sum(), np.finfo(float).tiny)
    return shared + own * np.sqrt(max(0.0, 1 - surplus)), rest


def draw_noise(pilot: Pilot, units: int, rng: np.random.Generator) -> np.ndarray:
    """Draw new units from those of a pilot, with replacement, the models' labels shuffled.

    A unit that is drawn twice is shuffled anew, so that these are two units and not one; and so
    that the few units of a pilot give as many different noises as there are arrangements of its
    models. What models have in common in the noise is lost, but not that some are noisier.

    Returns
    -------
    ndarray, shape (2, units, pairs)
        Of values and of chance, with a mean of 0.
    """
    models = pilot.models
    order = orders(np.zeros((units, models), int), 1, rng)[0]
    rows, columns = np.triu_indices(models, 1)
    places = pair_numbers(models)[order[:, rows], order[:, columns]]
    drawn = rng.integers(pilot.units, size=(units, 1))
    return pilot.noise[:, drawn, places] * pilot.scales[:, None]


def draw_dependence(
    pilot: Pilot, effect: float, units: int, derangements: int, rng: np.random.Generator
) -> ImageTable:
    """Draw a table of new units whose maps are nearer to those of the same unit than to those of
    others, by a share of chance: the mean over all pairs, as a single pair.
    """
    drawn = rng.integers(pilot.units, size=units)
    partners = image_partners(units, int(rng.integers(2**31)), min(derangements, units - 1))
    places = pilot.places[drawn]
    chance = pilot.chance + places + places[partners] + rng.choice(pilot.rest, partners.shape)
    values = (1 - effect) * pilot.chance + pilot.near[drawn]
    return ImageTable(
        values[:, None],
        chance[:, :, None],
        tuple(map(str, range(units))),
        ("all", "others"),
        Key("", ""),
        partners=partners,
    )


def variation_of_models(pilot: Pilot) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how models vary: each by its distance from all others, and by its place among them.

    Returns
    -------
    effects : ndarray, shape (models,)
        How much farther each model is from all others.
    places : ndarray, shape (models, k)
        Along k axes, each with a mean of 0 and a variance of 1.
    weights : ndarray, shape (k,)
        By which products of two models' places are added to what is between them.

    References
    ----------
    Hoff 2021, Additive and multiplicative effects network models, doi:10.1214/19-STS757
    """
    models, pairs = pilot.models, len(pilot.mean)
    effects = laws.main_effects(pilot.mean[None])[0] * np.sqrt(models / (models - 1))
    left = pilot.mean - laws.sums(pilot.mean[None])[0]
    weights, axes = np.linalg.eigh(square(left, models))
    kept = np.abs(weights) > 1e-9 * np.abs(weights).max(initial=0)
    # As many products as pairs, of which the effects of single models took some.
    unbiased = (left**2).sum() / max(1, pairs - models)
    weights = weights[kept]
    if len(weights):
        weights *= np.sqrt(unbiased / (weights**2).sum())
    return effects, axes[:, kept] * np.sqrt(models), weights


def draw_models(
    pilot: Pilot,
    variation: tuple[np.ndarray, np.ndarray, np.ndarray],
    models: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw the matrix of new models, which differ as those of the pilot do.

    Each distance from all others is one of the pilot's; the places along each axis are those of
    other models of the pilot, so that no new model is a copy of another.

    Returns
    -------
    ndarray, shape (pairs,)
    """
    effects, places, weights = variation
    own = rng.choice(effects, models)
    drawn = rng.integers(len(effects), size=(models, len(weights)))
    chosen = np.take_along_axis(places, drawn, axis=0)
    between = condensed((chosen * weights) @ chosen.T)
    rows, columns = np.triu_indices(models, 1)
    return pilot.mean.mean() + own[rows] + own[columns] + between
