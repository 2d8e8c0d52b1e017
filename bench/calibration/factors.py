"""How often is a factor claimed that means nothing, and how often is one found that does?

Models are points in four dimensions; methods and metrics see them with noise of their own. Factors
have two levels, three, or are numbers, in turn. "By factor" corrects the same p values over the
matrices of each factor alone (Holm), "together" as the workflow does.
"""

from itertools import product

import numpy as np

# Methods and metrics.
SIZES = {"1 x 1": (1, 1), "3 x 3": (3, 3)}


def matrices_of(rng, points, methods, metrics):
    """Return distances of models, which methods see differently, and metrics nearly alike."""
    from lookalike.compare.dissimilarities import Dissimilarities, Key

    def blurred(points, share):
        return np.sqrt(1 - share) * points + np.sqrt(share) * rng.normal(size=points.shape)

    models = len(points)
    none = np.empty((0, models * (models - 1) // 2))
    names = tuple(f"m{place}" for place in range(models))
    found = []
    for method in range(methods):
        seen = blurred(points, 0.3)
        for metric in range(metrics):
            own = blurred(seen, 0.05)
            distances = np.linalg.norm(own[:, None] - own, axis=2)
            found.append(Dissimilarities(distances, names, Key(f"g{method}", f"d{metric}"), none))
    return found


def claims(models, count, size, shift, draw, given):
    """Return whether the first factor, and any other, is claimed by each correction, and the first
    by a planned hypothesis, shape (2, 3).
    """
    from planting import meaningless_factors

    from lookalike.inference.factor_tests import factor_tests
    from lookalike.inference.significance import LEVEL, holm

    rng = np.random.default_rng([models, count, draw])
    factors = meaningless_factors(rng, [f"m{place}" for place in range(models)], count)
    points = rng.normal(size=(models, 4))
    points[:, 0] += shift * np.array([value == "l0" for value in factors["f0"].values()])
    matrices = matrices_of(rng, points, *size)
    rows = [
        row
        for row in factor_tests(matrices, factors, None, given.permutations, draw)
        if row["corrected"] is not None
    ]
    planned = [
        row
        for row in factor_tests(matrices, {"f0": factors["f0"]}, None, given.permutations, draw)
        if row["corrected"] is not None
    ]
    p = np.array([row["p"] for row in rows])
    first = np.array([row["factor"] == "f0" for row in rows], bool)
    by_factor = np.empty(len(rows))
    for factor in factors:
        own = np.array([row["factor"] == factor for row in rows], bool)
        by_factor[own] = holm(p[own])
    corrected = np.array([row["corrected"] for row in rows])
    found = [values <= LEVEL for values in (by_factor, corrected)]
    alone = any(row["corrected"] <= LEVEL for row in planned)
    return np.array(
        [[*(one[first].any() for one in found), alone], [*(one[~first].any() for one in found), 0]]
    )


def table_of_factors(given):
    """Print how often factors are claimed: none means something, or the first does."""
    print(
        "| models | factors | methods x metrics | planted | by factor | together | planned "
        "| others: by factor | others: together |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    settings = product((0.0, 2.5), (5, 8, 14), (5, 10), SIZES)
    for shift, models, count, name in settings:
        found = np.array(
            [claims(models, count, SIZES[name], shift, draw, given) for draw in range(given.draws)]
        )
        if shift:
            shares = [*found[:, 0].mean(axis=0), *found[:, 1, :2].mean(axis=0)]
        else:
            # Then the first is one of those that mean nothing.
            shares = found.any(axis=1)[:, :2].mean(axis=0)
        cells = [f"{100 * share:.1f}%" for share in shares] + [""] * (5 - len(shares))
        planted = "first" if shift else "none"
        print(f"| {models} | {count} | {name} | {planted} | {' | '.join(cells)} |", flush=True)


def table_of_partial_mantel(given):
    """Print how often permutations would claim something of two matrices that share only a third,
    and how often the interval holds the partial correlation of endless images.
    """
    from planting import values_of

    from lookalike.compare.resampling import bootstrap
    from lookalike.core.condensed import condensed, square
    from lookalike.inference.mantel import (
        partial_correlation,
        partial_mantel,
        permuted_correlations,
    )
    from lookalike.inference.permutation_tests import ranks_of
    from lookalike.inference.significance import orders_of, permutation_p

    print("\n| models | images | p at most .05 by permutation | claimed | coverage |")
    print("|---|---|---|---|---|")
    for models, images in ((8, 32), (14, 32), (14, 64)):
        pairs, low_p, covered = models * (models - 1) // 2, [], []
        for draw in range(given.draws):
            rng = np.random.default_rng([models, images, draw])
            places = rng.normal(size=(2, models, 2))
            third, own = np.linalg.norm(places[:, :, None] - places[:, None], axis=3)
            # Models that are near by the third look at like places, and some others do too.
            shared = 0.35 * np.exp(-(third**2) / 2) + 0.25 * np.exp(-(own**2) / 2)
            shared += 0.4 * np.eye(models)
            noise = rng.normal(size=(images, models, 144))
            maps = (np.linalg.cholesky(shared) @ noise).reshape(images, models, 12, 12)
            values = values_of(maps, "cosine")
            other = third + np.linalg.norm(places[1][::-1, None] - places[1][::-1], axis=2)
            replicates = bootstrap(values, "mean", given.resamples, draw)
            matrix = square(values.mean(axis=0), models)
            found = partial_mantel(matrix, other, third, replicates)
            true = partial_mantel(1 - shared, other, third, np.empty((0, pairs)))["statistic"]
            covered.append(found["low"] <= true <= found["high"])
            x, y, z = ranks_of([condensed(one) for one in (matrix, other, third)])
            orders = orders_of(models, given.permutations, rng)
            _, null = permuted_correlations(x[None], np.array([[y, z]]), orders)
            between = np.corrcoef(y, z)[0, 1]
            by_chance = partial_correlation(*null[:, 0].T, between)
            low_p.append(permutation_p(found["statistic"], by_chance) <= 0.05)
        print(
            f"| {models} | {images} | {100 * np.mean(low_p):.1f}% | never | "
            f"{100 * np.mean(covered):.1f}% |",
            flush=True,
        )


def table_of_groups(given):
    """Print how often the factor of planted groups is found, also under unequal noise."""
    from planting import planted_maps, values_of

    from lookalike.compare.dissimilarities import Dissimilarities, Key
    from lookalike.core.condensed import square
    from lookalike.inference.factor_tests import factor_tests

    names = tuple("abcdefgh")
    families = {"family": {name: str(name in "abcd") for name in names}}
    noises = {
        "equal": [0] * 8,
        "graded": np.linspace(0, 1, 8)[[0, 2, 4, 6, 1, 3, 5, 7]],
        "one noisier by 1": [1] + [0] * 7,
    }
    print("\n| two groups of 4, noise | images | their factor is found |\n|---|---|---|")
    for (label, noise), images in product(noises.items(), (32, 64, 128)):
        found = []
        for draw in range(given.draws):
            rng = np.random.default_rng([images, draw])
            planted = {"groups": 2, "between": 0.3, "within": 0.42, "noise": noise}
            values = values_of(planted_maps(rng, 8, images, **planted), "cosine")
            matrix = Dissimilarities(
                square(values.mean(axis=0), 8), names, Key("g", "d"), np.empty((0, 28))
            )
            rows = factor_tests([matrix], families, None, given.permutations, draw)
            found.append(any((row["corrected"] or 1) <= 0.05 for row in rows))
        print(f"| {label} | {images} | {np.mean(found):.1%} |", flush=True)


def tables(given):
    """Print the tables."""
    table_of_partial_mantel(given)
    table_of_groups(given)
    table_of_factors(given)
