"""The study of predictions: who predicts alike, and does looking alike go with it?"""

# Also over the images on which two models agree, as the experiment was.
WITH_PREDICTIONS = PLAN.keys_of()
PREDICTED_METHODS = list(dict.fromkeys(key.method for key in WITH_PREDICTIONS))


rule study_prediction_agreement:
    """Compare what models predict, and correlate it with how alike they look."""
    input:
        predictions=expand("results/predictions/{model}.npz", model=PLAN.predicting),
        units=UNITS,
        matrices=fill(f"{MATRIX}/dissimilarity.csv", WITH_PREDICTIONS),
        bootstraps=fill(f"{MATRIX}/bootstrap.npz", WITH_PREDICTIONS),
    output:
        pairs="results/studies/prediction_agreement/pairs.csv",
        correlations="results/studies/prediction_agreement/correlations.csv",
        summary="results/studies/prediction_agreement/summary.json",
        figures=[
            path
            for name in ["same predictions", *PREDICTED_METHODS]
            for path in study_figure("prediction_agreement", name.replace(" ", "_"), of=name)
        ],
    log:
        "logs/studies/prediction_agreement.log",
    benchmark:
        "benchmarks/studies/prediction_agreement.tsv"
    conda:
        "../../envs/plot.yaml"
    resources:
        mem_mb=memory_of("study"),
        runtime=minutes_of("study"),
    params:
        seed=PLAN.seed,
        models=PLAN.predicting,
        matrices=text_of(WITH_PREDICTIONS),
        methods=PREDICTED_METHODS,
        families=FAMILIES,
        colours=COLOURS,
        resamples=PLAN.inference.bootstrap,
        permutations=PLAN.inference.permutations,
        look=look(),
        source=fingerprint("scripts/study_prediction_agreement.py"),
    script:
        "../../scripts/study_prediction_agreement.py"


add_study("prediction_agreement", ["same predictions", *PREDICTED_METHODS])
