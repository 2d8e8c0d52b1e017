"""Inputs and parameters of the rules of figures."""


def matrix_figure(name, caption=None):
    """Return a figure of a matrix, filed under its method, metric and subset."""
    return figure(
        f"{FIGURES}/{name}",
        caption or name,
        "{method}",
        "{metric}, {subset} images",
        figure=name.replace("_", " "),
    )


def dendrogram_figures():
    """Return the dendrograms of all linkages, two files each."""
    return [
        path
        for linkage in LINKAGES
        for path in matrix_figure(f"dendrogram-{linkage}", caption="dendrogram")
    ]
