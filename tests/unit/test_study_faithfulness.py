"""Insertion, deletion and ROAD: Quantus, loops by the formulas, noise maps, planted maps."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from networks import TARGETS, tiny_model

from lookalike.images import demo
from lookalike.maps.views import resize
from lookalike.methods.baselines import blur
from lookalike.models.networks import VisionModel
from lookalike.plots.faithfulness import curves_and_gains
from lookalike.plots.style import save
from lookalike.studies import faithfulness, pixel_removal
from lookalike.studies.explainer import Explainer

torch.set_num_threads(1)
FIXTURES = Path(__file__).parent / "fixtures"
SIDE, STEPS = 8, 4


def linear_model(weights, channels):
    """Return a network that is linear in its pixels, weights of shape (classes, pixels)."""
    layer = torch.nn.Linear(weights.shape[1], len(weights), bias=False).to(torch.float64)
    layer.weight.data[:] = torch.as_tensor(weights)
    net = torch.nn.Sequential(torch.nn.Flatten(), layer).requires_grad_(False).eval()
    mean, std = (torch.full((1, channels, 1, 1), value).double() for value in (0.0, 1.0))
    return VisionModel(net, mean, std, [str(number) for number in range(len(weights))])


def test_values_are_those_of_quantus():
    known = json.loads((FIXTURES / "quantus_scores.json").read_text())
    images, maps = torch.tensor(known["images"]).double()[:, None], np.array(known["maps"])
    model, targets = linear_model(np.array(known["weights"]), 1), known["targets"]
    orders = np.stack([pixel_removal.order_of(one) for one in maps])
    changes = pixel_removal.changes(images, torch.zeros_like(images))
    counts = pixel_removal.counts_of(64, 8)
    owners = range(len(images))
    deleted, _ = pixel_removal.score_steps(
        model, targets, owners, orders, counts, changes["deletion"]
    )
    assert deleted[:, 1:] == pytest.approx(np.array(known["deletion"]), abs=1e-6)
    # Quantus leaves the unchanged image out, and does not divide by the number of steps.
    area = 7 * pixel_removal.areas(deleted[:, 1:])
    assert area == pytest.approx(np.array(known["deletion_area"]), abs=1e-6)
    removed = torch.tensor(orders)[:, None] < 40
    imputed = pixel_removal.impute(images, removed, residual=1e-12)[:, 0]
    assert imputed.numpy() == pytest.approx(np.array(known["imputed"]), abs=1e-6)
    _, correct = pixel_removal.score_steps(
        model, targets, owners, orders, counts[:-1], changes["road"]
    )
    assert correct.mean(axis=0)[1:] == pytest.approx(known["road"], abs=1e-6)


def imputed_by_loops(image, removed):
    """Return an image (c, H, W) whose removed pixels solve the equations, each written down."""
    places = {tuple(place): number for number, place in enumerate(np.argwhere(removed))}
    left, right = np.zeros((len(places), len(places))), np.zeros((len(places), len(image)))
    for (row, column), number in places.items():
        for down in (-1, 0, 1):
            for along in (-1, 0, 1):
                other = (row + down, column + along)
                if (down, along) == (0, 0) or not (
                    0 <= other[0] < image.shape[1] and 0 <= other[1] < image.shape[2]
                ):
                    continue
                weight = 1 / 12 if down and along else 1 / 6
                left[number, number] += weight
                if other in places:
                    left[number, places[other]] -= weight
                else:
                    right[number] += weight * image[:, *other]
    found = image.copy()
    for (row, column), values in zip(places, np.linalg.solve(left, right), strict=True):
        found[:, row, column] = values
    return found


@pytest.mark.parametrize("name", ["test_resnet", "test_vit"])
def test_curves_are_those_of_loops(tmp_path, name):
    explainer, model = explainer_of(tmp_path, 2), tiny_model(name)
    rng = np.random.default_rng(0)
    raw = {image: rng.standard_normal((8, 8)) for image in explainer.images}
    targets = TARGETS[:2].tolist()
    methods = {"ours": (raw.get, {"sign": "absolute"})}
    found = pixel_removal.score_maps(explainer, model, "A", targets, methods, STEPS)["ours", "A"]
    # What a batch holds besides does not matter.
    model.most = 3
    again = pixel_removal.score_maps(explainer, model, "A", targets, methods, STEPS)["ours", "A"]
    pixels = np.stack([explainer.picture(place) for place in range(2)]).transpose(0, 3, 1, 2)
    present = model.normalise(torch.tensor(pixels / np.float32(255)))
    blurred = blur(present)
    for place, image in enumerate(explainer.images):
        saliency = np.abs(resize(raw[image], 64))
        order = sorted(np.ndindex(64, 64), key=lambda at, own=saliency: -own[at])
        for step in range(STEPS + 1):
            removed = np.zeros((64, 64), bool)
            for at in order[: 64 * 64 * step // STEPS]:
                removed[at] = True
            inputs = {
                "insertion": torch.where(torch.tensor(removed), present[place], blurred[place]),
                "deletion": torch.where(torch.tensor(removed), 0, present[place]),
            }
            # Denser equations take long.
            if step < 2:
                whole = imputed_by_loops(present[place].double().numpy(), removed)
                inputs["road"] = torch.tensor(whole).float()
            for score, one in inputs.items():
                chance = model.net(one[None]).softmax(dim=1)[0, targets[place]]
                # ROAD adds noise.
                close = 1e-2 if score == "road" else 1e-5
                assert found[score][0][place, 0, step] == pytest.approx(float(chance), abs=close)
    assert found["road"][0].shape == (2, 2, STEPS)
    for score, (values, _) in found.items():
        assert again[score][0] == pytest.approx(values, abs=1e-5)


def explainer_of(folder, count):
    from PIL import Image

    rows = []
    for number, (_, _, pixels, _) in enumerate(demo.draw_images(0, "val", count, 64)):
        Image.fromarray(pixels).save(folder / f"{number}.png")
        rows.append({"image": str(number), "path": str(folder / f"{number}.png"), "label": ""})
    return Explainer(
        rows, range(count), size=64, fit="crop", target="predicted", seed=0, device="cpu", threads=1
    )


def test_ties_are_broken_by_position_and_shifts_are_of_the_native_grid():
    order = pixel_removal.order_of(np.array([[0, 2, 0], [2, 0, 1]]))
    assert order.tolist() == [[3, 0, 4], [1, 5, 2]]
    raw = np.arange(6.0).reshape(2, 3)
    raw[0, 0] = 99
    rng = np.random.default_rng(1)
    own, shifted = pixel_removal.ordered_and_shifted(raw, {"repair": (0, 0), "size": 4}, 12, rng)
    repaired = raw.copy()
    repaired[0, 0] = 3
    assert (own == pixel_removal.order_of(resize(repaired, 12))).all()
    rolled = [
        pixel_removal.order_of(resize(np.roll(repaired, (down, along), (0, 1)), 12))
        for down in range(2)
        for along in range(3)
    ]
    assert any((shifted == one).all() for one in rolled)


def curves_of(raw, weights, images, options=None, name="ours"):
    """Return the curves of raw maps of images (n, 3, SIDE, SIDE) by a linear network."""
    model, rng = linear_model(weights, 3), np.random.default_rng(2)
    inputs = torch.tensor(images).double()
    orders = np.concatenate(
        [pixel_removal.ordered_and_shifted(one, options or {}, SIDE, rng) for one in raw]
    )
    owners, targets = np.repeat(np.arange(len(raw)), 2), model.net(inputs).argmax(dim=1).tolist()
    counts, found = pixel_removal.counts_of(SIDE**2, STEPS), {}
    for score, change in pixel_removal.changes(inputs, torch.zeros_like(inputs)).items():
        chosen = counts[:-1] if score == "road" else counts
        tables = pixel_removal.score_steps(model, targets, owners, orders, chosen, change)
        found[score] = tuple(table.reshape(len(raw), 2, -1) for table in tables)
    return {(name, "A"): found}


def scene(n, seed):
    """Return images, and weights of three classes that lie in one quarter of the image."""
    rng = np.random.default_rng(seed)
    images = rng.standard_normal((n, 3, SIDE, SIDE))
    weights = np.zeros((3, 3, SIDE, SIDE))
    weights[:, :, : SIDE // 2, : SIDE // 2] = rng.standard_normal((3, 3, SIDE // 2, SIDE // 2))
    return images, weights.reshape(3, -1)


def part(curves, places):
    return {
        key: {score: tuple(table[places] for table in pair) for score, pair in own.items()}
        for key, own in curves.items()
    }


def test_little_is_claimed_of_noise_maps():
    """Of 100 studies of noise on a coarse grid, of ten images each, few say anything."""
    studies, images = 100, 10
    pixels, weights = scene(studies * images, 3)
    raw = np.random.default_rng(4).standard_normal((studies * images, 4, 4))
    curves = curves_of(raw, weights, pixels)
    claims = 0
    for study in range(studies):
        own = part(curves, slice(study * images, (study + 1) * images))
        rows, _ = faithfulness.measure(own, np.arange(images), 20, 199, study)
        claims += any(row["verdict"] == faithfulness.MORE for row in rows)
    assert claims <= 0.09 * studies
    # All images together would show the least bias of the shifts.
    rows, _ = faithfulness.measure(curves, np.arange(studies * images), 100, 199, 0)
    assert faithfulness.MORE not in {row["verdict"] for row in rows}


def test_maps_of_what_counts_are_found_and_stand_above_noise():
    pixels, weights = scene(24, 5)
    marked = np.zeros((24, 4, 4))
    marked[:, :2, :2] = 1 + np.random.default_rng(6).random((24, 2, 2))
    noise = np.random.default_rng(7).standard_normal((24, 4, 4))
    curves = curves_of(marked, weights, pixels) | curves_of(noise, weights, pixels, name="noise")
    rows, compared = faithfulness.measure(curves, np.arange(24), 200, 499, 0)
    found = {(row["method"], row["score"]): row for row in rows if row["model"] == "A"}
    for score in pixel_removal.SCORES:
        row = found["ours", score]
        assert row["verdict"] == faithfulness.MORE and row["gain_low"] > 0
        sign = pixel_removal.SCORES[score]
        assert row["gain"] == pytest.approx(sign * (row["area"] - row["shifted"]))
        assert found["noise", score]["verdict"] != faithfulness.MORE
    assert all(row["difference_low"] > 0 and row["corrected"] < 0.05 for row in compared)
    ours, noise, *methods = faithfulness.conclude(rows, compared)
    assert ours.startswith("ours: ") and ours.count(": yes (+") == 3 and "24 images" in ours
    assert "yes" not in noise
    assert all("ours above noise" in text for text in methods)


def test_units_are_drawn_and_flipped_whole():
    gains = np.repeat(np.random.default_rng(8).normal(0.3, 1, (1, 6)), 5, axis=1)
    p, least = faithfulness.corrected_p(gains, np.repeat(np.arange(6), 5), 999, 0)
    alone, _ = faithfulness.corrected_p(gains[:, ::5], np.arange(6), 999, 0)
    assert p[0] >= 1 / 64 and least[0] == pytest.approx(1 / 64) and alone.shape == (1,)


def test_a_map_that_marks_nothing_gains_nothing_and_few_images_tell_nothing():
    pixels, weights = scene(4, 9)
    curves = curves_of(np.zeros((4, 4, 4)), weights, pixels)
    rows, compared = faithfulness.measure(curves, np.arange(4), 100, 99, 0)
    assert all(row["gain"] == 0 and row["verdict"] == faithfulness.NO_MORE for row in rows)
    marked = np.zeros((4, 4, 4))
    marked[:, :2, :2] = 1
    rows, _ = faithfulness.measure(curves_of(marked, weights, pixels), np.arange(4), 100, 99, 0)
    # Four images have 16 ways of signs.
    assert all(np.isnan(row["corrected"]) for row in rows)
    assert all(row["verdict"] != faithfulness.MORE for row in rows)
    assert not compared and faithfulness.measure({}, np.arange(4), 100, 99, 0) == ([], [])
    assert faithfulness.conclude([], [])[0].startswith("Cannot tell")


@pytest.mark.parametrize(("methods", "models"), [(4, 6), (20, 20)])
def test_figure_is_drawn(tmp_path, methods, models):
    rng, curves = np.random.default_rng(10), {}
    for method in range(methods):
        for model in range(models):
            own = {}
            for score, sign in pixel_removal.SCORES.items():
                steps = 10 if score == "road" else 11
                level = np.linspace(0.1, 0.9, steps)[::sign]
                noise = rng.normal(0, 0.1, (12, 2, steps))
                gain = np.array([sign * method / methods / 5, 0])[:, None]
                values = np.clip(level + noise + gain, 0, 1)
                own[score] = (values, values > 0.5)
            curves[f"a long method {method}", f"model {model}"] = own
    rows, _ = faithfulness.measure(curves, np.arange(12), 100, 99, 0)
    shown = faithfulness.curve_rows(curves)
    assert {row["share"] for row in shown} == {step / 10 for step in range(11)}
    path = tmp_path / "figure.png"
    save(curves_and_gains(rows, shown, title="how much the class depends on the maps"), [path])
    assert path.stat().st_size > 10_000
