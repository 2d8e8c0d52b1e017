"""How often do intervals of the mean hold the true value?

The simulation of tests/unit/test_calibration.py, in more settings.
"""


def tables(given):
    """Print the tables."""
    from test_calibration import coverage_of

    print("| metric | images | coverage |")
    print("|---|---|---|")
    for metric in ("pearson", "mse", "topk_iou"):
        for images in (10, 20, 32, 64, 128):
            coverage = coverage_of(metric, images, 1000)
            print(
                f"| {metric} | {images} | "
                f"{' and '.join(f'{100 * share:.1f}%' for share in coverage)} |",
                flush=True,
            )
