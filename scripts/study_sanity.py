"""Explain some images by networks with random weights, and compare with the trained ones."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.maps.stacks import raw_reader
from lookalike.plots.sanity import likeness_by_step
from lookalike.plots.style import save, use
from lookalike.studies import sanity, sanity_maps, sanity_verdicts
from lookalike.studies.explainer import Explainer

read, written, given = snakemake.input, snakemake.output, snakemake.params
use(**given.look)
explainer = Explainer.of(read, given.explaining, snakemake.threads).evenly(given.options["images"])
places = iter(read.maps)
trained = {
    run: {name: raw_reader(next(places)) for name in about["options"]}
    for run, about in given.runs.items()
}
found, left_out = sanity_maps.study_models(
    explainer,
    given.models,
    read,
    given.runs,
    trained,
    given.options["parts"],
)
units = explainer.units(read.units)
rows = [
    row
    for method, (metrics, models) in found.items()
    for row in sanity.measure_steps(method, metrics, models, units, given.resamples, explainer.seed)
]
io.write_table(written.sanity, rows, sanity.COLUMNS)
sentences = sanity_verdicts.conclude(rows, left_out)
io.write_json(written.summary, {"sentences": sentences, "table": sanity_verdicts.table_of(rows)})
save(likeness_by_step(rows, title="maps by networks with random weights"), written.figures)
