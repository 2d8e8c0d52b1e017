"""Draw a few images with the maps of all models by all methods."""

from lookalike import io, logs

logs.log_to(snakemake.log[0])

from lookalike import images, matrices
from lookalike.plots import panels
from lookalike.plots.style import save

models, count = snakemake.params.models, len(snakemake.params.models)
rows = io.read_table(snakemake.input.sample)
classes = matrices.predicted_classes(io.read_each(snakemake.input.predictions), [row["image"] for row in rows])
batches = [io.read_batch(path) for path in snakemake.input.batches]
methods = {name: batches[place * count : (place + 1) * count] for place, name in enumerate(snakemake.params.methods)}
ranges = {name: stacks[0][1]["data_range"] for name, stacks in methods.items()}

for number, place in enumerate(panels.choose_images(rows, classes, snakemake.params.number, snakemake.params.seed)):
    shown = images.read_image(rows[place]["path"], batches[0][0].shape[1])
    titles = {model: f"{model}\n{predicted}" for model, predicted in zip(models, classes[place], strict=True)}
    maps = {name: [maps[place] for maps, _ in stacks] for name, stacks in methods.items()}
    figure = panels.panel(shown, maps, titles, ranges=ranges, title=f"{rows[place]['image']}: {rows[place]['label']}")
    save(figure, snakemake.output.panels[2 * number : 2 * number + 2])
