"""Summarise the images of every pair into matrices."""

from lookalike.compare import aggregation, calibration, image_table, resampling
from lookalike.core import condensed, io, logs, registry

logs.log_to(snakemake.log[0])

values, chance, names, images = image_table.values_of_subset(
    io.read_each(snakemake.input.pairs), io.read_each(snakemake.input.predictions)
)
tables = aggregation.summarise(values, snakemake.params.aggregate)
resampled = resampling.bootstrap(
    values, snakemake.params.aggregate, snakemake.params.resamples, snakemake.params.seed
)
tables["low"], tables["high"] = resampling.percentile_interval(resampled)
tables["chance"] = aggregation.summarise(chance, snakemake.params.aggregate)["dissimilarity"]
tables["calibrated"] = calibration.calibrate(
    tables["dissimilarity"], tables["chance"], names, snakemake.params.originals
)
raw = registry.get("metric", snakemake.params.metric).raw
tables["raw"] = aggregation.summarise(raw(values))["mean"]

for name, table in tables.items():
    diagonal = {
        "raw": float(raw(0.0)),
        "n": len(images),
        "chance": float("nan"),
        "calibrated": float("nan"),
    }.get(name, 0.0)
    io.write_matrix(snakemake.output[name], condensed.square(table, len(names), diagonal), names)
halves = resampling.split_halves(
    values, snakemake.params.aggregate, resampling.SPLITS, snakemake.params.seed
)
io.write_arrays(snakemake.output.bootstrap, dissimilarity=resampled, halves=halves, models=names)
