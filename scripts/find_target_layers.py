"""Find the layer that GradCAM explains in every model, and its grid."""

from lookalike import io, logs

logs.log_to(snakemake.log[0])

from lookalike import layers, models

rows = []
for (name, layer), weights in zip(snakemake.params.layers.items(), snakemake.input.weights, strict=True):
    rows.append({"model": name} | layers.describe_target_layer(models.load_model(weights).net, snakemake.params.size, layer))
io.write_table(snakemake.output.layers, rows)
