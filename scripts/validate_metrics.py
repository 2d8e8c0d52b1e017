"""Test by nearest prototypes which metrics and preprocessings separate the classes of maps."""

from lookalike.core import io, jobs, registry
from lookalike.maps import stacks
from lookalike.studies import metric_validation

jobs.begin(snakemake)

given, paths = snakemake.params, snakemake.input.maps
rows = io.read_table(snakemake.input.labels)
images, labels = ([row[column] for _ in paths for row in rows] for column in ("image", "label"))
raw = [saliency for path in paths for saliency in stacks.read_stack(path, images[: len(rows)])]
pool = metric_validation.choose_pool(labels, images, given.per_class, given.seed)
scores = metric_validation.validate_all(
    {
        name: (registry.get("metric", about["metric"]), about["options"])
        for name, about in given.metrics.items()
    },
    [raw[index] for index in pool],
    [labels[index] for index in pool],
    size=given.size,
    prototypes=given.prototypes,
    draws=given.draws,
    seed=given.seed,
)
io.write_table(snakemake.output.scores, scores)
