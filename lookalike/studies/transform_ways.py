"""Ways of bringing images to networks: what each of them classifies rightly, and explains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lookalike.core.cards import Method
from lookalike.core.errors import InputError
from lookalike.core.types import Row
from lookalike.methods.explain import IMAGES_AT_ONCE, Targets, inputs_of
from lookalike.studies.explainer import Explainer
from lookalike.studies.geometries import (
    Geometry,
    load_squares,
    move_map,
    own_geometry,
    shared_geometry,
)
from lookalike.studies.movement import view_maps

if TYPE_CHECKING:
    from lookalike.models.networks import VisionModel

SHARED, OWN, COMMON = WAYS = ("shared", "own", "common_normalisation")
SAME = "as shared"
# By model, its viewed maps in the shared geometry and in its own, each (n, size, size).
Stacks = dict[str, tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Way:
    """A way of bringing images to a network.

    Attributes
    ----------
    model : VisionModel
        With the normalisation.
    geometry : Geometry
    remark : str
        `SAME` where that is the shared way.
    untested : str
        Why it cannot be run, or empty.
    """

    model: "VisionModel"
    geometry: Geometry
    remark: str = ""
    untested: str = ""


def ways_of(
    model: "VisionModel", shared: Geometry, img_size: int | Sequence[int] | None = None
) -> dict[str, Way]:
    """Return the ways of bringing images to a model by name; `img_size` as for `own_geometry`."""
    from lookalike.models.compiler import import_timm
    from lookalike.models.networks import check_size

    same = Way(model, shared, remark=SAME)
    found = {SHARED: Way(model, shared), OWN: same, COMMON: same}
    try:
        own = own_geometry(model.net, img_size)
        if own != shared:
            check_size(model.net, own.size)
            found[OWN] = Way(model, own)
    except InputError as error:
        found[OWN] = Way(model, shared, untested=str(error).split("; ")[0])
    constants = import_timm().data.constants
    mean, std = (
        model.mean.new_tensor(values).view(1, 3, 1, 1)
        for values in (constants.IMAGENET_DEFAULT_MEAN, constants.IMAGENET_DEFAULT_STD)
    )
    if model.mean.shape[1] == 1:
        mean, std = mean.mean(1, keepdim=True), std.mean(1, keepdim=True)
    if not (mean.allclose(model.mean) and std.allclose(model.std)):
        found[COMMON] = Way(replace(model, mean=mean, std=std), shared)
    return found


def find_right(
    model: "VisionModel", geometry: Geometry, rows: Sequence[Row], threads: int = 1
) -> np.ndarray:
    """Return which images a model classifies as their labels say, shape (n,)."""
    from lookalike.models.networks import predict

    found: list[str] = []
    for start in range(0, len(rows), IMAGES_AT_ONCE):
        squares, _ = load_squares(rows[start : start + IMAGES_AT_ONCE], geometry, threads)
        found += [model.classes[index] for index in predict(model, squares).argmax(axis=1)]
    return np.array([row["label"] for row in rows]) == np.array(found)


def classify(
    name: str, ways: Mapping[str, Way], samples: Mapping[str, Sequence[Row]], threads: int = 1
) -> list[Row]:
    """Classify the images of each split in each way.

    Returns
    -------
    list of dict
        `split`, `model`, `way`, `size` of the images and their number `images`, `remark`,
        `untested`, and `right`, as of `find_right`.
    """
    rows: list[Row] = []
    for split, images in samples.items():
        right, reason = None, "" if images else f"no labelled image in split {split!r}"
        unknown = sorted({row["label"] for row in images} - set(ways[SHARED].model.classes))
        if unknown:
            reason = f"the model has no class {unknown[0]!r}"
        for way, run in ways.items():
            untested = reason or run.untested
            if not (untested or run.remark):
                found = find_right(run.model, run.geometry, images, threads)
                right = found if way == SHARED else right
            rows.append(
                {
                    "split": split,
                    "model": name,
                    "way": way,
                    "size": run.geometry.size,
                    "images": len(images),
                    "remark": run.remark,
                    "untested": untested,
                    "right": None if untested else right if run.remark else found,
                }
            )
    return rows


def explain_squares(
    method: Method,
    way: Way,
    rows: Sequence[Row],
    targets: Targets,
    options: Mapping[str, Any],
    threads: int = 1,
) -> tuple[list[np.ndarray], list[tuple[int, int]]]:
    """Return the raw map of each image, and the sizes of the pictures."""
    squares, sizes = load_squares(rows, way.geometry, threads)

    def explain(part: slice) -> np.ndarray:
        inputs = inputs_of(way.model, squares[part], targets[part])
        maps: np.ndarray = method(*inputs, range(len(squares[part])), **options)[0]
        return maps

    parts = way.model.in_batches(explain, len(rows), way.geometry.size)
    return [saliency for part in parts for saliency in part], sizes


def explain_ways(
    method: Method,
    ways: Mapping[str, Way],
    rows: Sequence[Row],
    targets: Targets,
    view: Mapping[str, Any],
    options: Mapping[str, Any],
    threads: int = 1,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return viewed maps of the shared geometry and of a model's own, both of the shared square;
    None where its own cannot be run. The same classes are explained in both.
    """
    shared, own = ways[SHARED], ways[OWN]
    if own.untested:
        return None
    images = [row["image"] for row in rows]
    given = rows, targets, options, threads
    raw, _ = explain_squares(method, shared, *given)
    before, _ = view_maps(images, raw, view, method.signed)
    if own.remark:
        return before, before
    raw, sizes = explain_squares(method, own, *given)
    moved = [
        move_map(
            one,
            own.geometry.box(*size),
            shared.geometry.box(*size),
            max(view["size"], *one.shape),
        )
        for one, size in zip(raw, sizes, strict=True)
    ]
    return before, view_maps(images, moved, view, method.signed)[0]


def run_models(
    explainer: Explainer,
    read: Mapping[str, Sequence[str]],
    models: Sequence[str],
    samples: Mapping[str, Sequence[Row]],
    *,
    method: Method,
    view: Mapping[str, Any],
    sizes: Mapping[str, Any],
    options: Mapping[str, Mapping[str, Any]],
) -> tuple[list[Row], Stacks]:
    """Classify and explain images by one model after another, each in all ways.

    Parameters
    ----------
    explainer : Explainer
    read : mapping
        Files by model: `weights`, `sidecars` and `predictions`.
    models : list of str
    samples : dict
        From a split to the rows of its images.
    method : Method
    view : dict
        Options of the view of its maps.
    sizes, options : dict
        By model: the size that its recipe gives, if it does, and the options of the method.
    """
    shared, rows = shared_geometry(explainer.size, explainer.fit), []
    stacks: Stacks = {}
    explained = explainer.chosen
    networks = explainer.networks(models, read["weights"], read["sidecars"])
    for (name, model), path in zip(networks, read["predictions"], strict=True):
        ways = ways_of(model, shared, sizes[name])
        rows += classify(name, ways, samples, explainer.threads)
        targets = explainer.targets(method, model, name, path)
        maps = explain_ways(
            method, ways, explained, targets, view, options[name], explainer.threads
        )
        if maps:
            stacks[name] = maps
    return rows, stacks
