"""Measure how much of every map lies on the object, and test whether it is more than by chance."""

from lookalike.core import io, jobs
from lookalike.images import manifest, masks, units
from lookalike.inference import localisation as tests
from lookalike.maps import localisation

jobs.begin(snakemake)

read, written, given = snakemake.input, snakemake.output, snakemake.params
rows = manifest.placed(io.read_table(read.masks), read.images)
found = {row["image"]: row for row in manifest.placed(rows, read.folder, "mask")}
numbers = units.number_units(io.read_table(read.units))
numbers = {image: unit for image, unit in numbers.items() if image in found}
rows, blocks = localisation.measure(
    given.models,
    numbers,
    localisation.read_raw(dict(zip(given.models, read.maps, strict=True)), given.repair),
    masks.reader_of(found),
    given.fit,
    given.seed,
)
io.write_table(written.localisation, rows, localisation.COLUMNS)
io.write_table(
    written.tests,
    tests.localisation_tests(
        rows, blocks, numbers, given.resamples, given.permutations, given.seed
    ),
    tests.COLUMNS,
)
