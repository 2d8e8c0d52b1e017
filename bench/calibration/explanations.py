"""Are maps said to lie on the object that know nothing of it, and found that do? Is the error of an
explanation measured as it is?

The simulations of tests/unit/test_localisation.py and test_explainer_error.py, in more settings.
"""


def tables(given):
    """Print the tables."""
    from test_explainer_error import shares
    from test_localisation import claims, found

    print("| maps biased to the centre | images | any of 3 models said to find the object |")
    print("|---|---|---|")
    for kind in ("as the floor", "narrower", "wandering", "spots"):
        for images, copies in ((40, 1), (80, 2)):
            scenes = f", {images // copies} scenes x {copies}" if copies > 1 else ""
            share = claims(kind, given.draws, images, copies=copies)
            print(f"| {kind}{scenes} | {images} | {share:.1%} |", flush=True)
    print("\n| part of the map on the object | images | found |\n|---|---|---|")
    for weight in (0.05, 0.1, 0.15):
        for images in (20, 40):
            share = found(given.draws, images, weight)
            print(f"| {weight:.0%} | {images} | {share:.1%} |", flush=True)
    print(
        "\n| error of the explanation, true share | images | second runs | measured | in interval |"
    )
    print("|---|---|---|---|---|")
    for error in (0.05, 0.2, 0.5):
        for images, copies, models, runs in (
            (4, 1, 6, 4),
            (30, 1, 6, 3),
            (128, 1, 14, 13),
            (32, 4, 6, 4),
        ):
            values, held, true = shares(given.draws, images, error, copies, models, runs)
            scenes = f", {images // copies} scenes x {copies}" if copies > 1 else ""
            print(
                f"| {true:.3f}{scenes} | {images} | {models} x {runs} | {values.mean():.3f} | "
                f"{held.mean():.1%} |",
                flush=True,
            )
