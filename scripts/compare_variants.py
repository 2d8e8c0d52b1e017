"""Compare the maps of every model with those of its pruned variants."""

from pathlib import Path

from lookalike.core import io, logs
from lookalike.inference import variants

logs.log_to(snakemake.log[0])

given, rows = snakemake.params, []
for path, bootstrap in zip(snakemake.input.matrices, snakemake.input.bootstraps, strict=True):
    matrix, names = io.read_matrix(path)
    replicates = io.read_arrays(bootstrap)["dissimilarity"]
    place = dict(zip(variants.PLACE, Path(path).parts[-4:-1], strict=True))
    rows += [
        place | row
        for row in variants.compare_maps(
            matrix, replicates, names, given.variants, given.origins, given.seed
        )
    ]
io.write_table(snakemake.output.variants, rows, variants.MAP_COLUMNS)
