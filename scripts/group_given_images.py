"""Find near-copies by the maps of all models, and say which images belong together."""

from lookalike.core import io, logs
from lookalike.images import units
from lookalike.maps import near_copies, stacks

logs.log_to(snakemake.log[0])

read, given = snakemake.input, snakemake.params
explained = io.read_table(read.sample)
groups = units.find_groups(io.read_table(read.manifest), explained, False, read.table, given.column)
images = [row["image"] for row in explained]
copies = None
if given.near_copies:
    maps = (stacks.read_batches([path], images, read.sample)[0][0] for path in read.batches)
    copies = near_copies.find_near_copies(maps, given.near_copies)
rows = units.group_images(explained, copies, *groups)
for sentence in units.unit_remarks(rows):
    print(sentence)
io.write_table(snakemake.output.units, rows, units.COLUMNS)
