"""Compare the dissimilarity of each model and its replicate with that of the other pairs."""

from pathlib import Path

from lookalike import io, logs, matrices, replicates

logs.log_to(snakemake.log[0])

rows = []
for path, bootstrap in zip(snakemake.input.matrices, snakemake.input.bootstraps, strict=True):
    method, metric, subset = Path(path).parts[-4:-1]
    everything, all_names = io.read_matrix(path)
    # Pruned variants are near to their models by their make, and no yardstick.
    matrix, names = replicates.without(everything, all_names, snakemake.params.variants)
    resampled = matrices.select_pairs(io.read_arrays(bootstrap)["dissimilarity"], [all_names.index(name) for name in names])
    for replicate, original in snakemake.params.replicates.items():
        # Not every method has all models.
        if not {replicate, original} <= set(names):
            continue
        gap = replicates.replicate_gap(matrix, names, original, replicate, resampled)
        rows.append({"method": method, "metric": metric, "subset": subset, "model": original, "replicate": replicate, **gap})
io.write_table(snakemake.output.replicates, rows, replicates.COLUMNS)
