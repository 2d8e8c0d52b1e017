"""Find near-copies, and say which of the explained images belong together."""

from lookalike.core import io, logs
from lookalike.images import near_copies, reading, units

logs.log_to(snakemake.log[0])

read, given = snakemake.input, snakemake.params
explained = io.read_table(read.sample)
groups = units.find_groups(
    io.read_table(read.manifest), explained, given.by_class, read.table, given.column
)
copies = None
if given.near_copies:
    pixels = reading.load_images(explained, 2 * near_copies.SIDE, given.fit, snakemake.threads)
    copies = near_copies.find_near_copies(pixels, given.near_copies)
rows = units.group_images(explained, copies, *groups)
for sentence in units.unit_remarks(rows):
    print(sentence)
io.write_table(snakemake.output.units, rows, units.COLUMNS)
