"""Insert and remove pixels in the order of all maps, and compare with the same maps shifted."""

from lookalike.core import io, jobs, registry

jobs.begin(snakemake)

from lookalike.maps.stacks import raw_reader
from lookalike.plots.faithfulness import curves_and_gains
from lookalike.plots.style import save, use
from lookalike.studies import faithfulness
from lookalike.studies.explainer import Explainer
from lookalike.studies.pixel_removal import score_maps

read, written, given = snakemake.input, snakemake.output, snakemake.params
use(**given.look)
explainer = Explainer.of(read, given.explaining, snakemake.threads).evenly(given.images)
places, predictions = iter(read.maps), iter(read.predictions)
curves = {}
for name, model in explainer.networks([*given.methods], read.weights, read.sidecars):
    method = registry.get("method", "gradcam")
    targets = explainer.targets(method, model, name, next(predictions))
    methods = {
        method: (raw_reader(next(places)), view) for method, view in given.methods[name].items()
    }
    curves |= score_maps(explainer, model, name, targets, methods, given.steps)
units = explainer.units(read.units)
rows, compared = faithfulness.measure(
    curves, units, given.resamples, given.permutations, explainer.seed
)
shown = faithfulness.curve_rows(curves)
io.write_table(written.scores, rows, faithfulness.COLUMNS)
io.write_table(written.methods, compared, faithfulness.COMPARED)
io.write_table(written.curves, shown, faithfulness.CURVES)
io.write_json(written.summary, {"sentences": faithfulness.conclude(rows, compared)})
title = "how much the class depends on what the maps mark"
save(curves_and_gains(rows, shown, title=title), written.figures)
