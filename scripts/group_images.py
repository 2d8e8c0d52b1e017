"""Find near-copies, and say which of the explained images belong together."""

from lookalike.core import io, jobs
from lookalike.images import manifest, near_copies, reading, units

jobs.begin(snakemake)

read, given = snakemake.input, snakemake.params
explained, copies = io.read_table(read.sample), None
if given.near_copies:
    shown = manifest.placed(explained, read.images)
    pixels = reading.load_images(shown, 2 * near_copies.SIDE, given.fit, snakemake.threads)
    copies = near_copies.find_near_copies(pixels, given.near_copies)
rows = units.describe_units(
    io.read_table(read.manifest),
    explained,
    copies,
    by_class=given.by_class,
    table=read.table,
    column=given.column,
)
io.write_table(snakemake.output.units, rows, units.COLUMNS)
