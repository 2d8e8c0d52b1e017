"""How often do intervals hold the true mean where images come in near-copies, scenes or classes?"""

from functools import partial

import numpy as np


def covers(values, units, true, resamples, seed, widened=True):
    """Return whether intervals of the means of pairs hold the true ones, for values (n, pairs)."""
    from lookalike.compare.resampling import bootstrap, percentile_interval, units_of_pairs

    replicates = bootstrap(values, "mean", resamples, seed, units)
    count = units_of_pairs(values, units) if widened else None
    low, high = percentile_interval(replicates, count)
    return (low <= true) & (true <= high)


def scene_rows(given):
    """Print the coverage of intervals for independent models and scenes of near-copies: by image,
    by the scenes, and by the near-copies that are found in the maps.
    """
    from planting import planted_maps, scenes_of, values_of

    from lookalike.maps.near_copies import THRESHOLD, find_near_copies

    print("| scenes x copies | metric | by image | by scene, not widened | by scene | as found |")
    print("|---|---|---|---|---|---|")
    for scenes, copies in ((20, 1), (20, 2), (8, 5), (8, 1), (40, 1)):
        for metric in ("pearson", "mse", "topk_iou"):
            plant = partial(planted_maps, models=4, copies=copies, jitter=0.03)
            # Pairs are exchangeable; near-copies do not change the mean.
            many = planted_maps(np.random.default_rng(0), 4, 3000, copies=1)
            if copies > 1:
                many += np.sqrt(0.03) * np.random.default_rng(1).normal(size=many.shape)
            true, found = values_of(many, metric).mean(), []
            n, own = scenes * copies, np.arange(scenes * copies)
            units = scenes_of(n, copies)
            for draw in range(given.draws):
                maps = plant(np.random.default_rng([scenes, copies, draw]), images=n)
                values = values_of(maps, metric)
                seen = np.unique(
                    find_near_copies(maps.swapaxes(0, 1), THRESHOLD), return_inverse=True
                )[1]
                holds = partial(covers, values, true=true, resamples=given.resamples, seed=draw)
                found.append(
                    [
                        holds(own).mean(),
                        holds(units, widened=False).mean(),
                        holds(units).mean(),
                        holds(seen).mean(),
                    ]
                )
            cells = " | ".join(f"{share:.3f}" for share in np.mean(found, axis=0))
            print(f"| {scenes} x {copies} | {metric} | {cells} |", flush=True)


def two_stages(labels, resamples, seed):
    """Return weights of images (resamples, n): classes are drawn, then images within each."""
    rng, classes = np.random.default_rng(seed), int(labels.max()) + 1
    size = len(labels) // classes
    drawn = rng.integers(classes, size=(resamples, classes, 1))
    chosen = drawn * size + rng.integers(size, size=(resamples, classes, size))
    return np.stack(
        [np.bincount(row, minlength=len(labels)) for row in chosen.reshape(resamples, -1)]
    )


def class_rows(given):
    """Print the coverage of intervals for the mean over other classes, with class effects: by
    image, by class, and by class and then image.

    Images are in the order of their classes. Draws are columns, so that one product resamples all.
    """
    from lookalike.compare.resampling import percentile_interval

    print("\n| classes | class effects | values | by image | by class | by class, then image |")
    print("|---|---|---|---|---|---|")
    kinds = {
        "normal": lambda rng, shape: rng.normal(size=shape),
        "skewed": lambda rng, shape: rng.gamma(2, size=shape) / np.sqrt(2) - np.sqrt(2),
    }
    for ratio in (1.0, 0.3, 0.0):
        for name, sample in kinds.items():
            for classes in (3, 5, 8, 10, 20):
                labels = np.repeat(np.arange(classes), 6)
                found = []
                for seed in range(-(-given.draws // 20)):
                    rng = np.random.default_rng([classes, seed])
                    values = ratio * sample(rng, (classes, 20))[labels]
                    values = values + sample(rng, (len(labels), 20))
                    weights = two_stages(labels, given.resamples, seed)
                    staged = percentile_interval(
                        weights @ values / len(labels), np.full(20, classes)
                    )
                    about = {"true": 0, "resamples": given.resamples, "seed": seed}
                    found.append(
                        [
                            covers(values, np.arange(len(labels)), **about).mean(),
                            covers(values, labels, **about).mean(),
                            ((staged[0] <= 0) & (staged[1] >= 0)).mean(),
                        ]
                    )
                cells = " | ".join(f"{share:.3f}" for share in np.mean(found, axis=0))
                print(f"| {classes} | {ratio:g} of the images' | {name} | {cells} |", flush=True)


def tables(given):
    """Print the tables."""
    scene_rows(given)
    class_rows(given)
