"""Download an archive of images, unless it is there, and unpack it."""

from lookalike.core import jobs
from lookalike.images import archives, download

jobs.begin(snakemake)

archive = snakemake.params.archive
download.fetch(**archive)
archives.unpack(archive["path"], snakemake.output.folder)
