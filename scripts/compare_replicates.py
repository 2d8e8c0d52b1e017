"""Compare the dissimilarity of each model and its replicate with that of the other pairs."""

from pathlib import Path

from lookalike.compare import replicates
from lookalike.core import condensed, io, logs

logs.log_to(snakemake.log[0])

read, given, rows = snakemake.input, snakemake.params, []
for path, number, bootstrap in zip(read.matrices, read.numbers, read.bootstraps, strict=True):
    method, metric, subset = Path(path).parts[-4:-1]
    (everything, all_names), (images, _) = io.read_matrix(path), io.read_matrix(number)
    # Pruned variants are near to their models by their make, and no yardstick.
    matrix, names = replicates.without(everything, all_names, given.variants)
    resampled = condensed.select_pairs(
        io.read_arrays(bootstrap)["dissimilarity"], [all_names.index(name) for name in names]
    )
    for replicate, original in given.replicates.items():
        # Not every method has all models.
        if not {replicate, original} <= set(names):
            continue
        about = {
            "method": method,
            "metric": metric,
            "subset": subset,
            "model": original,
            "replicate": replicate,
        }
        n = int(images[all_names.index(original), all_names.index(replicate)])
        rows.append(
            about
            | replicates.replicate_gap(matrix, names, original, replicate, resampled)
            | {"n": n}
        )
io.write_table(snakemake.output.replicates, rows, replicates.COLUMNS)
