"""The study of KernelSHAP's samples: how many are needed?"""

SAMPLED = PLAN.studies["kernelshap_samples"]
SAMPLED_MODEL = SAMPLED.get("model") or PLAN.predicting[0]
SAMPLED_WORK = {
    "images": SAMPLED["images"],
    "passes": SAMPLED["seeds"] * sum(SAMPLED["samples"]),
}


rule study_kernelshap_samples:
    """Run KernelSHAP with growing numbers of samples, several seeds each, on a few images."""
    input:
        **inputs_of_networks([SAMPLED_MODEL]),
    output:
        runs="results/studies/kernelshap_samples/runs.csv",
        samples="results/studies/kernelshap_samples/samples.csv",
        summary="results/studies/kernelshap_samples/summary.json",
        figures=study_figure("kernelshap_samples", model=SAMPLED_MODEL),
    log:
        "logs/studies/kernelshap_samples.log",
    benchmark:
        "benchmarks/studies/kernelshap_samples.tsv"
    conda:
        "../../envs/explain.yaml"
    threads: 1
    resources:
        gpu=cards_needed,
        mem_mb=memory_of("study_kernelshap_samples", **SAMPLED_WORK),
        runtime=minutes_of("study_kernelshap_samples", **SAMPLED_WORK),
    params:
        explaining=EXPLAINING,
        model=SAMPLED_MODEL,
        options=SAMPLED,
        look=look(),
        source=fingerprint("scripts/study_kernelshap_samples.py"),
    script:
        "../../scripts/study_kernelshap_samples.py"


add_study("kernelshap_samples", [f"error and time of KernelSHAP: {SAMPLED_MODEL}"])
