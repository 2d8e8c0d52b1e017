"""Write what the numbers say: lines and their statistics as JSON, lines and tables as Markdown."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.findings import collect, finding, multiverse

found, first, agreeing, analyses = collect.collect(snakemake.input, snakemake.params)
content = finding.as_json(found, snakemake.params.subset, agreeing, first)
io.write_json(snakemake.output.findings, content)
io.write_text(snakemake.output.markdown, finding.as_markdown(content))
io.write_table(snakemake.output.multiverse, analyses, multiverse.COLUMNS)
