"""Find the layer that GradCAM explains in every model, and its grid."""

from lookalike.core import io, logs

logs.log_to(snakemake.log[0])

from lookalike.models import layers, loading, tables
from lookalike.core.errors import InputError

rows = []
for (name, layer), weights, sidecar in zip(
    snakemake.params.layers.items(), snakemake.input.weights, snakemake.input.sidecars, strict=True
):
    try:
        found = layers.measure_layer(
            loading.load_model(weights, sidecar=sidecar).net, (snakemake.params.size,) * 2, layer
        )
    except InputError as error:
        print(f"{name}: {error}")
        found = {"layer": None, "channels": None, "grid": None}
    rows.append({"model": name} | found | {"grid": tables.grid_text(found["grid"])})
io.write_table(snakemake.output.layers, rows)
