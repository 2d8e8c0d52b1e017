"""Compare the error of KernelSHAP by how coalitions are drawn: plainly, in pairs, and by leverage
score as `lookalike` does; then time it.

    python bench/kernelshap.py [--weights FOLDER] [--demo results] [--draws 60]

All coalitions of a few superpixels are scored once, so that the Shapley values are known exactly,
and each way then draws from these scores. `--weights`: where the package of EfficientNet-Lite0 is
(bench/real_network.py says how it comes there); two photographs, 10 and 12 segments, blurred
baseline. `--demo`: results of the demo, whose networks explain two images each, 12 segments. The
error is the mean squared error of the values over their mean square, its median over draws, then
over images and networks. `held`: how often 95% intervals hold the exact value. Prints tables for
bench/RESULTS.md; asserts nothing.
"""

import argparse
import sys
import time
from itertools import product
from math import factorial
from pathlib import Path

import numpy as np
import real_network

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

EVALUATIONS = (60, 120, 240, 480)


def all_scores(model, image, target, segments):
    """Return the scores of all coalitions, by bit mask."""
    from lookalike.methods.baselines import baseline_of
    from lookalike.methods.kernelshap import score_coalitions, superpixels

    labels = superpixels(image.permute(1, 2, 0).numpy(), segments)
    features = int(labels.max()) + 1
    masks = np.arange(2**features)[:, None] >> np.arange(features) & 1
    present = model.normalise(image[None])
    missing = baseline_of(present, "blur")
    return score_coalitions(
        model, present, missing, target[None], [labels], [0], [masks.astype(bool)]
    )[0]


def exact_values(game):
    """Return the Shapley values of a game by the sum over all coalitions."""
    features = len(game).bit_length() - 1
    subsets = np.arange(len(game))
    sizes = np.bitwise_count(subsets).astype(int)
    shares = np.array(
        [factorial(size) * factorial(features - size - 1) for size in range(features)]
    ) / factorial(features)
    without = [subsets[subsets >> feature & 1 == 0] for feature in range(features)]
    return np.array(
        [
            shares[sizes[own]] @ (game[own | 1 << feature] - game[own])
            for feature, own in enumerate(without)
        ]
    )


def by_kernel(game, evaluations, rng, paired):
    """Return Shapley values from coalitions drawn by KernelSHAP's own weights."""
    features = len(game).bit_length() - 1
    sizes = np.arange(1, features)
    chances = 1 / (sizes * (features - sizes))
    count = evaluations // 2 if paired else evaluations
    drawn = rng.choice(sizes, size=count, p=chances / chances.sum())
    ranks = rng.permuted(np.tile(np.arange(features), (count, 1)), axis=1)
    kept = ranks < drawn[:, None]
    kept = np.concatenate([kept, ~kept]) if paired else kept
    gain = game[-1] - game[0]
    design = kept[:, :-1].astype(float) - kept[:, -1:]
    response = game[kept @ (1 << np.arange(features))] - game[0] - kept[:, -1] * gain
    free = np.linalg.lstsq(design, response)[0]
    return np.append(free, gain - free.sum())


