"""How many samples: against exact Shapley values at 14 segments, and errors known beforehand."""

import numpy as np
import pytest
import torch
from networks import TARGETS, tiny_model

from lookalike.images import demo
from lookalike.methods.kernelshap import kernelshap
from lookalike.models.networks import to_tensor
from lookalike.plots.kernelshap_samples import errors_and_times
from lookalike.studies import kernelshap_samples as study

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def images():
    return to_tensor(np.stack([image for _, _, image, _ in demo.draw_images(0, "val", 1, 64)]))


@pytest.fixture(scope="module")
def resnet():
    return tiny_model("test_resnet")


def run_all(resnet, images, samples, seeds, segments=10):
    runs = study.run_all(
        resnet,
        images,
        TARGETS[:1],
        ["a"],
        samples=samples,
        seeds=seeds,
        seed=0,
        segments=segments,
        baseline="mean",
    )
    return study.with_distances(list(runs))


def test_runs_come_to_the_exact_values_as_they_say(resnet, images):
    runs = run_all(resnet, images, [80, 160], 10, segments=14)
    features = runs[0]["segments"]
    assert 11 <= features <= 13
    options = {"segments": 14, "baseline": "mean"}
    exact, _ = kernelshap(resnet, images, TARGETS[:1], [0], samples=2**features, **options)
    labels = study.superpixels(images[0].permute(1, 2, 0).numpy(), 14)
    values = np.array([exact[0][labels == place].mean() for place in range(features)])
    size = np.sqrt(np.mean(values**2))
    rows = study.summarise(runs)
    for row in rows:
        own = [run["values"] for run in runs if run["samples"] == row["samples"]]
        true = np.sqrt(np.mean((np.array(own) - values) ** 2)) / size
        # What seeds vary by is the distance from the exact values.
        assert row["between_seeds"] == pytest.approx(true, rel=0.35)
        assert row["reported"] == pytest.approx(true, rel=0.5)
    assert rows[1]["between_seeds"] < rows[0]["between_seeds"]
    needed = study.needed_samples(rows, rows[1]["between_seeds"])
    assert needed["needed"] == pytest.approx(160, rel=0.6)


def test_exact_runs_do_not_vary_and_say_so(resnet, images):
    rows = study.summarise(run_all(resnet, images, [62, 64], 2, segments=4))
    assert [row["between_seeds"] for row in rows] == pytest.approx([0, 0], abs=1e-6)
    assert {row["untested"] for row in rows} == {study.EXACT}
    line = dict.fromkeys(("start", "slope", "slope_low", "slope_high", "r2"), np.nan)
    (text,) = study.conclude(rows, line, 0.1, "A")
    assert text == (
        "A: cannot tell how the error falls: all coalitions are used, so that values are exact "
        "(1 image, 2 runs of each length)."
    )


def planted(rng, samples, seeds=20, segments=30, images=2, error=3.0, slope=0.002):
    """Return runs whose error is `error` / sqrt(samples) of the values' root mean square."""
    runs = []
    for image in range(images):
        values = rng.normal(0, 5, segments)
        size = np.sqrt(np.mean(values**2))
        for count in samples:
            for number in range(seeds):
                noise = rng.normal(0, error * size / np.sqrt(count), segments)
                run = {"image": f"i{image}", "samples": count, "seed": number}
                run |= {"values": values + noise, "standard_error": error * size / np.sqrt(count)}
                run |= {"seconds": 0.1 + slope * count + rng.normal(0, 0.01), "segments": segments}
                runs.append(run)
    return study.with_distances(runs)


def test_planted_errors_and_times_are_found():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(20):
        runs = planted(rng, [50, 100, 200, 400])
        rows, line = study.summarise(runs), study.fit_time(runs)
        needed = study.needed_samples(rows, 0.1)
        # (3 / .1)^2
        assert needed["needed"] == pytest.approx(900, rel=0.2)
        covered += needed["needed_low"] <= 900 <= needed["needed_high"]
        assert line["slope"] == pytest.approx(0.002, rel=0.05)
        assert rows[0]["reported"] == pytest.approx(3 / np.sqrt(50), rel=0.2)
    assert covered >= 14
    texts = study.conclude(rows, line, 0.1, "A")
    assert "a relative error of 10% takes" in texts[1] and "beyond the numbers" in texts[1]
    assert all(text.endswith(".") for text in texts) and len(texts) == 4
    text = study.conclude(rows, line, 0.9, "A")[1]
    assert text == "A: a relative error of 90% is reached with the fewest samples that tell, 50."


def test_the_longest_runs_are_not_compared_with_themselves():
    runs = planted(np.random.default_rng(1), [50, 100], seeds=2, images=1)
    one, other = (run for run in runs if run["samples"] == 100)
    size = np.sqrt(np.mean(other["values"] ** 2))
    away = np.sqrt(np.mean((one["values"] - other["values"]) ** 2))
    assert one["distance"] == pytest.approx(away / size)


def test_too_few_coalitions_tell_nothing(resnet, images):
    rows = study.summarise(run_all(resnet, images, [4, 6], 2))
    assert {row["untested"] for row in rows} == {study.TOO_FEW}
    assert np.isnan(study.needed_samples(rows, 0.1)["needed"])


def test_figure_shows_superpixels_errors_and_times(images):
    runs = planted(np.random.default_rng(2), [50, 100], seeds=3)
    rows, line = study.summarise(runs), study.fit_time(runs)
    pixels = (images.permute(0, 2, 3, 1).numpy() * 255).astype(np.uint8)
    labels = [study.superpixels(one / 255, 12) for one in pixels]
    figure = errors_and_times(rows, runs, line, 0.1, pixels, labels, title="A")
    assert len(figure.axes) == 3 and "superpixels" in figure.axes[0].get_title()
