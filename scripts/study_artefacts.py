"""Test whether one place always wins in the maps of a model; repair it, and compare again."""

from lookalike.core import io, jobs, registry

jobs.begin(snakemake)

import numpy as np

from lookalike.images.units import number_units
from lookalike.maps.stacks import files_of_models, raw_reader, read_batch
from lookalike.plots.files import files_of_figures
from lookalike.plots.artefacts import peaks_and_repairs
from lookalike.plots.style import save, use
from lookalike.studies import artefacts, repairs
from lookalike.studies.peaks import PLACE_COLUMNS, measure_places, read_peaks

read, written, given = snakemake.input, snakemake.output, snakemake.params
use(**given.look)
folders, places = iter(read.maps), iter(read.batches)
batches, raw = {}, {}
for method, models in given.models.items():
    own = [next(places) for _ in range(given.places[method])]
    for model, path in zip(models, files_of_models(own, models), strict=True):
        batches[method, model] = read_batch(path)
        raw[method, model] = raw_reader(next(folders))
peaks = {key: read_peaks(raw[key], card) for key, (_, card) in batches.items()}
numbers = number_units(io.read_table(read.units))
images = next(iter(batches.values()))[1]["images"]
drawn = np.array([numbers[image] for image in images]), given.resamples, given.seed
cells = artefacts.find_artefacts(peaks, *drawn, given.slack)
edges = measure_places(peaks, *drawn)
changes = []
for number, (method, models) in enumerate(given.models.items()):
    found = artefacts.artefacts_of(cells, method)
    chosen = repairs.cells_to_repair(found)
    mended = {
        model: repairs.repaired_maps(
            raw[method, model], batches[method, model][1], cell, given.signed[method]
        )
        for model, cell in chosen.items()
    }
    metrics = {
        name: (registry.get("metric", metric), options)
        for name, (metric, options) in given.metrics[method].items()
    }
    own = repairs.repair(
        method, metrics, {name: batches[method, name] for name in models}, mended, chosen, *drawn
    )
    changes += own
    figure = peaks_and_repairs(
        {name: peaks[method, name] for name in models},
        found,
        own,
        title=f"Where maps peak, {method}",
    )
    save(figure, files_of_figures(written.figures)[number])
io.write_table(written.cells, cells, artefacts.COLUMNS)
io.write_table(written.places, edges, PLACE_COLUMNS)
io.write_table(written.repairs, changes, repairs.COLUMNS)
sentences = artefacts.conclude(cells, edges) + repairs.conclude(changes)
io.write_json(written.summary, {"sentences": sentences})
