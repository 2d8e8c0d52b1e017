"""The class that most models predict. Included for `target: consensus` alone: where a workflow has a
checkpoint, each job of a cluster builds all of it.
"""


# A model is explained again if the vote changed a class. What is only counted is in another file.
checkpoint choose_targets:
    """Choose the class of every image that most of the independent models predict."""
    input:
        predictions=expand("results/predictions/{model}.npz", model=PLAN.predicting),
    output:
        consensus=CONSENSUS,
        votes="results/images/votes.csv",
    log:
        "logs/images/consensus.log",
    # Cheaper than a submission to a cluster.
    localrule: True
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("choose_targets"),
        runtime=minutes_of("choose_targets"),
    params:
        models=PLAN.predicting,
        source=fingerprint("scripts/choose_targets.py"),
    script:
        "../scripts/choose_targets.py"
