"""Write numbers, maps, tables and figures, the config and the versions into one HTML file."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.report import content, page
from lookalike.report.embedded import Blocks, embed
from lookalike.report.provenance import provenance

read, given = snakemake.input, snakemake.params
blocks = Blocks()
shown = content.gather(read, given, blocks) | {
    "left_out": given.left_out,
    "config": page.as_yaml(given.config),
    "versions": given.versions,
    "provenance": provenance(given.ways),
}
maps = embed(blocks, read, given, shown["models"], shown["lead"])
io.write_text(
    snakemake.output.report,
    page.render(**shown, maps=maps, megabytes=given.megabytes, blocks=blocks),
)
