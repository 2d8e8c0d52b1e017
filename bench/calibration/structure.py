"""How often do the tests of structure find what is not there, and what is?

Planted maps (tests/unit/planting.py) of models without groups and with some.
"""

import numpy as np


def equal(models):
    """Return no noise."""
    return np.zeros(models)


def graded(models):
    """Return more noise from model to model."""
    return np.linspace(0, 2, models)


def one_noisy(models):
    """Return noise of the first model alone."""
    return np.append(2.0, np.zeros(models - 1))


def groups_of_four(models):
    """Return the groups of models: of four as far as they go; of five models three and two."""
    return np.arange(models) // (4 if models > 5 else 3)


def p_values(tables, metric, permutations):
    """Return the p values of the three tests, shape (draws, 3); NaN where they cannot tell."""
    from lookalike.core import registry
    from lookalike.inference.structure import TESTS, structure_test

    card = registry.get("metric", metric)
    found = [
        structure_test(table, card, "mean", permutations, draw) for draw, table in enumerate(tables)
    ]
    return np.array([[one[f"{test}_p"] for test in TESTS] for one in found])


def rows_of(models):
    """Return what is planted, by the name of a row; and which of the three tests must be silent."""
    weak = np.append(0.3, np.full(models - 1, 0.9))
    return {
        "20 scenes x 2": ({"images": 40, "copies": 2}, (0, 1, 2)),
        "8 scenes x 5": ({"images": 40, "copies": 5}, (0, 1, 2)),
        "one noisy": ({"noise": one_noisy(models)}, (1, 2)),
        "graded noise": ({"noise": graded(models)}, (1, 2)),
        "graded noise, unsigned maps": (
            {"noise": graded(models), "unsigned": True, "between": 0.8},
            (1, 2),
        ),
        "zero maps, 10%": ({"lacking": 0.1}, (0, 1, 2)),
        "zero maps, 20%": ({"lacking": 0.2}, (0, 1, 2)),
        "agreeing, one weak": ({"accuracies": weak}, (0, 1, 2)),
    } | {
        f"POWER groups, {noise.__name__} noise, {images} images": (
            {
                "groups": groups_of_four(models),
                "within": 0.42,
                "noise": noise(models),
                "images": images,
            },
            (),
        )
        for noise in (equal, graded, one_noisy)
        for images in (32, 64, 128)
    }


def tables(given):
    """Print the table."""
    from planting import planted_table

    from lookalike.core import registry

    print("| planted | models | metric | main effects | structure | groups | must be silent |")
    print("|---|---|---|---|---|---|---|")
    for metric in given.metrics:
        for models in given.models:
            for name, (planted, silent) in rows_of(models).items():
                undefined = registry.get("metric", metric).undefined
                if not name.startswith(tuple(given.rows)) or (
                    # Of zero maps there are values, which differ from those of others.
                    "lacking" in planted and not undefined
                ):
                    continue
                tables = (
                    planted_table(np.random.default_rng([models, draw]), models, metric, **planted)
                    for draw in range(given.draws)
                )
                p = p_values(tables, metric, given.permutations)
                shares = [
                    f"{100 * (own <= 0.05).mean():.1f}%"
                    if np.isfinite(own).all()
                    else "cannot tell"
                    for own in p.T
                ]
                which = ", ".join(("main effects", "structure", "groups")[test] for test in silent)
                print(
                    f"| {name} | {models} | {metric} | {' | '.join(shares)} | {which} |", flush=True
                )
