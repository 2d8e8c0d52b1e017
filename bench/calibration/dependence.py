"""Is dependence on the image claimed where there is none, and found where it is? Do its intervals
hold the true value, and are calibrated values 1 for maps that are at chance?

The simulations of tests/unit/test_chance.py, in more settings.
"""

import numpy as np


def bias_row(models, images, metric, given):
    """Return how often maps with a bias alone are said to depend on the image, and their mean
    calibrated value.
    """
    from test_chance import biased_maps, calibrate, compared

    from lookalike.inference.dependence import image_dependence

    clear, calibrated = [], []
    for draw in range(given.draws):
        maps = biased_maps(np.random.default_rng([models, images, draw]), models, images)
        table = compared(maps, metric, draw)
        clear.append(image_dependence(table, given.resamples, draw)["dependence_low"] > 0)
        calibrated.append(np.nanmean(calibrate(table)["calibrated"]))
    return np.mean(clear), np.nanmean(calibrated)


def effect_row(models, images, copies, given):
    """Return how often weak dependence is found, and how often the interval holds its true size."""
    from planting import planted_maps, scenes_of
    from test_chance import compared

    from lookalike.inference.dependence import image_dependence

    found, held = [], []
    true = 0.1 / (1 + (0.1 if copies > 1 else 0))
    for draw in range(given.draws):
        rng = np.random.default_rng([models, images, copies, draw])
        maps = planted_maps(rng, models, images, between=0.1, copies=copies, jitter=0.1)
        units = scenes_of(images, copies) if copies > 1 else ()
        row = image_dependence(compared(maps, seed=draw, units=units), given.resamples, draw)
        found.append(row["dependence_low"] > 0)
        held.append(row["dependence_low"] <= true <= row["dependence_high"])
    return np.mean(found), np.mean(held)


def tables(given):
    """Print the tables."""
    print("| bias of two widths, no dependence | images | said to depend | calibrated |")
    print("|---|---|---|---|")
    for models in (5, 8, 14):
        for metric in ("cosine", "mse", "topk_iou"):
            clear, calibrated = bias_row(models, 32, metric, given)
            print(
                f"| {models} models, {metric} | 32 | {clear:.1%} | {calibrated:.3f} |", flush=True
            )
    print("\n| effect of .1, cosine | images | found | interval holds it |\n|---|---|---|---|")
    for models in (5, 8, 14):
        for images, copies in ((32, 1), (64, 1), (40, 2), (40, 5)):
            found, held = effect_row(models, images, copies, given)
            scenes = f", {images // copies} scenes x {copies}" if copies > 1 else ""
            print(f"| {models} models{scenes} | {images} | {found:.1%} | {held:.1%} |", flush=True)
