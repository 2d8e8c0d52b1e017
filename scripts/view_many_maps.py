"""Bring the user-supplied maps of several models into the view of a method, and look for maps that
need a look before they are trusted.
"""

from lookalike.core import io, jobs
from lookalike.maps import many, stacks

jobs.begin(snakemake)

written, given = snakemake.output, snakemake.params
images = [row["image"] for row in io.read_table(snakemake.input.sample)]
for name, about, audit in zip(given.names, given.models, written.audits, strict=True):
    card, maps, found = many.view_and_audit(images, about, given.signed, given.channels)
    stacks.write_batch(f"{written.batches}/{name}.npy", maps, card)
    io.write_json(audit, found)
