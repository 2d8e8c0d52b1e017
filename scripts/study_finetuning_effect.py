"""Compare accuracy and maps of every fine-tuned model with those of the start of its training."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.plots import finetuning_effect as plots
from lookalike.plots.panels import choose_images
from lookalike.plots.style import save, use
from lookalike.studies import finetuning_effect as study
from lookalike.studies import finetuning_maps, finetuning_starts
from lookalike.studies.explainer import Explainer

read, written, given = snakemake.input, snakemake.output, snakemake.params
use(**given.look)
sidecars = dict(zip(given.finetuned, map(io.read_json, read.sidecars), strict=True))
labels = [row["label"] for row in io.read_table(read.manifest) if row["split"] == "val"]
accuracies, epochs = study.tabulate_accuracies(sidecars, labels), study.tabulate_epochs(sidecars)
rows = [finetuning_maps.missing_maps()]
if given.method:
    explainer = Explainer.of(read, given.explaining, snakemake.threads)
    explainer = explainer.evenly(given.options["images"])
    checkpoints = dict(zip(given.starting, read.checkpoints, strict=True))
    starts = [
        finetuning_starts.Start(
            name,
            **given.starts[name],
            checkpoint=checkpoints.get(name),
            n_classes=len(sidecars[name]["classes"]),
            predictions=path,
        )
        for name, path in zip(given.finetuned, read.predictions, strict=True)
    ]
    folders = dict(zip(given.models, read.maps, strict=True))
    found = finetuning_starts.read_maps(explainer, *given.run, starts, folders, given.views)
    rows = finetuning_maps.compare_maps(
        given.method,
        given.metrics,
        found,
        given.replicates,
        study.idle_models(sidecars),
        explainer.units(read.units),
        given.resamples,
        explainer.seed,
    )
    (shown,) = choose_images(explainer.chosen, None, 1, explainer.seed)
    picture = explainer.picture(shown)
    title = f"{given.method}: image {found.images[shown]}"
    save(plots.before_and_after(picture, shown, found, title=title), written.panels)
save(plots.effects(accuracies, epochs, rows, title="Fine-tuning"), written.figures)
io.write_table(written.accuracies, accuracies, study.ACCURACY_COLUMNS)
io.write_table(written.epochs, epochs, study.EPOCH_COLUMNS)
io.write_table(written.maps, rows, finetuning_maps.MAP_COLUMNS)
io.write_json(
    written.summary,
    {"sentences": study.conclude(accuracies, rows), "table": finetuning_maps.table_of(rows)},
)
