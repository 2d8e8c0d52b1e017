"""Fine-tune a timm model on the training split."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.images import manifest
from lookalike.models import devices, finetuning, networks
from lookalike.models.unfinished import Unfinished

unfinished = Unfinished(snakemake.params.unfinished, snakemake.params.source)
device = devices.claim_device(snakemake.threads)
net, sidecar = finetuning.finetune_from_manifest(
    manifest.placed(io.read_table(snakemake.input.manifest), snakemake.input.images),
    snakemake.params.recipe,
    **snakemake.params.training,
    checkpoint=snakemake.input.get("weights"),
    size=snakemake.params.size,
    fit=snakemake.params.fit,
    name=snakemake.wildcards.model,
    seed=snakemake.params.seed,
    device=device,
    threads=snakemake.threads,
    unfinished=unfinished,
)
networks.save_model(snakemake.output.weights, net, sidecar)
unfinished.end()
