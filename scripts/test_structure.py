"""Test whether a matrix has any structure."""

from lookalike.compare import image_table
from lookalike.core import condensed, io, logs
from lookalike.inference import structure

logs.log_to(snakemake.log[0])

given = snakemake.params
values, _, names, _ = image_table.values_of_subset(
    io.read_each(snakemake.input.pairs), io.read_each(snakemake.input.predictions)
)
kept = [place for place, name in enumerate(names) if name not in given.alike]
values = condensed.select_pairs(values, kept)
found = structure.structure_test(values, len(kept), given.aggregate, given.permutations, given.seed)
io.write_table(snakemake.output.structure, [found], structure.COLUMNS)
