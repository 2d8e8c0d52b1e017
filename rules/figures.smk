"""Figures, each as SVG and PNG. One job draws all of a matrix, since its start costs more than its work."""

FIGURES = "results/figures/{method}/{metric}/{subset}"


rule draw_matrix:
    """Draw a matrix: heatmap, dendrograms, Louvain graph, projection, histograms of all pairs."""
    input:
        dissimilarity="results/matrices/{method}/{metric}/{subset}/dissimilarity.csv",
        chance="results/matrices/{method}/{metric}/{subset}/chance.csv",
        low="results/matrices/{method}/{metric}/{subset}/low.csv",
        high="results/matrices/{method}/{metric}/{subset}/high.csv",
        supports=expand("results/groups/{{method}}/{{metric}}/{{subset}}/support-{linkage}.csv", linkage=LINKAGES),
        communities="results/groups/{method}/{metric}/{subset}/communities.csv",
        together="results/groups/{method}/{metric}/{subset}/together.csv",
        pca="results/groups/{method}/{metric}/{subset}/pca.csv",
        pairs=pair_files,
        predictions=predictions_if_agreeing,
    output:
        matrix=multiext(f"{FIGURES}/matrix", ".svg", ".png"),
        dendrograms=expand(f"{FIGURES}/dendrogram-{{linkage}}.{{format}}", linkage=LINKAGES, format=("svg", "png"), allow_missing=True),
        louvain=multiext(f"{FIGURES}/louvain", ".svg", ".png"),
        together=multiext(f"{FIGURES}/together", ".svg", ".png"),
        pca=multiext(f"{FIGURES}/pca", ".svg", ".png"),
        histograms=multiext(f"{FIGURES}/histograms", ".svg", ".png"),
    log:
        "logs/figures/{method}/{metric}/{subset}.log",
    wildcard_constraints:
        method=one_of(METHODS),
    conda:
        "../envs/plot.yaml"
    params:
        linkages=LINKAGES,
        families={name: recipe["family"] for name, recipe in MODELS.items()},
        source=fingerprint("scripts/draw_matrix.py"),
    script:
        "../scripts/draw_matrix.py"


use rule draw_matrix as draw_given_matrix with:
    input:
        dissimilarity="results/matrices/{method}/{metric}/{subset}/dissimilarity.csv",
        supports=expand("results/groups/{{method}}/{{metric}}/{{subset}}/support-{linkage}.csv", linkage=LINKAGES),
        communities="results/groups/{method}/{metric}/{subset}/communities.csv",
        together="results/groups/{method}/{metric}/{subset}/together.csv",
        pca="results/groups/{method}/{metric}/{subset}/pca.csv",
    output:
        matrix=multiext(f"{FIGURES}/matrix", ".svg", ".png"),
        dendrograms=expand(f"{FIGURES}/dendrogram-{{linkage}}.{{format}}", linkage=LINKAGES, format=("svg", "png"), allow_missing=True),
        louvain=multiext(f"{FIGURES}/louvain", ".svg", ".png"),
        together=multiext(f"{FIGURES}/together", ".svg", ".png"),
        pca=multiext(f"{FIGURES}/pca", ".svg", ".png"),
    wildcard_constraints:
        method=GIVEN_MATRICES,


rule draw_agreement:
    """Draw how far all matrices over one subset of the images agree, and their trees."""
    input:
        agreement="results/inference/agreement/{subset}.csv",
    output:
        matrices=multiext("results/figures/agreement/{subset}-matrices", ".svg", ".png"),
        trees=multiext("results/figures/agreement/{subset}-trees", ".svg", ".png"),
    log:
        "logs/figures/agreement/{subset}.log",
    conda:
        "../envs/plot.yaml"
    params:
        linkage=LINKAGES[0],
        source=fingerprint("scripts/draw_agreement.py"),
    script:
        "../scripts/draw_agreement.py"


rule draw_panels:
    """Draw a few images with the maps of all models (columns) by all methods (rows)."""
    input:
        sample="results/images/explained.csv",
        batches=[batch for method in METHODS for batch in batches(method)],
        predictions=expand("results/predictions/{model}.npz", model=COMPUTED),
    output:
        panels=directory("results/figures/panels"),
    log:
        "logs/figures/panels.log",
    conda:
        "../envs/plot.yaml"
    params:
        seed=SEED,
        number=config["figures"]["panels"],
        size=config["maps"]["size"],
        methods={name: method["models"] for name, method in METHODS.items()},
        models=list(MODELS),
        computed=COMPUTED,
        source=fingerprint("scripts/draw_panels.py"),
    script:
        "../scripts/draw_panels.py"
