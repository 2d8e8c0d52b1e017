"""Measure how well every head predicts the scores of held-out images, and what pruning does to
it.
"""

from lookalike.core import io, jobs
from lookalike.inference import variants
from lookalike.models import heldout

jobs.begin(snakemake)

given = snakemake.params
predictions = {
    model: heldout.read_predictions(path)
    for model, path in zip(given.models, snakemake.input.predicted, strict=True)
}
sidecars = {
    model: io.read_json(path)
    for model, path in zip(given.models, snakemake.input.sidecars, strict=True)
}
alignments = {
    model: io.read_arrays(path)["alignment"]
    for model, path in zip(given.models, snakemake.input.alignments, strict=False)
}
heads, pruning = variants.measure_heads(
    predictions, sidecars, given.variants, given.resamples, given.seed, alignments
)
io.write_table(snakemake.output.heads, heads)
io.write_table(snakemake.output.pruning, pruning, variants.PRUNING_COLUMNS)
