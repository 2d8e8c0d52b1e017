"""How often is a clade named where there is none, and how often is one found that is there?"""

import numpy as np

EQUAL = {"groups": 2, "between": 0.3, "within": 0.4}
# What is simulated: models, images, what is planted, and the clades that are right.
NOTHING = {
    "no groups": [(models, 64, {}) for models in (5, 8, 14)] + [(8, 32, {}), (8, 128, {})],
    "one model noisier": [
        (models, 64, {"noise": [0] * (models - 1) + [1]}) for models in (5, 8, 14)
    ],
    "two models noisier": [(8, 64, {"noise": [0] * 6 + [1] * 2})],
    "noise graded": [(models, 64, {"noise": np.linspace(0, 2, models)}) for models in (5, 8, 14)],
    "scenes of 2 near-copies": [(8, 64, {"copies": 2})],
}
HALVES = ((0, 1, 2, 3), (4, 5, 6, 7))
FIRST = HALVES[0]
GRADED = np.linspace(0, 1, 8)[[0, 2, 4, 6, 1, 3, 5, 7]]
# One group among models that are equally near to all.
FOUR = {"groups": [0, 0, 0, 0, 1, 2, 3, 4], "between": 0.3, "within": 0.5}
PLANTED = {
    "two groups of 4": [(8, images, EQUAL, HALVES) for images in (32, 64, 128)],
    **{
        f"the same, one model noisier by {noise}": [
            (8, images, EQUAL | {"within": 0.5, "noise": [noise] + [0] * 7}, HALVES)
            for images in (32, 64, 128)
        ]
        for noise in (0.5, 1)
    },
    "the same, noise graded": [
        (
            8,
            images,
            EQUAL | {"within": 0.5, "noise": GRADED},
            HALVES,
        )
        for images in (32, 64, 128)
    ],
    "4 among 8": [(8, 64, FOUR, (FIRST,))],
    "4 among 8, noise graded": [(8, 64, FOUR | {"noise": GRADED}, (FIRST,))],
    "4 among 8, all others noisier by .7": [
        (8, 64, FOUR | {"noise": [0] * 4 + [0.7] * 4}, (FIRST,))
    ],
    "4 among 8, all of them noisier by .5": [
        (8, 64, FOUR | {"within": 0.6, "noise": [0.5] * 4 + [0] * 4}, (FIRST,))
    ],
    "4 among 14": [(14, 64, FOUR | {"groups": [0, 0, 0, 0, *range(1, 11)]}, (FIRST,))],
    "10 among 14": [(14, 64, FOUR | {"groups": [0] * 10 + [1, 2, 3, 4]}, (tuple(range(10)),))],
    "3 and 2 of 5": [(5, 64, FOUR | {"groups": [0, 0, 0, 1, 1]}, ((0, 1, 2), (3, 4)))],
    "3 of 5": [(5, 64, FOUR | {"groups": [0, 0, 0, 1, 2]}, ((0, 1, 2),))],
    "a pair among 8": [(8, 64, {"groups": [0, 0, *range(1, 7)], "within": 0.45}, ((0, 1),))],
    "a pair among 8, itself noisier": [
        (
            8,
            64,
            {"groups": [0, 0, *range(1, 7)], "within": 0.6, "noise": [0.5] * 2 + [0] * 6},
            ((0, 1),),
        )
    ],
}


def pearsons(maps):
    """Return the values (n, pairs) of Pearson's dissimilarity, and of the maps of other images."""
    flat = maps.reshape(*maps.shape[:2], -1)
    flat = flat - flat.mean(axis=2, keepdims=True)
    flat /= np.linalg.norm(flat, axis=2, keepdims=True)
    rows, columns = np.triu_indices(maps.shape[1], 1)
    same, other = (
        1 - np.vecdot(flat[:, rows], second[:, columns])
        for second in (flat, np.roll(flat, 2, axis=0))
    )
    return same, other[None]


