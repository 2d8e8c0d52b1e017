"""Localisation: the share of a raw map that lies on the object, for images with a mask, and that of
maps on the same grid that know nothing of this object.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lookalike.core import registry
from lookalike.core.errors import InputError
from lookalike.core.seeding import rng_of, seed_of
from lookalike.core.types import Row, StrPath
from lookalike.images.masks import fit_mask
from lookalike.images.reading import Fit
from lookalike.maps.batches import of_rounding
from lookalike.maps.stacks import raw_reader
from lookalike.maps.views import repair_cell

NULL_METHODS = ("random", "centre")
# What the share of a map is compared with: null methods, the model's maps of other images, and the
# object's share of the image.
FLOORS = (*NULL_METHODS, "others", "area")
COLUMNS = ("model", "image", "mass", *FLOORS)
# Units of images whose maps are laid on each other's masks.
UNITS_OF_BLOCK = 16
# Noise is averaged over as many maps as have so many cells together.
CELLS_OF_NOISE, MOST_NOISE_MAPS = 2**16, 16
# A share of the image this near to 0 or 1 is rounding.
ROUNDING = 1e-9

# From the name of a model and an image to the raw map, shape (h, w).
Reader = Callable[[str, str], np.ndarray]
# Images, and the share of the map of each (rows) inside the mask of each (columns).
Block = tuple[list[str], np.ndarray]


def read_raw(folders: Mapping[str, StrPath], repairs: Mapping[str, Any]) -> Reader:
    """Return a reader of raw maps in folders by model, some with a cell that is repaired."""
    readers = {model: raw_reader(folder) for model, folder in folders.items()}

    def read(model: str, image: str) -> np.ndarray:
        raw = readers[model](image)
        return repair_cell(raw, *repairs[model]["cell"]) if model in repairs else raw

    return read


def measure(
    models: Sequence[str],
    units: Mapping[str, int],
    read: Reader,
    read_mask: Callable[[str], np.ndarray],
    fit: Fit,
    seed: int,
) -> tuple[list[Row], dict[str, list[Block]]]:
    """Measure the mass of every model's maps inside the masks, and of maps that are compared.

    Parameters
    ----------
    models : sequence of str
    units : dict
        From each image that has a mask to its unit.
    read : callable
        From a model and an image to the raw map.
    read_mask : callable
        From an image to its mask, shape (h, w), bool.
    fit : {"crop", "squash", "pad"}
        How images were brought to a square.
    seed : int

    Returns
    -------
    rows : list of dict
        With `COLUMNS`. `mass`, the share of the map's absolute values inside the mask, NaN for a
        map of zeros or of nothing but rounding; `random` and `centre`, of the null methods' maps on
        the same grid; `others`, the mean of the model's maps of images of other units on this mask;
        `area`, the share of the image that the mask covers. Under a mask that is empty or full all
        but `area` are NaN.
    blocks : dict
        By model, blocks of all images in a random order, each of whole units.

    Raises
    ------
    InputError
        If there is no mask that is neither empty nor full.
    """
    if not units:
        raise InputError(
            "images.masks: no explained image has a mask; name the mask of an image by the "
            "image's id, IMAGE.png"
        )
    silent = {model: silent_maps(model, list(units), read) for model in models}
    found: dict[tuple[str, str], Row] = {}
    blocks: dict[str, list[Block]] = {model: [] for model in models}
    for images in blocks_of(units, seed):
        masks = [read_mask(image) for image in images]
        area = np.array([fit_mask(mask, (1, 1), fit).item() for mask in masks])
        apart = np.array([[units[one] != units[other] for other in images] for one in images])
        grids = Grids(images, masks, fit, seed)
        for model in models:
            maps = [None if image in silent[model] else read(model, image) for image in images]
            shares, floors = lay(maps, grids)
            shares[:, [is_blank(one) for one in area]] = np.nan
            mass = shares.diagonal()
            floors |= {"others": mean_of_column(np.where(apart, shares, np.nan))}
            columns = {name: np.where(np.isnan(mass), np.nan, one) for name, one in floors.items()}
            for place, image in enumerate(images):
                own = {"mass": mass} | columns | {"area": area}
                found[model, image] = {"model": model, "image": image} | {
                    name: float(values[place]) for name, values in own.items()
                }
            blocks[model].append((images, shares))
    if all(is_blank(row["area"]) for row in found.values()):
        raise InputError(
            f"images.masks: as the models see the images, the masks of all {len(units)} are empty "
            "or full; images.fit: squash or pad keeps what lies outside the centre"
        )
    return [found[model, image] for model in models for image in units], blocks


def silent_maps(model: str, images: Sequence[str], read: Reader) -> set[str]:
    """Return the images of which a model's map is zero, or nothing but rounding."""
    peaks = [float(np.abs(read(model, image)).max()) for image in images]
    silent = (np.array(peaks) == 0) | of_rounding(peaks)
    return {image for image, is_silent in zip(images, silent, strict=True) if is_silent}


