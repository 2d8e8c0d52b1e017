"""GradCAM of one model at several depths, and its maps in the view of a method."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lookalike.core.cards import Method
from lookalike.core.errors import InputError
from lookalike.core.types import Row
from lookalike.methods.explain import Targets
from lookalike.studies.explainer import Explainer
from lookalike.studies.movement import view_maps

if TYPE_CHECKING:
    from lookalike.models.networks import VisionModel

LAYER_COLUMNS = ("model", "depth", "layer", "native_grid", "zero_maps", "untested")


def explain_depths(
    explainer: Explainer,
    method: Method,
    model: "VisionModel",
    targets: Targets,
    name: str,
    depths: Sequence[float],
    layer: str | None = None,
    known: Mapping[float, Callable[[str], np.ndarray]] | None = None,
) -> tuple[dict[float, list[np.ndarray]], list[Row]]:
    """Explain the images of an explainer by GradCAM at several depths of one model.

    Parameters
    ----------
    explainer : Explainer
    method : Method
        GradCAM.
    model : VisionModel
    targets : list of int
        Class of each image.
    name : str
        Of the model.
    depths : list of float
        In (0, 1].
    layer : str, optional
        The target layer that the config names, which stands for the full depth.
    known : dict, optional
        From a depth that the workflow has explained to a function from an image to its raw map.

    Returns
    -------
    maps : dict
        From each depth to the raw map of each image, (h, w).
    rows : list of dict
        With `LAYER_COLUMNS`; `untested` says why there are no maps at a depth.
    """
    from lookalike.models.layers import target_layer

    maps, rows, size = {}, [], (explainer.size, explainer.size)
    for depth in depths:
        row = dict.fromkeys(LAYER_COLUMNS, "") | {"model": name, "depth": depth}
        own = layer if depth == 1 else None
        try:
            module = target_layer(model.net, depth, own, size)
            read = (known or {}).get(depth)
            maps[depth] = (
                [read(image) for image in explainer.images]
                if read
                else explainer.explain(
                    method, model, targets, (name, f"{depth:g}"), {"depth": depth, "layer": own}
                )
            )
        except InputError as error:
            row["untested"] = str(error)
        else:
            row["layer"] = next(path for path, one in model.net.named_modules() if one is module)
            row["native_grid"] = "{}x{}".format(*maps[depth][0].shape)
            row["zero_maps"] = sum(not one.any() for one in maps[depth])
        rows.append(row)
    return maps, rows


def with_all_depths(rows: Sequence[Row]) -> list[str]:
    """Return the models that have maps at every depth, by the rows of `LAYER_COLUMNS`."""
    lacking = {row["model"] for row in rows if row["untested"]}
    return [name for name in dict.fromkeys(row["model"] for row in rows) if name not in lacking]


def view_depths(
    images: Sequence[str],
    raw: Mapping[str, Mapping[float, Sequence[np.ndarray]]],
    views: Mapping[str, Mapping[str, Any]],
    known: float | None,
) -> tuple[dict[float, dict[str, np.ndarray]], float | None]:
    """Bring the maps of all models to the view of the method, at each depth.

    Parameters
    ----------
    images : list of str
    raw : dict
        From each model and depth to its raw maps.
    views : dict
        From each model to its view. A cell is repaired at the `known` depth alone, of which it is.
    known : float or None

    Returns
    -------
    maps : dict
        From each depth and model to maps (n, size, size).
    data_range : float or None
    """
    found: dict[float, dict[str, np.ndarray]] = {}
    limit = None
    for model, by_depth in raw.items():
        for depth, maps in by_depth.items():
            view = {k: v for k, v in views[model].items() if k != "repair" or depth == known}
            own, limit = view_maps(images, maps, view, signed=False)
            found.setdefault(depth, {})[model] = own
    return found, limit
