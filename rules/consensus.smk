"""The class that most models predict. Included for `target: consensus` alone: where a workflow has a
checkpoint, each job of a cluster builds all of it.
"""


# Models are explained after the vote, and only if it changed something or they are new.
checkpoint choose_targets:
    """Choose the class of every image that most of the independent models predict."""
    input:
        predictions=expand("results/predictions/{model}.npz", model=PLAN.predicting),
    output:
        consensus=CONSENSUS,
    log:
        "logs/images/consensus.log",
    conda:
        "../envs/compare.yaml"
    params:
        models=PLAN.predicting,
        source=fingerprint("scripts/choose_targets.py"),
    script:
        "../scripts/choose_targets.py"
