"""Download an archive of images, unless it is there, and unpack it."""

from lookalike.core import logs
from lookalike.images import archives, download

logs.log_to(snakemake.log[0])

archive = snakemake.params.archive
download.fetch(**archive)
archives.unpack(archive["path"], snakemake.output.folder)
