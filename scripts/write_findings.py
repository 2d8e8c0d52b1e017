"""Write what the numbers say: sentences and their statistics as JSON, the sentences as Markdown."""

from lookalike.core import io, logs

logs.log_to(snakemake.log[0])

from lookalike.findings import collect, finding

found = finding.as_json(collect.collect(snakemake.input, snakemake.params), snakemake.params.subset)
io.write_json(snakemake.output.findings, found)
io.write_text(snakemake.output.markdown, finding.as_markdown(found))
