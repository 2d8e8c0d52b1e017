"""Test by nearest prototypes which metrics and preprocessings separate the classes of maps."""

from lookalike.core import io, logs, registry
from lookalike.maps import stacks
from lookalike.studies import metric_validation
from lookalike.core.errors import InputError

logs.log_to(snakemake.log[0])

given = snakemake.params
rows = io.read_table(snakemake.input.labels)
paths = snakemake.input.get("maps")
raw = [
    saliency
    for path in paths
    for saliency in stacks.read_stack(path, [row["image"] for row in rows])
]
images, labels = ([row[column] for _ in paths for row in rows] for column in ("image", "label"))
pool = metric_validation.choose_pool(labels, images, given.per_class, given.seed)
raw, labels = [raw[index] for index in pool], [labels[index] for index in pool]
metrics = {
    name: (registry.get("metric", about["metric"]), about["options"])
    for name, about in given.metrics.items()
}
scores = []
for preprocessing in metric_validation.PREPROCESSINGS:
    maps = metric_validation.preprocess(raw, preprocessing, given.size)
    fitting = {
        name: about
        for name, about in metrics.items()
        if metric_validation.fits(about[0], maps, preprocessing)
    }
    found = metric_validation.validate(
        fitting, maps, labels, prototypes=given.prototypes, draws=given.draws, seed=given.seed
    )
    scores += [
        {"metric": row.pop("metric"), "preprocessing": preprocessing, **row} for row in found
    ]
if not scores:
    raise InputError("metric_validation: no metric fits these maps under any preprocessing")
io.write_table(snakemake.output.scores, scores)
