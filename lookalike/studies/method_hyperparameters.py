"""Do the settings of the explanation methods matter? The matrix again under other settings."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lookalike.compare.pairs import Choices
from lookalike.compare.resampling import widening
from lookalike.core.cards import Method, Metric
from lookalike.core.types import Row
from lookalike.methods.explain import Targets
from lookalike.studies.explainer import Explainer
from lookalike.studies.movement import MOVED_COLUMNS, compare_all, measure_movement, view_maps

if TYPE_CHECKING:
    from lookalike.models.networks import VisionModel

COLUMNS = ("run", "metric", "setting", "models", *MOVED_COLUMNS, "width_all", "untested")
# Of a setting that is the workflow's own, with other random numbers.
OTHER_SEEDS = "other seeds"


def text_of(setting: Mapping[str, Any]) -> str:
    """Return a setting as text."""
    return ", ".join(f"{name}: {value}" for name, value in setting.items()) or OTHER_SEEDS


def explain_settings(
    explainer: Explainer,
    method: Method,
    model: "VisionModel",
    targets: Targets,
    names: tuple[str, str],
    options: Mapping[str, Any],
    settings: Sequence[Mapping[str, Any]],
    view: Mapping[str, Any],
    read: Callable[[str], np.ndarray],
) -> tuple[dict[str, np.ndarray], float | None]:
    """Explain images of one model under the workflow's own setting of a run and under others.

    Parameters
    ----------
    explainer : Explainer
    method : Method
    model : VisionModel
    targets : list of int
        Class of each image.
    names : (str, str)
        Of the run and of the model.
    options : dict
        Of the run.
    settings : list of dict
        What differs in each.
    view : dict
        In which maps are compared.
    read : callable
        From an image to its raw map of the run itself.

    Returns
    -------
    maps : dict
        From the text of each setting to maps in that view, (n, size, size); those of the run itself
        under an empty text.
    data_range : float or None
    """
    raw = {"": [read(image) for image in explainer.images]}
    for setting in settings:
        text = text_of(setting)
        raw[text] = explainer.explain(
            method, model, targets, (*names, text), {**options, **setting}
        )
    found = {
        text: view_maps(explainer.images, maps, view, method.signed) for text, maps in raw.items()
    }
    return {text: maps for text, (maps, _) in found.items()}, found[""][1]


def measure_run(
    run: str,
    metrics: Mapping[str, tuple[Metric, Mapping[str, Any]]],
    maps: Mapping[str, tuple[dict[str, np.ndarray], float | None]],
    units: np.ndarray,
    every: int,
    aggregate: str,
    resamples: int,
    seed: int,
) -> list[Row]:
    """Measure how far the matrices of one run move under each setting.

    Parameters
    ----------
    run : str
    metrics : dict
        By name, each with its options.
    maps : dict
        From each model to what `explain_settings` returns.
    units : ndarray of int, shape (n,)
        Numbered from 0.
    every : int
        Units of all images of the run.
    aggregate, resamples, seed
        As for `measure_movement`.

    Returns
    -------
    list of dict
        With `COLUMNS`; `width_all` is the half width of a pair's 95% interval by all images of the
        run, of which those explained again are a part.
    """
    about = dict.fromkeys(COLUMNS, np.nan) | {"run": run, "setting": "", "models": len(maps)}
    if len(maps) < 2:
        why = f"needs at least 2 models; found {len(maps)}"
        return [about | {"metric": metric, "untested": why} for metric in metrics]
    stacks, data_range = next(iter(maps.values()))
    choices: Choices = [
        (metric, {"data_range": data_range, **options}) for metric, options in metrics.values()
    ]
    values = {
        text: compare_all(choices, [own[text] for own, _ in maps.values()]) for text in stacks
    }
    few = "" if units.max() else "needs at least 2 images"
    rows = []
    for text in list(stacks)[1:]:
        for place, metric in enumerate(metrics):
            pair = values[""][place], values[text][place]
            moved = measure_movement(*pair, units, aggregate, resamples, seed)
            own: Row = {"metric": metric, "setting": text, "untested": few}
            own["width_all"] = width_of_all(moved["width"], moved["units"], every)
            rows.append(about | moved | own)
    return rows


def width_of_all(width: float, units: int, every: int) -> float:
    """Return the half width of an interval by all units of images, given that by some of them."""
    narrower = np.sqrt(units / every) * widening(every) / widening(units)
    return float(width * narrower)


def conclude(rows: Sequence[Row], images: int) -> list[str]:
    """Say how far matrices move between settings, against their intervals.

    Parameters
    ----------
    rows : list of dict
        Of `measure_settings`, of all runs and metrics.
    images : int
        That were explained.
    """
    sentences = []
    for run, setting in dict.fromkeys((row["run"], row["setting"]) for row in rows):
        own = [row for row in rows if (row["run"], row["setting"]) == (run, setting)]
        start = f"{run}, {setting}" if setting else run
        if why := own[0]["untested"]:
            sentences.append(f"{start}: cannot tell whether it matters: {why}.")
            continue
        parts = [
            f"{verdict} under {', '.join(metrics)}" for verdict, metrics in by_verdict(own).items()
        ]
        most = max(own, key=lambda row: row["moved"] / row["width_all"])
        sentences.append(
            f"{start}: a pair's dissimilarity moves {'; '.join(parts)}. Most under "
            f"{most['metric']}: by {most['moved']:.2g} (95% interval {most['moved_low']:.2g} to "
            f"{most['moved_high']:.2g}, {images} images), where it is {most['mean']:.2g} on "
            f"average with a 95% interval of ±{most['width_all']:.2g}{together(most)}."
        )
    return sentences


def together(row: Row) -> str:
    """Return how far both matrices correlate, of more than one pair of models."""
    if not np.isfinite(row["r"]):
        return ""
    interval = f"{row['r_low']:.2f} to {row['r_high']:.2f}"
    return f"; both matrices correlate by {row['r']:.2f} ({interval})"


def by_verdict(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Return the metrics by whether the setting moves a pair more than other images would."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row["moved_high"] < row["width_all"]:
            verdict = "less than by other images"
        elif row["moved_low"] > row["width_all"]:
            verdict = "more than by other images"
        else:
            verdict = "about as much as by other images"
        found.setdefault(verdict, []).append(row["metric"])
    return found
