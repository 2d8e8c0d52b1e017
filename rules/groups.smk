"""Groups: a tree, communities and a projection of every dissimilarity matrix."""


rule link_models:
    """Cluster the models hierarchically; every clade with its bootstrap support."""
    input:
        dissimilarity="results/matrices/{method}/{metric}/{subset}/dissimilarity.csv",
        bootstrap="results/matrices/{method}/{metric}/{subset}/bootstrap.npz",
    output:
        tree="results/groups/{method}/{metric}/{subset}/tree-{linkage}.nwk",
        support="results/groups/{method}/{metric}/{subset}/support-{linkage}.csv",
    log:
        "logs/groups/{method}/{metric}/{subset}/tree-{linkage}.log",
    conda:
        "../envs/compare.yaml"
    params:
        source=fingerprint("scripts/link_models.py"),
    script:
        "../scripts/link_models.py"


rule detect_communities:
    """Find the communities on which Louvain's partitions agree over resamples and seeds, at every resolution and over all."""
    input:
        dissimilarity="results/matrices/{method}/{metric}/{subset}/dissimilarity.csv",
        bootstrap="results/matrices/{method}/{metric}/{subset}/bootstrap.npz",
    output:
        communities="results/groups/{method}/{metric}/{subset}/communities.csv",
        together="results/groups/{method}/{metric}/{subset}/together.csv",
    log:
        "logs/groups/{method}/{metric}/{subset}/communities.log",
    conda:
        "../envs/compare.yaml"
    params:
        seed=SEED,
        resolutions=config["groups"]["resolutions"],
        source=fingerprint("scripts/detect_communities.py"),
    script:
        "../scripts/detect_communities.py"


rule project_models:
    """Project the models onto two principal coordinates, with how far they move when the images are resampled."""
    input:
        dissimilarity="results/matrices/{method}/{metric}/{subset}/dissimilarity.csv",
        bootstrap="results/matrices/{method}/{metric}/{subset}/bootstrap.npz",
    output:
        pca="results/groups/{method}/{metric}/{subset}/pca.csv",
    log:
        "logs/groups/{method}/{metric}/{subset}/pca.log",
    conda:
        "../envs/compare.yaml"
    params:
        source=fingerprint("scripts/project_models.py"),
    script:
        "../scripts/project_models.py"
