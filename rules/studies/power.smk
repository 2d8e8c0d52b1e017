"""The study of power: how many images and models are needed to find an effect."""

POWER = "results/studies/power/{method}/{metric}/{subset}"
# Matrices whose images and models are the pilot.
POWERED = PLAN.keys_of(computed=True, subset=PLAN.first_subset)


def title_of_power(wildcards):
    """Return the title of the figure of one pilot."""
    return f"power, with {wildcards.method}, {wildcards.metric} as the pilot"


rule simulate_power:
    """Simulate how many images and models an effect needs, with this matrix as the pilot."""
    input:
        table=f"{MATRIX}/images.npz",
    output:
        power=f"{POWER}.csv",
    log:
        "logs/studies/power/{method}/{metric}/{subset}.log",
    benchmark:
        "benchmarks/studies/power/{method}/{metric}/{subset}.tsv"
    wildcard_constraints:
        method=methods_of(COMPUTED_KEYS),
    conda:
        "../../envs/compare.yaml"
    resources:
        mem_mb=memory_of("simulate_power"),
        runtime=minutes_of("simulate_power"),
    params:
        seed=PLAN.seed,
        metric=metric_of,
        dependent=PLAN.dependent,
        effect=PLAN.studies["power"]["effect"],
        images=PLAN.studies["power"]["images"],
        models=PLAN.studies["power"]["models"],
        simulations=PLAN.studies["power"]["simulations"],
        source=fingerprint("scripts/simulate_power.py"),
    script:
        "../../scripts/simulate_power.py"


rule draw_power:
    """Draw how often an effect is found, against the number of images and of models."""
    input:
        power=f"{POWER}.csv",
    output:
        curves=figure(
            POWER,
            "power",
            "studies",
            "power",
            captions="../../captions",
            method="{method}",
            metric="{metric}",
        ),
    log:
        "logs/studies/power/{method}/{metric}/{subset}-figure.log",
    benchmark:
        "benchmarks/studies/power/{method}/{metric}/{subset}-figure.tsv"
    wildcard_constraints:
        method=methods_of(COMPUTED_KEYS),
    conda:
        "../../envs/plot.yaml"
    resources:
        mem_mb=memory_of("draw_power"),
        runtime=minutes_of("draw_power"),
    params:
        title=title_of_power,
        look=look(),
        source=fingerprint("scripts/draw_power.py"),
    script:
        "../../scripts/draw_power.py"


STUDIES["power"] = Study(
    figures={
        f"power: {key.method}, {key.metric}": outputs(rules.draw_power, **key._asdict())
        for key in POWERED
    },
    tables=fill(f"{POWER}.csv", POWERED),
)
