"""Groups: a tree, communities and principal coordinates of every dissimilarity matrix."""


rule link_models:
    """Cluster the models hierarchically; every clade with its support, tested by the bootstrap."""
    input:
        dissimilarity=f"{MATRIX}/dissimilarity.csv",
        bootstrap=f"{MATRIX}/bootstrap.npz",
        table=table_of_images,
    output:
        tree=f"{GROUPS}/tree-{{linkage}}.nwk",
        support=f"{GROUPS}/support-{{linkage}}.csv",
    log:
        "logs/groups/{method}/{metric}/{subset}/tree-{linkage}.log",
    benchmark:
        "benchmarks/groups/{method}/{metric}/{subset}/tree-{linkage}.tsv"
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("link_models"),
        runtime=minutes_of("link_models"),
    params:
        seed=PLAN.seed,
        key=key_of,
        metric=metric_if_computed,
        aggregate=PLAN.aggregate,
        source=fingerprint("scripts/link_models.py"),
    script:
        "../scripts/link_models.py"


rule detect_communities:
    """Find the communities on which Louvain's partitions agree over resamples and seeds."""
    input:
        dissimilarity=f"{MATRIX}/dissimilarity.csv",
        bootstrap=f"{MATRIX}/bootstrap.npz",
    output:
        communities=f"{GROUPS}/communities.csv",
        together=f"{GROUPS}/together.csv",
    log:
        "logs/groups/{method}/{metric}/{subset}/communities.log",
    benchmark:
        "benchmarks/groups/{method}/{metric}/{subset}/communities.tsv"
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("detect_communities"),
        runtime=minutes_of("detect_communities"),
    params:
        seed=PLAN.seed,
        key=key_of,
        resolutions=PLAN.groups.resolutions,
        louvain=PLAN.groups.louvain,
        source=fingerprint("scripts/detect_communities.py"),
    script:
        "../scripts/detect_communities.py"


rule project_models:
    """Find the models' principal coordinates, and how far they move over resamples of images."""
    input:
        dissimilarity=f"{MATRIX}/dissimilarity.csv",
        bootstrap=f"{MATRIX}/bootstrap.npz",
    output:
        coordinates=f"{GROUPS}/principal_coordinates.csv",
    log:
        "logs/groups/{method}/{metric}/{subset}/principal_coordinates.log",
    benchmark:
        "benchmarks/groups/{method}/{metric}/{subset}/principal_coordinates.tsv"
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("project_models"),
        runtime=minutes_of("project_models"),
    params:
        key=key_of,
        source=fingerprint("scripts/project_models.py"),
    script:
        "../scripts/project_models.py"
