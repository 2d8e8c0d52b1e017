"""Groups of models in a dissimilarity matrix: trees, communities, projections."""

import re

import numpy as np

from lookalike.errors import InputError
from lookalike.matrices import condensed
from lookalike.seeding import seed_of

LINKAGES = ("average", "single", "complete", "weighted")
EUCLIDEAN_LINKAGES = ("ward", "centroid", "median")
LOUVAIN_RUNS = 20
CLADE_COLUMNS = ("left", "right", "height", "size", "support", "cophenetic_correlation", "members")
COMMUNITY_COLUMNS = ("resolution", "model", "community", "modularity")
PLAIN_NAME = re.compile(r"[A-Za-z0-9_.+-]+")
PROJECTION_COLUMNS = ("model", "component", "coordinate", "explained")


def without_unknown(matrix, names):
    """Leave out models until every dissimilarity is known, each time the one with most unknown ones.

    Returns
    -------
    matrix : ndarray, shape (k, k)
    names : list of str
    kept : list of int
        Places of the k models that are left.
    """
    kept = list(range(len(matrix)))
    while (unknown := np.isnan(matrix[np.ix_(kept, kept)]).sum(axis=1)).any():
        left_out = kept.pop(int(unknown.argmax()))
        print(f"{names[left_out]} is left out: {unknown.max()} of its dissimilarities are not known")
    return matrix[np.ix_(kept, kept)], [names[place] for place in kept], kept


def select_pairs(replicates, kept):
    """Return the columns, of condensed replicates (B, pairs), that are pairs of the kept models."""
    models = int((1 + np.sqrt(1 + 8 * replicates.shape[1])) / 2)
    rows, columns = np.triu_indices(models, 1)
    return replicates[:, np.isin(rows, kept) & np.isin(columns, kept)]


def link(matrix, method="average"):
    """Cluster a dissimilarity matrix hierarchically.

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
    method : {"average", "single", "complete", "weighted"}

    Returns
    -------
    ndarray, shape (m - 1, 4)
        As SciPy's `linkage`.

    Raises
    ------
    InputError
        For ward, centroid and median, whose heights are right for Euclidean distances alone.
    """
    if method in EUCLIDEAN_LINKAGES:
        raise InputError(f"linkage {method!r} is right for Euclidean distances only, which these dissimilarities are not; use one of {', '.join(LINKAGES)}")
    from scipy.cluster.hierarchy import linkage

    return linkage(condensed(matrix), method) if len(matrix) > 1 else np.empty((0, 4))


def cophenetic_correlation(tree, matrix):
    """Return Pearson's correlation of the tree's heights with the dissimilarities; NaN where one is constant."""
    from scipy.cluster.hierarchy import cophenet

    if len(matrix) < 3:
        return np.nan
    heights, distances = cophenet(tree), condensed(matrix)
    if np.ptp(heights) == 0 or np.ptp(distances) == 0:
        return np.nan
    return float(np.corrcoef(heights, distances)[0, 1])


def clades(tree):
    """Return the members of every inner node of a tree, as bit masks in the order of the merges."""
    m = len(tree) + 1
    masks = [1 << leaf for leaf in range(m)]
    for left, right in tree[:, :2].astype(int):
        masks.append(masks[left] | masks[right])
    return masks[m:]


def clade_support(tree, replicates, method="average"):
    """Return the share of bootstrap trees that hold each clade of a tree.

    Parameters
    ----------
    tree : ndarray, shape (m - 1, 4)
    replicates : ndarray, shape (B, m (m - 1) / 2)
        Condensed bootstrap dissimilarities. Those with an unknown value are left out.
    method : str

    Returns
    -------
    ndarray, shape (m - 1,)
        The root's is 1; NaN where no replicate is complete.
    """
    from scipy.cluster.hierarchy import linkage

    wanted = clades(tree)
    complete = replicates[np.isfinite(replicates).all(axis=1)]
    if not len(complete) or not len(tree):
        return np.full(len(tree), np.nan)
    hits = dict.fromkeys(wanted, 0)
    for replicate in complete:
        for clade in clades(linkage(replicate, method)):
            if clade in hits:
                hits[clade] += 1
    return np.array([hits[clade] for clade in wanted]) / len(complete)


def describe_clades(tree, support, matrix, names):
    """Return one row a merge, with `CLADE_COLUMNS`; the cophenetic correlation is the whole tree's."""
    correlation = cophenetic_correlation(tree, matrix)
    rows = []
    for (left, right, height, size), share, mask in zip(tree, support, clades(tree), strict=True):
        members = [name for place, name in enumerate(names) if mask >> place & 1]
        cells = (int(left), int(right), height, int(size), share, correlation, " ".join(members))
        rows.append(dict(zip(CLADE_COLUMNS, cells, strict=True)))
    return rows


def parse_clades(rows):
    """Return the rows of `describe_clades`, read from a table, with their numbers."""
    kinds = dict(zip(CLADE_COLUMNS, (int, int, float, int, float, float, str), strict=True))
    return [{column: kind(row[column]) for column, kind in kinds.items()} for row in rows]


def leaf_order(rows):
    """Return the leaves of a tree, given by its parsed clades, in the order in which it is drawn."""
    members = [[leaf] for leaf in range(len(rows) + 1)]
    for row in rows:
        members.append(members[row["left"]] + members[row["right"]])
    return members[-1]


