"""Run KernelSHAP with growing numbers of samples, several seeds each, on a few images."""

from lookalike.core import io, jobs, registry

jobs.begin(snakemake)

from lookalike.images.manifest import placed
from lookalike.images.reading import load_images
from lookalike.methods.explain import inputs_of, resolve_targets
from lookalike.models.devices import claim_device
from lookalike.models.loading import load_model
from lookalike.plots.kernelshap_samples import errors_and_times
from lookalike.plots.style import save
from lookalike.studies import kernelshap_samples as study

read, written, given = snakemake.input, snakemake.output, snakemake.params
rows = placed(io.read_table(read.sample), read.images)
model = load_model(read.weights, claim_device(snakemake.threads), read.sidecar)
targets, _ = resolve_targets(
    registry.get("method", "kernelshap"),
    model,
    rows,
    io.read_arrays(read.predictions),
    target=given.target,
    consensus=read.consensus or None,
    size=given.size,
    fit=given.fit,
    name=given.model,
    threads=snakemake.threads,
)
count = given.options["images"]
rows = rows[:count]
pixels = load_images(rows, given.size, given.fit, snakemake.threads)
_, images, numbers = inputs_of(model, pixels, targets[:count])
runs = study.with_distances(
    list(
        study.run_all(
            model,
            images,
            numbers,
            [row["image"] for row in rows],
            seed=given.seed,
            **{name: given.options[name] for name in ("samples", "seeds", "segments", "baseline")},
        )
    )
)
wanted, line, found = given.options["error"], study.fit_time(runs), study.summarise(runs)
io.write_table(written.runs, runs, study.RUN_COLUMNS)
io.write_table(written.samples, found, study.COLUMNS)
io.write_json(
    written.summary, {"sentences": study.conclude(found, line, wanted, given.model), "table": []}
)
labels = [
    study.superpixels(one.permute(1, 2, 0).cpu().numpy(), given.options["segments"])
    for one in images
]
figure = errors_and_times(
    found, runs, line, wanted, pixels, labels, title=f"KernelSHAP on {given.model}"
)
save(figure, written.figures)
