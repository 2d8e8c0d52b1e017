"""Inputs and parameters of the rules of figures."""

IMAGES, GIVEN = "{subset} images", "user-supplied"
# Matrices over a subset of the images, unless all are user-supplied.
COMPARED = IMAGES if COMPUTED_KEYS else GIVEN


def what_is_compared(wildcards):
    """Return what the matrices of one subset are over, for a title."""
    return COMPARED.format(**wildcards)


def matrix_figure(name, caption=None, of=IMAGES):
    """Return a figure of a matrix, filed under its method, metric and subset."""
    return figure(
        f"{FIGURES}/{name}",
        caption or name,
        "{method}",
        f"{{metric}}, {of}",
        figure=name.replace("_", " "),
    )


def dendrogram_figures(of=IMAGES):
    """Return the dendrograms of all linkages."""
    return [
        path
        for linkage in LINKAGES
        for path in matrix_figure(f"dendrogram-{linkage}", caption="dendrogram", of=of)
    ]
