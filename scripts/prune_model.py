"""Describe a variant of a model that lacks some channels; it keeps the weights of the model."""

from lookalike.core import io, jobs
from lookalike.models import pruning

jobs.begin(snakemake)

given = snakemake.params
channels = io.read_table(snakemake.input.channels)
dropped = pruning.drop_channels(channels, given.draw, given.pruned_from, given.seed)
pruned = {
    "from": given.pruned_from,
    "layer": channels[0]["layer"],
    "channels": len(channels),
    "dropped": dropped,
}
io.write_json(snakemake.output.sidecar, io.read_json(snakemake.input.sidecar) | {"pruned": pruned})
