"""Is the power that a pilot predicts that of new data, and is it .05 where nothing is planted?

Pilots are planted maps without groups; new data have two groups of the models, or two halves with
more and less noise.
"""

import numpy as np

TESTS = ("main_effects", "structure", "grouping")
PILOTS = 5


def effect_of(metric, models, test, planted):
    """Return the planted difference as a share of chance, from many images."""
    from planting import planted_table

    from lookalike.compare import laws

    table = planted_table(np.random.default_rng(9), models, metric, images=3000, **planted)
    mean, half = table.values.mean(axis=0), np.arange(models) >= models // 2
    if test == "main_effects":
        effects = laws.main_effects(mean[None])[0]
        difference = effects[half].mean() - effects[~half].mean()
    else:
        rows, columns = np.triu_indices(models, 1)
        across = half[rows] != half[columns]
        difference = mean[across].mean() - mean[~across].mean()
    return difference / table.chance.mean()


def predicted(metric, models, images, effect, n, draws):
    """Return the power that each of several pilots predicts, shape (PILOTS, tests)."""
    from planting import planted_table

    from lookalike.core import registry
    from lookalike.studies.pilot import pilot_of
    from lookalike.studies.power import find_structure

    law = registry.get("metric", metric).law
    found = []
    for place in range(PILOTS):
        table = planted_table(np.random.default_rng([7, place]), models, metric, images=images)
        rng = np.random.default_rng([n, place])
        hits = find_structure(pilot_of(table), law, effect, n, draws, rng)
        found.append([hits[test].mean() for test in TESTS])
    return np.array(found)


def tables(given):
    """Print the tables."""
    from planting import planted_table
    from structure import p_values

    print("| metric | models | planted | test | images | new data | pilots of 32 | pilots of 64 |")
    print("|---|---|---|---|---|---|---|---|")
    for metric, models, planted in (
        ("cosine", 8, {}),
        ("cosine", 8, {"groups": 2, "within": 0.33}),
        ("cosine", 14, {"groups": 2, "within": 0.32}),
        ("rmse", 8, {"groups": 2, "within": 0.33}),
        ("cosine", 8, {"noise": np.repeat([0, 0.4], 4)}),
    ):
        tests = TESTS if not planted else TESTS[:1] if "noise" in planted else TESTS[1:]
        effect = effect_of(metric, models, tests[0], planted) if planted else 0.0
        for n in (64, 128):
            made = (
                planted_table(
                    np.random.default_rng([models, n, draw]), models, metric, images=n, **planted
                )
                for draw in range(given.draws)
            )
            real = (p_values(made, metric, given.permutations) <= 0.05).mean(axis=0)
            pilots = [
                predicted(metric, models, images, effect, n, given.draws) for images in (32, 64)
            ]
            for test in tests:
                place = TESTS.index(test)
                about = [
                    f"{one[:, place].mean():.2f} ({one[:, place].min():.2f} to "
                    f"{one[:, place].max():.2f})"
                    for one in pilots
                ]
                print(
                    f"| {metric} | {models} | {effect:.3f} of chance | {test.replace('_', ' ')} | "
                    f"{n} | {real[place]:.2f} | {' | '.join(about)} |",
                    flush=True,
                )
