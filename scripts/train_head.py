"""Train a regression head on cached features."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

import torch

from lookalike.models import networks, regression

torch.set_num_threads(snakemake.threads)
cached = io.read_arrays(snakemake.input.features)
net, sidecar = regression.train_head(
    io.read_table(snakemake.input.manifest),
    dict(zip(cached["images"].tolist(), cached["features"], strict=True)),
    {row["image"]: float(row["score"]) for row in io.read_table(snakemake.input.scores)},
    snakemake.params.recipe,
    **snakemake.params.training,
    checkpoint=snakemake.input.get("weights"),
    name=snakemake.wildcards.model,
    seed=snakemake.params.seed,
)
networks.save_model(snakemake.output.weights, net, sidecar)
