"""How often is a finding said to hang on less than half of the classes, where its effect is the
same in all of them, and where it is in two of ten only?

The simulation of tests/unit/test_influence.py, in more settings.
"""

# In all classes, from as weak as can just be found to strong; and in two classes.
EFFECTS = {
    "groups": ((10, 0.23), (10, 0.26), (10, 0.4), (2, 0.35), (2, 0.5)),
    "factor": ((10, 0.23), (10, 0.26), (10, 0.4), (2, 0.35), (2, 0.5)),
    "dependence": ((10, 0.01), (10, 0.02), (10, 0.2), (2, 0.1), (2, 0.3)),
}


def tables(given):
    """Print the tables."""
    from test_influence import share_said

    print("| finding | metric | images | classes with the effect | correlation | said |")
    print("|---|---|---|---|---|---|")
    for question, effects in EFFECTS.items():
        for metric in ("cosine", "mse"):
            for images in (64, 128):
                for strong, within in effects:
                    said = share_said(
                        question, strong, within, given.draws, images=images, metric=metric
                    )
                    print(
                        f"| {question} | {metric} | {images} | {strong} of 10 | {within} | "
                        f"{said:.1%} |",
                        flush=True,
                    )
