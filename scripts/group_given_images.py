"""Find near-copies by the maps of all models, and say which images belong together."""

from lookalike.core import io, jobs
from lookalike.images import units
from lookalike.maps import near_copies, stacks

jobs.begin(snakemake)

read, given = snakemake.input, snakemake.params
explained, copies = io.read_table(read.sample), None
if given.near_copies:
    images = [row["image"] for row in explained]
    paths = (path for place in read.batches for path in stacks.batches_at(place))
    maps = (stacks.read_batches([path], images, read.sample)[0][0] for path in paths)
    copies = near_copies.find_near_copies(maps, given.near_copies)
rows = units.describe_units(
    io.read_table(read.manifest),
    explained,
    copies,
    by_class=False,
    table=read.table,
    column=given.column,
)
io.write_table(snakemake.output.units, rows, units.COLUMNS)
