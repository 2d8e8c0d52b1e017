"""Find maps that need a look before they are trusted."""

from lookalike.core import io, jobs
from lookalike.maps import audit, stacks, views

jobs.begin(snakemake)

batch, card = stacks.read_batch(snakemake.input.batch)
raw = map(stacks.raw_reader(snakemake.input.maps), card["images"])
if snakemake.params.repair:
    raw = (views.repair_cell(one, *snakemake.params.repair) for one in raw)
explained = io.read_table(snakemake.input.diagnostics) if snakemake.input.diagnostics else []
gaps = [float(row["completeness_gap"]) for row in explained if "completeness_gap" in row]
found = audit.audit(batch, card["images"], raw, card["rounding"], snakemake.params.same_files, gaps)
io.write_json(snakemake.output.audit, found)
