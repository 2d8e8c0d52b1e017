"""Compare the dissimilarity of each model and its replicate with that of the other pairs."""

from pathlib import Path

from lookalike import io, logs, replicates

logs.log_to(snakemake.log[0])

rows = []
for path in snakemake.input.matrices:
    method, metric, subset = Path(path).parts[-4:-1]
    # Pruned variants are near to their models by their make, and no yardstick.
    matrix, names = replicates.without(*io.read_matrix(path), snakemake.params.variants)
    for replicate, original in snakemake.params.replicates.items():
        # Not every method has all models.
        if not {replicate, original} <= set(names):
            continue
        gap = replicates.replicate_gap(matrix, names, original, replicate)
        rows.append({"method": method, "metric": metric, "subset": subset, "model": original, "replicate": replicate, **gap})
io.write_table(snakemake.output.replicates, rows, replicates.COLUMNS)
