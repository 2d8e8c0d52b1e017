"""Draw a few images with the maps of all models by all methods."""

from pathlib import Path
from textwrap import wrap

from lookalike.core import io, logs
from lookalike.maps import stacks

logs.log_to(snakemake.log[0])

from lookalike.images import reading
from lookalike.models import predictions
from lookalike.plots import panels
from lookalike.plots.style import save

rows = io.read_table(snakemake.input.sample)
predicting = io.read_each(snakemake.input.predictions)
classes = (
    predictions.predicted_classes(predicting, [row["image"] for row in rows])
    if predicting
    else None
)
paths = iter(snakemake.input.batches)
methods = {
    name: {model: stacks.read_batch(next(paths)) for model in models}
    for name, models in snakemake.params.methods.items()
}
ranges = {name: next(iter(batches.values()))[1]["data_range"] for name, batches in methods.items()}

Path(snakemake.output.panels).mkdir(parents=True)
for number, index in enumerate(
    panels.choose_images(rows, classes, snakemake.params.number, snakemake.params.seed), 1
):
    path, label = rows[index]["path"], rows[index]["label"]
    shown = reading.read_image(path, snakemake.params.size) if path else None
    predicted = dict(
        zip(
            snakemake.params.computed,
            panels.describe_predictions(predicting.values(), index),
            strict=True,
        )
    )
    titles = {
        model: "\n".join([*wrap(model, 18), *([predicted[model]] if model in predicted else [])])
        for model in snakemake.params.models
    }
    maps = {
        name: {model: batch[index] for model, (batch, _) in batches.items()}
        for name, batches in methods.items()
    }
    figure = panels.panel(
        shown,
        maps,
        titles,
        ranges=ranges,
        title=f"{rows[index]['image']}: {label}" if label else rows[index]["image"],
    )
    save(
        figure, [Path(snakemake.output.panels, f"panel-{number}.{kind}") for kind in ("svg", "png")]
    )
