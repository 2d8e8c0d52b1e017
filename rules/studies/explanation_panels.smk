"""The study of explanations: what do they look like, where models agree and where they do not?"""

# The first metric of each method tells how far models disagree on an image.
RANKED = list(
    {key.method: key for key in reversed(COMPUTED_KEYS) if key.subset == PLAN.first_subset}.values()
)[::-1]


rule study_explanation_panels:
    """Draw images on which models agree most and least, and others, with the maps of all models."""
    input:
        tables=fill(f"{MATRIX}/images.npz", RANKED),
        sample="results/images/explained.csv",
        images=OWN_IMAGES,
        batches=[path for method in METHODS for path in batches(method)],
        cards=[path for method in METHODS for path in batch_cards(method)],
        predictions=expand("results/predictions/{model}.npz", model=PLAN.computed),
        consensus=CONSENSUS if PLAN.target == "consensus" else [],
    output:
        images="results/studies/explanation_panels/explanation_panels.csv",
        by_method="results/studies/explanation_panels/by_method.csv",
        summary="results/studies/explanation_panels/summary.json",
        overview=study_figure("explanation_panels", "disagreement", figure="disagreement"),
        least=study_figure("explanation_panels", "least", figure="least disagreement"),
        most=study_figure("explanation_panels", "most", figure="most disagreement"),
        pages=report(
            directory("results/studies/explanation_panels/pages"),
            patterns=["{name}.png"],
            caption="../../captions/study.rst",
            category="studies",
            subcategory="explanation panels",
            labels={"figure": "{name}"},
        ),
    log:
        "logs/studies/explanation_panels.log",
    benchmark:
        "benchmarks/studies/explanation_panels.tsv"
    conda:
        "../../envs/plot.yaml"
    resources:
        mem_mb=memory_of("study_explanation_panels"),
        runtime=minutes_of("study_explanation_panels"),
    params:
        seed=PLAN.seed,
        chosen=PLAN.studies["explanation_panels"],
        size=PLAN.map_size,
        fit=PLAN.images.fit,
        methods={name: method.models for name, method in METHODS.items()},
        places={name: len(batches(name)) for name in METHODS},
        models=list(MODELS),
        computed=PLAN.computed,
        dependent=PLAN.dependent,
        look=look("over_image", "display"),
        source=fingerprint("scripts/study_explanation_panels.py"),
    script:
        "../../scripts/study_explanation_panels.py"


add_study(
    "explanation_panels",
    ["disagreement of every image", "least disagreement", "most disagreement"],
)