def tested(maps, copies, given, draw):
    """Return the table of images, the tree and its clades."""
    from planting import scenes_of

    from lookalike.compare.dissimilarities import Dissimilarities, Key
    from lookalike.compare.image_table import ImageTable
    from lookalike.compare.resampling import bootstrap
    from lookalike.core.condensed import square
    from lookalike.groups.clades import describe_clades
    from lookalike.groups.trees import link
    from lookalike.inference.significance import correct_clades

    values, chance = pearsons(maps)
    images, models = (tuple(map(str, range(count))) for count in maps.shape[:2])
    units = scenes_of(len(images), copies)
    table = ImageTable(values, chance, images, models, Key("planted", "pearson"), units)
    matrix = Dissimilarities(
        square(values.mean(axis=0), len(models)),
        models,
        table.key,
        bootstrap(values, "mean", given.resamples, draw, units),
    )
    rows = describe_clades(link(matrix.values), matrix, table, law="product", seed=draw)
    return table, correct_clades(rows)


def named(rows):
    """Return the clades that findings name, were there groups, as sets of models."""
    import pandas as pd

    from lookalike.findings.clades import clades_that_hold

    origins = {name: name for name in rows[-1]["members"].split()}
    return {tuple(sorted(map(int, one))) for one in clades_that_hold(pd.DataFrame(rows), origins)}


def has_groups(table, given, draw):
    """Return whether the test of groups, the gate of the findings, finds some."""
    from lookalike.core import registry
    from lookalike.inference.structure import structure_test

    card = registry.get("metric", "pearson")
    found = structure_test(table, card, "mean", given.permutations, draw)
    return found["grouping_p"] <= 0.05


def simulate(models, images, planted, truth, given):
    """Return the shares of draws: a wrong clade named, the same behind the gate, a right one named
    (all of them), behind the gate; of right clades at 95% support behind no gate; and of draws in
    which a part of a right clade is named.
    """
    from planting import planted_maps

    found = []
    for draw in range(given.draws):
        rng = np.random.default_rng([models, images, draw])
        maps = planted_maps(rng, models, images, **planted)
        table, rows = tested(maps, planted.get("copies", 1), given, draw)
        names = named(rows)
        # A part of a planted group is no wrong clade where noise hides the rest of it.
        wrong = any(not any(set(one) <= set(group) for group in truth) for one in names)
        right = set(truth) <= names
        stable = {
            tuple(sorted(map(int, row["members"].split())))
            for row in rows[:-1]
            if row["support"] >= 0.95
        }
        part = any(set(one) < set(group) for one in names for group in truth)
        gate = (wrong or right) and has_groups(table, given, draw)
        found.append(
            (wrong, wrong and gate, right, right and gate, set(truth) <= stable, bool(stable), part)
        )
    return np.mean(found, axis=0)


def boundary(images, between, given):
    """Return the shares of draws in which SI is at most .05, AU at least .95, and support at least
    .95, for the one clade of three models, of which the first is as near to the second as to the
    third.
    """
    covariance = np.array([[1, 0.5, 0.5], [0.5, 1, between], [0.5, between, 1]])
    mixing, found = np.linalg.cholesky(covariance), []
    for draw in range(given.draws):
        rng = np.random.default_rng([images, draw])
        maps = np.einsum("ij,njp->nip", mixing, rng.normal(size=(images, 3, 36)))
        _, rows = tested(maps[..., None], 1, given, draw)
        row = rows[0]
        found.append((row["si_p"] <= 0.05, row["au"] >= 0.95, row["support"] >= 0.95))
    return np.mean(found, axis=0)


def percent(shares):
    """Return cells of a table."""
    return " | ".join(f"{100 * share:.1f}%" for share in shares)


def tables(given):
    """Print the tables."""
    print("| a boundary: three models | images | SI at most .05 | AU at least .95 | 95% support |")
    print("|---|---|---|---|---|")
    for label, between in (("a as near to b as to c", 0.3), ("all equally near", 0.5)):
        for images in (8, 20, 64):
            print(
                f"| {label} | {images} | {percent(boundary(images, between, given))} |", flush=True
            )
    print(
        "\n| without groups | models | images | a clade named | and groups found | 95% support |"
        "\n|---|---|---|---|---|---|"
    )
    for label, settings in NOTHING.items():
        for models, images, planted in settings:
            shares = simulate(models, images, planted, (), given)[[0, 1, 5]]
            print(f"| {label} | {models} | {images} | {percent(shares)} |", flush=True)
    print(
        "\n| planted | images | all named | and groups found | 95% support | a wrong one named | a "
        "part named |\n|---|---|---|---|---|---|---|"
    )
    for label, settings in PLANTED.items():
        for models, images, planted, truth in settings:
            shares = simulate(models, images, planted, truth, given)[[2, 3, 4, 0, 6]]
            print(f"| {label} | {images} | {percent(shares)} |", flush=True)