def newick(tree, support, names):
    """Return a tree in Newick format: branch lengths in units of dissimilarity, support in percent at the nodes."""
    texts, heights = [name if PLAIN_NAME.fullmatch(name) else quoted(name) for name in names], [0.0] * len(names)
    for (left, right, height, _), share in zip(tree, support, strict=True):
        # Half a dissimilarity on either side, so that the path between two models is as long as they are apart.
        children = (f"{texts[int(node)]}:{max(height - heights[int(node)], 0.0) / 2:.6g}" for node in (left, right))
        label = "" if np.isnan(share) else f"{100 * share:.0f}"
        texts.append(f"({','.join(children)}){label}")
        heights.append(height)
    return texts[-1] + ";\n"


def quoted(name):
    """Return a name as Newick wants it where it holds more than letters, digits and a few signs."""
    return "'" + name.replace("'", "''") + "'"


def louvain(matrix, names, resolutions, seed):
    """Find communities on the complete graph of similarities by Louvain's method.

    The weight of an edge is 1 - d / max d. Nodes are sorted by name, because Louvain's result depends on their order;
    of several seeded runs the partition of the greatest modularity is kept.

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
    names : list of str
    resolutions : list of float
    seed : int

    Returns
    -------
    list of dict
        `resolution`, `model`, `community` (numbered by size, then by name), `modularity` at that resolution.

    References
    ----------
    Blondel et al. 2008, doi:10.1088/1742-5468/2008/10/P10008
    """
    import community
    import networkx

    order = sorted(range(len(names)), key=lambda place: names[place])
    peak = matrix.max()
    graph = networkx.Graph()
    graph.add_nodes_from(names[place] for place in order)
    for i, row in enumerate(order):
        for column in order[i + 1 :]:
            graph.add_edge(names[row], names[column], weight=1 - matrix[row, column] / peak if peak > 0 else 1.0)
    if graph.size("weight") == 0:
        # All pairs are equally far apart, so that no partition is better than another.
        return [{"resolution": resolution, "model": name, "community": 1, "modularity": 0.0} for resolution in resolutions for name in sorted(names)]
    rows = []
    for resolution in resolutions:
        runs = [
            community.best_partition(graph, resolution=resolution, random_state=seed_of(seed, "louvain", float(resolution), run) % 2**32)
            for run in range(LOUVAIN_RUNS)
        ]
        numbered = [number_communities(partition) for partition in runs]
        # python-louvain's own modularity knows no resolution; networkx's is what its moves increase.
        groups = [[[name for name in numbers if numbers[name] == one] for one in set(numbers.values())] for numbers in numbered]
        scores = [networkx.community.modularity(graph, group, resolution=resolution) for group in groups]
        best = int(np.argmax(scores))
        numbers = numbered[best]
        rows += [{"resolution": resolution, "model": name, "community": numbers[name], "modularity": scores[best]} for name in sorted(names)]
    return rows


def number_communities(partition):
    """Give the communities of a partition numbers from 1, the largest first, ties by their first member's name."""
    members = {}
    for name in sorted(partition):
        members.setdefault(partition[name], []).append(name)
    ordered = sorted(members.values(), key=lambda group: (-len(group), group[0]))
    return {name: number for number, group in enumerate(ordered, 1) for name in group}


def classical_scaling(matrix, components=2):
    """Project models so that Euclidean distances come near the dissimilarities (principal coordinates).

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
    components : int

    Returns
    -------
    coordinates : ndarray, shape (m, components)
        The sign of each is fixed so that its largest entry is positive.
    explained : ndarray, shape (components,)
        Share of the positive eigenvalues' sum.

    References
    ----------
    Gower 1966, doi:10.1093/biomet/53.3-4.325
    """
    centring = np.eye(len(matrix)) - 1 / len(matrix)
    eigenvalues, vectors = np.linalg.eigh(-0.5 * centring @ matrix**2 @ centring)
    order = np.argsort(eigenvalues)[::-1][:components]
    # What rounding leaves of a zero must not be scaled up to a coordinate.
    positive = np.where(eigenvalues > 1e-12 * np.abs(eigenvalues).max(initial=0), eigenvalues, 0)
    total = positive.sum()
    coordinates = np.zeros((len(matrix), components))
    explained = np.zeros(components)
    for place, index in enumerate(order):
        vector = vectors[:, index]
        coordinates[:, place] = vector * np.sign(vector[np.abs(vector).argmax()]) * np.sqrt(positive[index])
        explained[place] = positive[index] / total if total > 0 else 0.0
    return coordinates, explained


def describe_projection(coordinates, explained, names):
    """Return one row a model and component, with `PROJECTION_COLUMNS`."""
    return [
        {"model": name, "component": component + 1, "coordinate": row[component], "explained": explained[component]}
        for name, row in zip(names, coordinates, strict=True)
        for component in range(len(explained))
    ]


def parse_projection(rows):
    """Return coordinates (m, components) and explained shares (components,) of the rows of `describe_projection`."""
    components = max(int(row["component"]) for row in rows)
    numbers = [[float(row[column]) for row in rows] for column in ("coordinate", "explained")]
    return np.reshape(numbers[0], (-1, components)), np.array(numbers[1][:components])
