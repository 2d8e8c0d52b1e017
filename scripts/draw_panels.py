"""Draw a few images with the maps of all models by all methods."""

from textwrap import wrap

from lookalike import io, logs, stacks

logs.log_to(snakemake.log[0])

from lookalike import images, matrices
from lookalike.plots import panels
from lookalike.plots.style import save

rows = io.read_table(snakemake.input.sample)
predictions = io.read_each(snakemake.input.predictions)
classes = matrices.predicted_classes(predictions, [row["image"] for row in rows]) if predictions else None
batches = iter(snakemake.input.batches)
methods = {name: {model: stacks.read_batch(next(batches)) for model in models} for name, models in snakemake.params.methods.items()}
ranges = {name: next(iter(stacks.values()))[1]["data_range"] for name, stacks in methods.items()}

for number, place in enumerate(panels.choose_images(rows, classes, snakemake.params.number, snakemake.params.seed)):
    path, label = rows[place]["path"], rows[place]["label"]
    shown = images.read_image(path, snakemake.params.size) if path else None
    predicted = dict(zip(snakemake.params.computed, classes[place], strict=True)) if predictions else {}
    titles = {model: "\n".join([*wrap(model, 18), *([predicted[model]] if model in predicted else [])]) for model in snakemake.params.models}
    maps = {name: {model: stack[place] for model, (stack, _) in stacks.items()} for name, stacks in methods.items()}
    figure = panels.panel(shown, maps, titles, ranges=ranges, title=f"{rows[place]['image']}: {label}" if label else rows[place]["image"])
    save(figure, snakemake.output.panels[2 * number : 2 * number + 2])
