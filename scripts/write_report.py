"""Write all tables and figures, the config and the versions into one HTML file."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.report import content, page

shown = content.gather(snakemake.input, snakemake.params) | {
    "left_out": snakemake.params.left_out,
    "config": page.as_yaml(snakemake.params.config),
    "versions": snakemake.params.versions,
}
io.write_text(snakemake.output.report, page.render(**shown))
