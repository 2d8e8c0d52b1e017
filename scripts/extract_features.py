"""Run a frozen backbone over the images of the training split once."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.images import manifest
from lookalike.models import devices, regression

listed = manifest.placed(io.read_table(snakemake.input.manifest), snakemake.input.images)
rows = [row for row in listed if row["split"] == "train"]
features = regression.extract_features(
    rows,
    snakemake.params.recipe,
    pretrained=snakemake.params.pretrained,
    checkpoint=snakemake.input.get("weights"),
    size=snakemake.params.size,
    fit=snakemake.params.fit,
    name=snakemake.wildcards.model,
    seed=snakemake.params.seed,
    device=devices.claim_device(snakemake.threads),
    threads=snakemake.threads,
)
io.write_arrays(snakemake.output.features, images=[row["image"] for row in rows], features=features)
