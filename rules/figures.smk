"""Figures. One job draws all of a matrix: its start costs most."""


rule draw_matrix:
    """Draw a matrix: heatmap, dendrograms, Louvain graph, coordinates, histograms of all pairs."""
    input:
        dissimilarity=f"{MATRIX}/dissimilarity.csv",
        bootstrap=f"{MATRIX}/bootstrap.npz",
        chance=f"{MATRIX}/chance.csv",
        low=f"{MATRIX}/low.csv",
        high=f"{MATRIX}/high.csv",
        table=f"{MATRIX}/images.npz",
        supports=expand(f"{GROUPS}/support-{{linkage}}.csv", linkage=LINKAGES, allow_missing=True),
        communities=f"{GROUPS}/communities.csv",
        together=f"{GROUPS}/together.csv",
        coordinates=f"{GROUPS}/principal_coordinates.csv",
    output:
        matrix=matrix_figure("matrix"),
        dendrograms=dendrogram_figures(),
        louvain=matrix_figure("louvain"),
        graph=f"{FIGURES}/louvain.graphml",
        together=matrix_figure("together"),
        coordinates=matrix_figure("principal_coordinates"),
        histograms=matrix_figure("histograms"),
    log:
        "logs/figures/{method}/{metric}/{subset}.log",
    benchmark:
        "benchmarks/figures/{method}/{metric}/{subset}.tsv"
    wildcard_constraints:
        method=methods_of(COMPUTED_KEYS),
    conda:
        "../envs/plot.yaml"
    resources:
        mem_mb=memory_of("draw_matrix"),
        runtime=minutes_of("draw_matrix"),
    params:
        key=key_of,
        linkages=LINKAGES,
        families=FAMILIES,
        colours=COLOURS,
        look=look("width"),
        source=fingerprint("scripts/draw_matrix.py"),
    script:
        "../scripts/draw_matrix.py"


use rule draw_matrix as draw_given_matrix with:
    input:
        dissimilarity=f"{MATRIX}/dissimilarity.csv",
        bootstrap=f"{MATRIX}/bootstrap.npz",
        supports=expand(f"{GROUPS}/support-{{linkage}}.csv", linkage=LINKAGES, allow_missing=True),
        communities=f"{GROUPS}/communities.csv",
        together=f"{GROUPS}/together.csv",
        coordinates=f"{GROUPS}/principal_coordinates.csv",
    output:
        matrix=matrix_figure("matrix", of=GIVEN),
        dendrograms=dendrogram_figures(of=GIVEN),
        louvain=matrix_figure("louvain", of=GIVEN),
        graph=f"{FIGURES}/louvain.graphml",
        together=matrix_figure("together", of=GIVEN),
        coordinates=matrix_figure("principal_coordinates", of=GIVEN),
    wildcard_constraints:
        method=methods_of(GIVEN_KEYS),


rule draw_agreement:
    """Draw how far all matrices over one subset of the images agree, and their trees."""
    input:
        agreement="results/inference/agreement/{subset}.csv",
    output:
        matrices=figure(
            "results/figures/agreement/{subset}-matrices",
            "agreement",
            "agreement",
            COMPARED,
            figure="matrices",
        ),
        trees=figure(
            "results/figures/agreement/{subset}-trees",
            "agreement",
            "agreement",
            COMPARED,
            figure="trees",
        ),
    log:
        "logs/figures/agreement/{subset}.log",
    benchmark:
        "benchmarks/figures/agreement/{subset}.tsv"
    conda:
        "../envs/plot.yaml"
    resources:
        mem_mb=memory_of("draw_agreement"),
        runtime=minutes_of("draw_agreement"),
    params:
        linkage=LINKAGES[0],
        of=what_is_compared,
        methods=list(dict.fromkeys(key.method for key in PLAN.keys)),
        look=look("width"),
        source=fingerprint("scripts/draw_agreement.py"),
    script:
        "../scripts/draw_agreement.py"


rule draw_multiverse:
    """Draw which methods, metrics, subsets and linkages agree on every conclusion."""
    input:
        multiverse="results/inference/multiverse.csv",
    output:
        figure=figure(
            "results/figures/multiverse",
            "multiverse",
            "findings",
            "multiverse",
            figure="multiverse",
        ),
    log:
        "logs/figures/multiverse.log",
    benchmark:
        "benchmarks/figures/multiverse.tsv"
    conda:
        "../envs/plot.yaml"
    resources:
        mem_mb=memory_of("draw_multiverse"),
        runtime=minutes_of("draw_multiverse"),
    params:
        look=look(),
        source=fingerprint("scripts/draw_multiverse.py"),
    script:
        "../scripts/draw_multiverse.py"


rule draw_panels:
    """Draw a few images with the maps of all models (columns) by all methods (rows)."""
    input:
        sample="results/images/explained.csv",
        images=OWN_IMAGES,
        batches=[path for method in METHODS for path in batches(method)],
        cards=[path for method in METHODS for path in batch_cards(method)],
        predictions=expand("results/predictions/{model}.npz", model=PLAN.computed),
        consensus=CONSENSUS if PLAN.target == "consensus" else [],
    output:
        panels=report(
            directory("results/figures/panels"),
            patterns=["{name}.png"],
            caption="../captions/panels.rst",
            category="panels",
            labels={"image": "{name}"},
        ),
    log:
        "logs/figures/panels.log",
    benchmark:
        "benchmarks/figures/panels.tsv"
    conda:
        "../envs/plot.yaml"
    resources:
        mem_mb=memory_of("draw_panels"),
        runtime=minutes_of("draw_panels"),
    params:
        seed=PLAN.seed,
        number=PLAN.figures.panels,
        size=PLAN.map_size,
        fit=PLAN.images.fit,
        methods={name: method.models for name, method in METHODS.items()},
        places={name: len(batches(name)) for name in METHODS},
        models=list(MODELS),
        computed=PLAN.computed,
        png=PLAN.figures.png,
        look=look("over_image", "display"),
        source=fingerprint("scripts/draw_panels.py"),
    script:
        "../scripts/draw_panels.py"
