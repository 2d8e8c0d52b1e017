"""Findings and report: what the numbers say, and one file with everything, which opens offline."""


rule write_findings:
    """Write what the numbers say of one subset of the images, and which analyses agree on it."""
    input:
        unpack(tables_to_report),
        manifest="results/images/manifest.csv" if PLAN.images.source else [],
        skipped="results/images/skipped.csv" if PLAN.images.source else [],
        units=UNITS if METHODS else [],
        design_effects=every_matrix(
            f"{MATRIX}/design_effect.csv", computed=True, subset=PLAN.first_subset
        ),
        agreement=agreement_to_report(PLAN.first_subset),
        redundancy=expand("results/inference/redundancy/{method}.csv", method=CORRELATED),
        dissimilarities=every_matrix(f"{MATRIX}/dissimilarity.csv", subset=PLAN.first_subset),
        images=every_matrix(f"{MATRIX}/n.csv"),
        notes=fill(f"{MATRIX}/notes.json", GIVEN_KEYS),
        supports=[
            path
            for linkage in LINKAGES
            for path in every_matrix(f"{GROUPS}/support-{linkage}.csv")
        ],
        communities=every_matrix(f"{GROUPS}/communities.csv", subset=PLAN.first_subset),
    output:
        findings="results/inference/findings.json",
        markdown=report(
            "results/inference/findings.md",
            caption="../captions/findings.rst",
            category="findings",
        ),
        multiverse=table("results/inference/multiverse.csv", "multiverse", table="multiverse"),
    log:
        "logs/inference/findings.log",
    benchmark:
        "benchmarks/inference/findings.tsv"
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("write_findings"),
        runtime=minutes_of("write_findings"),
    params:
        subset=PLAN.first_subset,
        is_training=bool(PLAN.trained),
        matrices=text_of(PLAN.keys),
        linkages=LINKAGES,
        given=text_of(GIVEN_KEYS),
        audited=AUDITED,
        blind=BLIND,
        population=PLAN.inference.population,
        localised=LOCALISED,
        correlated=CORRELATED,
        source=fingerprint("scripts/write_findings.py"),
    script:
        "../scripts/write_findings.py"


rule write_report:
    """Write findings, tables, figures, the config and the versions into one HTML file."""
    input:
        unpack(tables_to_report),
        unpack(pages_to_report),
        findings="results/inference/findings.json",
        analyses="results/inference/multiverse.csv",
        diagnostics=[f"results/maps/{name}/{model}/diagnostics.csv" for name, model in EXPLAINED],
        dissimilarity=every_matrix(f"{MATRIX}/dissimilarity.csv"),
        bootstrap=every_matrix(f"{MATRIX}/bootstrap.npz"),
        low=every_matrix(f"{MATRIX}/low.csv", computed=True),
        high=every_matrix(f"{MATRIX}/high.csv", computed=True),
        chance=every_matrix(f"{MATRIX}/chance.csv", computed=True),
        n=every_matrix(f"{MATRIX}/n.csv", computed=True),
        calibrated=every_matrix(f"{MATRIX}/calibrated.csv", computed=True),
        table=every_matrix(f"{MATRIX}/images.npz", computed=True),
        supports=[
            path
            for linkage in LINKAGES
            for path in every_matrix(f"{GROUPS}/support-{linkage}.csv")
        ],
        communities=every_matrix(f"{GROUPS}/communities.csv"),
        together=every_matrix(f"{GROUPS}/together.csv"),
        coordinates=every_matrix(f"{GROUPS}/principal_coordinates.csv"),
        dendrograms=[
            path
            for linkage in LINKAGES
            for path in every_matrix(f"{FIGURES}/dendrogram-{linkage}.svg")
        ],
        louvain=every_matrix(f"{FIGURES}/louvain.svg"),
        principal_coordinates=every_matrix(f"{FIGURES}/principal_coordinates.svg"),
        agreement=[
            f"results/figures/agreement/{subset}-{kind}.svg" for subset, kind in AGREEMENT_FIGURES
        ],
        pruning_figure="results/figures/pruning.svg" if PLAN.pruned else [],
        multiverse="results/figures/multiverse.svg" if PLAN.keys else [],
        studies=[study.summary for study in STUDIES.values() if study.summary],
        study_figures=STUDY_FIGURES,
    output:
        report=report("results/report.html", caption="../captions/report.rst", category="findings"),
    log:
        "logs/report.log",
    benchmark:
        "benchmarks/report.tsv"
    conda:
        "../envs/plot.yaml"
    resources:
        mem_mb=memory_of("write_report"),
        runtime=minutes_of("write_report"),
    params:
        **ABOUT_PAGES,
        subset=PLAN.first_subset,
        matrices=text_of(PLAN.keys),
        given=text_of(GIVEN_KEYS),
        audited=AUDITED,
        blind=BLIND,
        explained=EXPLAINED,
        linkages=LINKAGES,
        localised=LOCALISED,
        agreement=AGREEMENT_FIGURES,
        studies=ABOUT_STUDIES,
        left_out=PLAN.left_out,
        megabytes=PLAN.megabytes,
        ways=ways_of_results,
        config=dict(config),
        versions=versions_of_results(),
        source=fingerprint("scripts/write_report.py", *TEMPLATE),
    script:
        "../scripts/write_report.py"
