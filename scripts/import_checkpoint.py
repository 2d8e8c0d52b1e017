"""Take a checkpoint, or timm's pretrained weights, as they are."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.models import checkpoints, networks, sources, weights

recipe, about = sources.registered(snakemake.params.recipe), {}
path = snakemake.input.get("weights")
if path:
    net, about = checkpoints.build_from_checkpoint(recipe, weights.read_weights(path), path)
else:
    net = networks.build_network(recipe, pretrained=snakemake.params.pretrained)
networks.check_size(net, snakemake.params.size)
labels = sorted({row["label"] for row in io.read_table(snakemake.input.manifest)})
networks.save_model(
    snakemake.output.weights, net, networks.describe_import(net, recipe, labels, path) | about
)
