"""Draw the figures of a matrix, and write its graph."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.compare.dissimilarities import read_dissimilarities
from lookalike.compare.image_table import read_image_table
from lookalike.compare.shades import shades
from lookalike.groups.graph import model_graph, write_graph
from lookalike.groups.partitions import consensus_of
from lookalike.plots.files import files_of_figures
from lookalike.plots.figures import matrix_figures
from lookalike.plots.style import colours_of, save, use
from lookalike.plots.titles import MANY

read, draw, params = snakemake.input, snakemake.output, snakemake.params
matrix = read_dissimilarities(read.dissimilarity, read.bootstrap, params.key)
use(**params.look)
families = {name: params.families.get(name, "unknown") for name in matrix.names}
communities = io.read_table(read.communities)
graph = model_graph(matrix.without_unknown(), families, consensus_of(communities))
write_graph(draw.graph, graph)
drawn = matrix_figures(
    matrix,
    colours_of(matrix.names, params.colours),
    supports=dict(zip(params.linkages, map(io.read_table, read.supports), strict=True)),
    graph=graph,
    communities=communities,
    co_association=io.read_matrix(read.together)[0],
    coordinates=io.read_table(read.coordinates),
    bounds=(io.read_matrix(read.low)[0], io.read_matrix(read.high)[0]) if read.get("low") else None,
    chance=io.read_matrix(read.chance)[0] if read.get("chance") else None,
    table=read_image_table(read.table) if read.get("table") else None,
    shades=shades(matrix) if len(matrix) <= MANY else None,
)
for name, figures in drawn.items():
    for figure, paths in zip(figures, files_of_figures(draw[name]), strict=True):
        save(figure, paths)
