"""Run KernelSHAP with growing numbers of samples, several seeds each, on a few images."""

from lookalike.core import io, jobs, registry

jobs.begin(snakemake)

from lookalike.images.reading import load_images
from lookalike.methods.explain import inputs_of
from lookalike.plots.kernelshap_samples import errors_and_times
from lookalike.plots.style import save, use
from lookalike.studies import kernelshap_samples as study
from lookalike.studies.explainer import Explainer

read, written, given = snakemake.input, snakemake.output, snakemake.params
use(**given.look)
explainer = Explainer.of(read, given.explaining, snakemake.threads)
explainer = explainer.only(range(min(given.options["images"], len(explainer.rows))))
((_, model),) = explainer.networks([given.model], read.weights, read.sidecars)
targets = explainer.targets(
    registry.get("method", "kernelshap"), model, given.model, read.predictions[0]
)
pixels = load_images(explainer.chosen, explainer.size, explainer.fit, snakemake.threads)
_, images, numbers = inputs_of(model, pixels, targets)
runs = study.with_distances(
    list(
        study.run_all(
            model,
            images,
            numbers,
            explainer.images,
            seed=explainer.seed,
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
