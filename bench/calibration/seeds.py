"""How often do intervals for new seeds hold the dissimilarity over all seeds and images, next to
those for these weights and to a plain bootstrap of images and seeds?

The simulation of tests/unit/test_seeds.py, in more settings.
"""

SETTINGS = (
    *(([count] * models, {}) for models in (4, 6, 8) for count in (2, 3)),
    ([2, 2, 1, 1, 1, 1, 1, 1], {}),
    ([2] * 4, {"unequal": [0.3, 0.6, 1, 2]}),
    ([3] * 4, {"unequal": [0.3, 0.6, 1, 2]}),
    ([2] * 8, {"own": 0.0}),
    ([2] * 8, {"own": 3.0}),
)


def tables(given):
    """Print the tables."""
    from test_seeds import coverage

    print("| seeds of each model | spread of seeds | new seeds | these weights | plain bootstrap |")
    print("|---|---|---|---|---|")
    for counts, how in SETTINGS:
        for spread in (0.0, 0.01, 0.05, 0.15):
            shares = coverage(counts, 64, spread, given.draws // 3, **how)
            about = "".join(f", {name} {value}" for name, value in how.items())
            print(
                f"| {' '.join(map(str, counts))}{about} | {spread} | "
                f"{' | '.join(f'{share:.1%}' for share in shares)} |",
                flush=True,
            )
