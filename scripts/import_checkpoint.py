"""Take a checkpoint, or timm's pretrained weights, as they are."""

from lookalike import io, logs

logs.log_to(snakemake.log[0])

from lookalike import checkpoints, models, weights

recipe, about = snakemake.params.recipe, {}
path = snakemake.input.get("weights")
if path:
    net, about = checkpoints.build_from_checkpoint(recipe, weights.read_weights(path), path)
else:
    net = models.build_network(recipe, pretrained=snakemake.params.pretrained)
models.check_size(net, snakemake.params.size)
labels = sorted({row["label"] for row in io.read_table(snakemake.input.manifest)})
models.save_model(snakemake.output.weights, net, models.describe_import(net, recipe, labels, path) | about)
