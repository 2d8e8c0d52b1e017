"""Download an archive of images, unless it is there, and unpack it."""

from lookalike import download, logs

logs.log_to(snakemake.log[0])

archive = snakemake.params.archive
download.fetch(**archive)
download.unpack(archive["path"], snakemake.output.folder)
