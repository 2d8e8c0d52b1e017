"""List the images that are left out because some of the given sets of maps lack them."""

from lookalike.core import io, jobs
from lookalike.maps import matching

jobs.begin(snakemake)

manifest = [
    row["image"]
    for row in io.read_table(snakemake.input.manifest)
    if row["split"] == snakemake.params.split
]
rows = matching.list_unmatched(manifest, snakemake.params.common, snakemake.params.unmatched)
io.write_table(snakemake.output.unmatched, rows, ["image", "lacking"])
