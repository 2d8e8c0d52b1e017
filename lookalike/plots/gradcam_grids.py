"""Figure of the maps of one image on the native grid of each model, and on the common one."""

from collections.abc import Mapping, Sequence
from textwrap import wrap

import numpy as np
from matplotlib.figure import Figure

from lookalike.core.types import Row
from lookalike.plots.panels import MOST_CHARACTERS, choose_models, panel


def native_and_enlarged(
    image: np.ndarray | None,
    raw: Mapping[str, np.ndarray],
    viewed: Mapping[str, np.ndarray],
    rows: Sequence[Row],
    *,
    title: str,
) -> Figure:
    """Draw the map of each model twice, as it is and as it is compared.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3), uint8, or None
        None where the image itself is not known.
    raw, viewed : dict
        From each model to its map on its native grid, and on the common one.
    rows : list of dict
        As of `studies.gradcam_grids.measure_grids`: layer and grid stand above the maps.
    title : str
    """
    shown = choose_models(list(raw))
    size = "{} x {}".format(*next(iter(viewed.values())).shape)
    about = {row["model"]: (row["layer"], row["native_grid"]) for row in rows}
    titles = {
        model: "\n".join(
            line for text in (model, *about[model]) if text for line in wrap(text, MOST_CHARACTERS)
        )
        for model in shown
    }
    signed = any((one < 0).any() for one in (*raw.values(), *viewed.values()))
    bands = {
        "native grid": {model: raw[model] for model in shown},
        size: {model: viewed[model] for model in shown},
    }
    return panel(
        image,
        bands,
        titles,
        ranges=dict.fromkeys(bands, 2.0 if signed else 1.0),
        title=title,
    )
