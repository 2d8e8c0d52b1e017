"""Test whether a matrix has any structure."""

from lookalike import groups, io, logs, matrices, structure

logs.log_to(snakemake.log[0])

given = snakemake.params
values, _, names, _ = matrices.values_of_subset(io.read_each(snakemake.input.pairs), io.read_each(snakemake.input.predictions))
# Replicates and pruned variants are near to their models by their make.
kept = [place for place, name in enumerate(names) if given.origins[name] == name]
values = groups.select_pairs(values, kept)
io.write_table(snakemake.output.structure, [structure.structure_test(values, len(kept), given.aggregate, given.permutations, given.seed)])
