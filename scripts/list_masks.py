"""Find the mask of every explained image whose object is known."""

from lookalike.core import io, logs
from lookalike.images import masks

logs.log_to(snakemake.log[0])

explained = {row["image"] for row in io.read_table(snakemake.input.sample)}
found = masks.find_masks(io.read_table(snakemake.input.manifest), snakemake.input.masks)
rows = masks.measure_masks(row for row in found if row["image"] in explained)
io.write_table(snakemake.output.masks, rows, masks.COLUMNS)