def blocks_of(units: Mapping[str, int], seed: int) -> Iterator[list[str]]:
    """Yield the images in blocks of at least `UNITS_OF_BLOCK` whole units, or of all, in a random
    order of the units.
    """
    members: dict[int, list[str]] = {}
    for image, unit in units.items():
        members.setdefault(unit, []).append(image)
    order = rng_of(seed, "localisation", len(members)).permutation(list(members))
    for chosen in np.array_split(order, max(1, len(order) // UNITS_OF_BLOCK)):
        yield [image for unit in chosen.tolist() for image in members[unit]]


@dataclass(frozen=True, eq=False)
class Grids:
    """The masks of a block of images on the grids of maps, each worked out once."""

    images: Sequence[str]
    masks: Sequence[np.ndarray]
    fit: Fit
    seed: int
    known: dict[tuple[int, ...], tuple[np.ndarray, dict[str, np.ndarray]]] = field(
        default_factory=dict
    )

    def of(self, shape: tuple[int, ...]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return which share of each cell the masks cover, (n, h, w), and the shares of the null
        methods' maps inside them, each (n,).
        """
        if shape not in self.known:
            cover = np.array([fit_mask(mask, shape, self.fit) for mask in self.masks])
            self.known[shape] = cover, null_shares(self.images, cover, self.seed)
        return self.known[shape]


def lay(
    maps: Sequence[np.ndarray | None], grids: Grids
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Lay the maps of a block of images on all masks of the block.

    Parameters
    ----------
    maps : list of ndarray, shape (h, w), or None
    grids : Grids

    Returns
    -------
    shares : ndarray, shape (n, n)
        Of each map inside each mask, NaN where there is no map.
    floors : dict of ndarray, shape (n,)
        Of the null methods' maps on the grid of each map.
    """
    shares = np.full((len(maps), len(maps)), np.nan)
    floors = {name: np.full(len(maps), np.nan) for name in NULL_METHODS}
    by_shape: dict[tuple[int, ...], dict[int, np.ndarray]] = {}
    for place, one in enumerate(maps):
        if one is not None:
            by_shape.setdefault(one.shape, {})[place] = one
    for shape, found in by_shape.items():
        cover, nulls = grids.of(shape)
        places = list(found)
        shares[places] = shares_inside(np.array([*found.values()]), cover)
        for name, floor in floors.items():
            floor[places] = nulls[name][places]
    return shares, floors


def null_shares(images: Sequence[str], cover: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Return the shares of the null methods' maps inside the masks (n, h, w) of images, on their
    grid, each of shape (n,).
    """
    shape = cover.shape[1:]
    count = int(np.clip(CELLS_OF_NOISE // np.prod(shape), 1, MOST_NOISE_MAPS))
    noise = [
        shares_inside(null_maps("random", shape, seed_of(seed, "random", image), count), one[None])
        for image, one in zip(images, cover, strict=True)
    ]
    centre = shares_inside(null_maps("centre", shape, seed), cover)[0]
    return {"random": np.array([one.mean() for one in noise]), "centre": centre}


def null_maps(name: str, shape: tuple[int, ...], seed: int, count: int = 1) -> np.ndarray:
    """Return some maps of a null method, shape (count, h, w)."""
    method = registry.get("method", name)
    seeds = [seed_of(seed, number) for number in range(count)]
    return method(None, np.empty((count, 3, *shape)), None, seeds, **method.options)[0]


def shares_inside(maps: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """Return the share of every map's absolute values inside every mask.

    The energy-based pointing game (Wang et al. 2020, doi:10.1109/CVPRW50498.2020.00020) without
    sign.

    Parameters
    ----------
    maps : ndarray, shape (a, h, w)
    cover : ndarray, shape (b, h, w)
        Share of each cell that a mask covers.

    Returns
    -------
    ndarray, shape (a, b)
        NaN for a zero map.
    """
    mass = np.abs(maps.reshape(len(maps), -1).astype(float))
    with np.errstate(invalid="ignore"):
        return mass @ cover.reshape(len(cover), -1).T / mass.sum(axis=1, keepdims=True)


def is_blank(area: float) -> bool:
    """Return whether a mask of this area is empty or full, so that it says nothing."""
    return not ROUNDING < area < 1 - ROUNDING


def mean_of_column(values: np.ndarray) -> np.ndarray:
    """Return the mean of the known values of each column, NaN where there is none."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0).sum(axis=0) / known.sum(axis=0)
