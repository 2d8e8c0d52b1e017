"""Figure of the accuracy of each model, in each way of bringing images to it."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from lookalike.core.types import Row
from lookalike.plots.style import PALETTE
from lookalike.studies.transform_ways import SAME, WAYS

# By way; the same as shared has no bar of its own.
TEXTS = dict(
    zip(WAYS, ("shared geometry", "own geometry", "ImageNet's normalisation for all"), strict=True)
)
# More would have no room for their names; of more, those that change most are drawn.
MOST_MODELS = 40


def accuracy_bars(rows: Sequence[Row], *, title: str) -> Figure:
    """Draw accuracies with their 95% intervals, one panel for each split.

    Parameters
    ----------
    rows : list of dict
        Of `studies.shared_transforms.compare_ways`.
    title : str
    """
    splits, models = (list(dict.fromkeys(row[name] for row in rows)) for name in ("split", "model"))
    if len(models) > MOST_MODELS:
        changes = {
            model: max(abs(row["difference"] or 0) for row in rows if row["model"] == model)
            for model in models
        }
        chosen = sorted(models, key=changes.__getitem__, reverse=True)[:MOST_MODELS]
        models = [model for model in models if model in chosen]
        title += f"; the {MOST_MODELS} models that change most"
    figure = Figure(
        figsize=(max(5.5, 1.2 + 0.5 * len(models)), 1.6 + 2.1 * len(splits)), layout="constrained"
    )
    figure.suptitle(f"{title}\n(no bar: as shared, or not possible)", fontsize=10)
    width = 0.8 / len(WAYS)
    for place, split in enumerate(splits, 1):
        axes = figure.add_subplot(len(splits), 1, place)
        for number, way in enumerate(WAYS):
            shown = [
                row
                for row in rows
                if (row["split"], row["way"]) == (split, way)
                and row["model"] in models
                and row["accuracy"] is not None
                and row["remark"] != SAME
            ]
            if not shown:
                continue
            height, low, high = (
                np.array([row[f"accuracy{end}"] for row in shown]) for end in ("", "_low", "_high")
            )
            axes.bar(
                [models.index(row["model"]) + (number - 1) * width for row in shown],
                height,
                width,
                yerr=np.maximum([height - low, high - height], 0),
                error_kw={"lw": 0.8, "ecolor": "0.3"},
                color=PALETTE[number],
                label=TEXTS[way],
            )
        if not axes.containers:
            axes.text(0.5, 0.5, "cannot be told", ha="center", transform=axes.transAxes)
        names = models if place == len(splits) else [""] * len(models)
        axes.set_xticks(range(len(models)), names, rotation=45, ha="right", rotation_mode="anchor")
        axes.set(ylim=(0, 1), xlim=(-0.6, len(models) - 0.4), ylabel="accuracy")
        axes.set_title(split, fontsize=9)
    handles = {
        text: handle
        for axes in figure.axes
        for handle, text in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    if handles:
        figure.legend(
            handles.values(),
            handles.keys(),
            loc="outside lower center",
            ncols=3,
            frameon=False,
            fontsize=8,
        )
    return figure