def by_leverage(game, evaluations, rng):
    """Return Shapley values and their standard errors as `lookalike` finds them."""
    from lookalike.methods.coalitions import Coalitions
    from lookalike.methods.shapley import Estimate

    features = len(game).bit_length() - 1
    estimate = Estimate(Coalitions(features, rng))
    estimate.add(game[estimate.draw(evaluations // 2) @ (1 << np.arange(features))])
    return estimate.values, estimate.errors


def measure(games, draws):
    """Return for each number of evaluations the three errors, and how often intervals hold the
    exact values.
    """
    rows = []
    for evaluations in EVALUATIONS:
        errors, held = [], []
        for game in games:
            exact = exact_values(game)
            if len(game) - 2 <= evaluations:
                continue
            own = []
            for seed in range(draws):
                values, around = by_leverage(game, evaluations, np.random.default_rng(seed))
                held.append(np.mean(np.abs(values - exact) < 1.96 * around))
                rngs = (np.random.default_rng([seed, paired]) for paired in (False, True))
                others = [
                    by_kernel(game, evaluations, rng, paired)
                    for paired, rng in zip((False, True), rngs, strict=True)
                ]
                own.append(
                    [np.mean((one - exact) ** 2) / np.mean(exact**2) for one in (*others, values)]
                )
            errors.append(np.median(own, axis=0))
        if errors:
            rows.append((evaluations, *np.median(errors, axis=0), np.mean(held)))
    return rows


def needed_share(rows, column):
    """Return which share of the evaluations of a way (its column) takes leverage scores to the same
    error, between the numbers that were run, as a median.
    """
    evaluations, ours = np.log([row[0] for row in rows]), np.log([row[3] for row in rows])
    theirs = np.log([row[column] for row in rows])
    # Errors fall: turned round, so that they rise, for `interp`; without those beyond the range.
    inside = theirs >= ours.min()
    found = np.interp(theirs[inside], ours[::-1], evaluations[::-1])
    slope = np.polyfit(evaluations, ours, 1)[0]
    above = np.maximum(theirs[inside] - ours.max(), 0) / slope
    return float(np.exp(np.median(found + above - evaluations[inside])))


def print_errors(name, games, draws):
    """Print the table of one kind of networks."""
    rows = measure(games, draws)
    sizes = sorted({len(game).bit_length() - 1 for game in games})
    print(f"\n{name}: {len(games)} games of {sizes[0]} to {sizes[-1]} superpixels\n")
    print("| evaluations | plain | in pairs | by leverage score | held |\n|---|---|---|---|---|")
    for evaluations, *errors, held in rows:
        cells = " | ".join(f"{error:.2g}" for error in errors)
        print(f"| {evaluations} | {cells} | {held:.1%} |")
    print(
        f"\nThe same error takes {needed_share(rows, 1):.2f} of the evaluations of plain draws and "
        f"{needed_share(rows, 2):.2f} of those of pairs."
    )


def overhead(model, images, targets, segments, samples, rounds=3):
    """Return the CPU seconds of explanations over those of as many bare evaluations."""
    import torch

    from lookalike.methods.kernelshap import kernelshap

    inputs = model.normalise(images)
    batch = model.batch(images.shape[2])
    ratios = []
    for _ in range(rounds):
        start = time.process_time()
        _, found = kernelshap(
            model, images, targets, range(len(images)), segments=segments, samples=samples
        )
        whole = time.process_time() - start
        left = int(found["samples"].sum()) + 2 * len(images)
        start = time.process_time()
        with torch.no_grad():
            while left > 0:
                model.net(inputs[:1].expand(min(batch, left), -1, -1, -1).contiguous())
                left -= batch
        ratios.append(whole / (time.process_time() - start))
    return float(np.median(ratios))


def demo_cases(folder):
    """Return the demo's networks and two of its images."""
    from lookalike.images.demo import draw_images
    from lookalike.models.loading import load_model
    from lookalike.models.networks import to_tensor

    paths = sorted(Path(folder).glob("checkpoints/*.safetensors"))
    images = to_tensor(np.stack([image for _, _, image, _ in draw_images(0, "val", 2, 64)]))
    return [(path.stem, load_model(path)) for path in paths], images


def main():
    """Print all tables."""
    import torch

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--demo", type=Path)
    parser.add_argument("--draws", type=int, default=60)
    given = parser.parse_args()
    torch.set_num_threads(1)
    times = []
    if given.weights:
        model = real_network.load_network(given.weights)
        images = real_network.load_photographs(real_network.CAT_AND_PHOTOGRAPHER)
        targets = model.logits(images).argmax(dim=1)
        games = [
            all_scores(model, images[place], targets[place], segments)
            for place, segments in product(range(2), (10, 12))
        ]
        print_errors("EfficientNet-Lite0", games, given.draws)
        times.append(("EfficientNet-Lite0", overhead(model, images, targets, 50, 100)))
    if given.demo:
        models, images = demo_cases(given.demo)
        games = []
        for name, model in models:
            targets = model.logits(images).argmax(dim=1)
            games += [
                all_scores(model, image, target, 12)
                for image, target in zip(images, targets, strict=True)
            ]
            times.append((name, overhead(model, images, targets, 25, 350)))
        print_errors("The demo's networks", games, given.draws)
    print("\n| network | CPU time over that of the bare evaluations |\n|---|---|")
    for name, ratio in times:
        print(f"| {name} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
