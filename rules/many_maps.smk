"""User-supplied maps of many models: one job views and audits those of a block, without a copy."""

for method, blocks in MANY_BLOCKS.items():
    for number, (block, models) in enumerate(blocks.items(), 1):

        rule:
            name:
                f"view_{method}_{number}"
            input:
                given=many_given_maps(method, models),
                sample="results/images/explained.csv",
            output:
                batches=directory(folder_of(method, block)),
                audits=[f"results/audit/{method}/{model}.json" for model in models],
            log:
                f"logs/maps/{method}/many-{number}.log",
            benchmark:
                f"benchmarks/maps/{method}/many-{number}.tsv"
            conda:
                "../envs/compare.yaml"
            resources:
                mem_mb=memory_of("view_many_maps", models=len(models)),
                runtime=minutes_of("view_many_maps", models=len(models)),
            params:
                names=models,
                models=partial(many_about, method, models),
                channels=PLAN.explanations[METHODS[method].explanation].channels,
                signed=PLAN.explanations[METHODS[method].explanation].signed,
                source=fingerprint("scripts/view_many_maps.py"),
            script:
                "../scripts/view_many_maps.py"
