"""Check every image of the source and write the manifest."""

from lookalike.core import io, jobs
from lookalike.images import folders, manifest, remarks

jobs.begin(snakemake)

folder, split = snakemake.input.folder, snakemake.params.split
rows = manifest.find_images(folder, snakemake.params.seed, split, snakemake.threads)
_, skipped = folders.find_files(folder)
for sentence in remarks.remarks(rows, skipped, is_training=split is None):
    print(sentence)
if snakemake.params.own:
    rows, skipped = manifest.below(rows, folder), manifest.below(skipped, folder)
io.write_table(snakemake.output.manifest, rows)
io.write_table(snakemake.output.skipped, skipped, ["path", "kind"])
