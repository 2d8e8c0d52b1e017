"""Sanity: null methods do not see the weights, a gradient method does, noise claims nothing."""

import numpy as np
import pytest
import torch
from networks import OPTIONS

from lookalike.core import io, registry
from lookalike.findings.sanity import read_sanity, sanity_findings
from lookalike.images import demo
from lookalike.models import randomised
from lookalike.models.loading import build
from lookalike.models.networks import predict, ready
from lookalike.models.normalisation import normalisation_of
from lookalike.plots.sanity import likeness_by_step
from lookalike.plots.style import save
from lookalike.studies import sanity, sanity_maps, sanity_verdicts
from lookalike.studies.explainer import Explainer
from lookalike.studies.sanity_verdicts import BLIND, SEES, UNKNOWN

torch.set_num_threads(1)
METRICS = {"cosine": ["cosine", {}], "rbf": ["rbf", {}]}
VIEW = {"size": 32, "sign": "signed", "scale": "max_abs"}
ABOUT = {"recipe": {"timm": "test_resnet", "options": {}}, "classes": list(demo.SHAPES)}


@pytest.fixture(scope="module")
def explainer(tmp_path_factory):
    from PIL import Image

    folder, rows = tmp_path_factory.mktemp("images"), []
    for number, (_, _, pixels, _) in enumerate(demo.draw_images(0, "val", 16, 64)):
        Image.fromarray(pixels).save(folder / f"{number}.png")
        rows.append({"image": str(number), "path": str(folder / f"{number}.png"), "label": ""})
    return Explainer(rows, range(16), size=64, fit="crop", target="predicted", seed=0, device="cpu")


@pytest.fixture(scope="module")
def trained():
    """A tiny network that was trained until it knows half of the images."""
    drawn = [*demo.draw_images(0, "train", 80, 64)]
    names = list(demo.SHAPES)
    pixels = np.stack([image for _, _, image, _ in drawn])
    labels = torch.tensor([names.index(label) for label, _, _, _ in drawn])
    torch.manual_seed(0)
    net = build(ABOUT).train()
    optimiser = torch.optim.AdamW(net.parameters(), lr=0.004)
    inputs = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 127.5 - 1
    for step in range(50):
        batch = torch.arange(16) + 16 * step % 80
        loss = torch.nn.functional.cross_entropy(net(inputs[batch]), labels[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model = ready(net, *normalisation_of(net), ABOUT["classes"], "cpu")
    assert (predict(model, pixels).argmax(axis=1) == labels.numpy()).mean() > 0.5
    return model


def run_of(method, options=None, name="M"):
    return {"method": method, "options": {name: options or {}}}


def measured(explainer, model, methods, parts=3):
    """Return the rows of the study for some methods and one model."""
    from lookalike.images.reading import load_images

    images = load_images(explainer.chosen, 64, "crop", 1)
    targets = predict(model, images).argmax(axis=1)
    runs = {name: run_of(name) for name in methods}
    explained = {name: targets if registry.get("method", name).needs_model else [] for name in runs}
    steps = sanity_maps.steps_of(model, parts)
    found = [*sanity_maps.explain_steps(explainer, model, ABOUT, "M", explained, runs, steps)]
    rows = []
    for name in methods:
        card = registry.get("method", name)
        own = explainer.explain(
            card, model if card.needs_model else None, explained[name], (name, "M"), {}
        )
        likeness = sanity_maps.compare_steps(
            explainer.images,
            own,
            [one[name] for one in found],
            steps,
            VIEW,
            card.signed,
            [*METRICS.values()],
            0,
        )
        rows += sanity.measure_steps(name, list(METRICS), {"M": likeness}, np.arange(16), 200, 0)
    return rows


def test_null_methods_do_not_see_the_weights_and_a_gradient_method_does(explainer, trained):
    before = {key: tensor.clone() for key, tensor in trained.net.state_dict().items()}
    methods = ["random", "centre", "edges", "input_x_gradient"]
    rows = measured(explainer, trained, methods)
    found = {name: own[""] for name, own in sanity_verdicts.verdicts(rows).items()}
    blind = dict.fromkeys(methods[:3], BLIND)
    assert found == blind | {"input_x_gradient": SEES}
    for row in rows:
        if row["method"] in methods[:3]:
            assert row["likeness"] == row["likeness_low"] == row["likeness_high"] == 1
    # 3 steps of the cascade, and 2 parts alone; of the model, and of all.
    assert len(rows) == len(methods) * len(METRICS) * 5 * 2
    first, *others = sanity_verdicts.conclude(rows, {})
    assert first.startswith("These methods do NOT see the weights: random (likeness 1.00")
    assert others[0].startswith("See the weights: input_x_gradient (cosine ")
    for key, tensor in trained.net.state_dict().items():
        assert torch.equal(tensor, before[key])


@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "test_convnext"])
def test_parts_hold_every_weight_once_from_the_head_on(name):
    about = ABOUT | {"recipe": {"timm": name, "options": OPTIONS.get(name, {})}}
    net = build(about)
    parts = randomised.split_network(net, 5)
    every = [module for part in parts for module in part]
    assert len(parts) == 5 and len(every) == len(set(every))
    assert {key.rpartition(".")[0] for key in net.state_dict()} == set(every)
    assert all(
        net.get_submodule(module) in [*net.get_classifier().modules()] for module in parts[0]
    )
    assert sum(randomised.share_of(net, part) for part in parts) == pytest.approx(1)
    # The images enter at the last part.
    entry = next(path for path, one in net.named_modules() if isinstance(one, torch.nn.Conv2d))
    assert entry in parts[-1]


def test_random_weights_are_those_of_a_network_built_anew(trained):
    fresh = randomised.fresh_state(ABOUT, 7)
    torch.manual_seed(7)
    expected = build(ABOUT).state_dict()
    state = torch.random.get_rng_state()
    own = trained.net.state_dict()
    steps = sanity_maps.steps_of(trained, 4)
    assert [(step.way, step.part) for step in steps] == [
        *((sanity_maps.CASCADE, part) for part in (1, 2, 3, 4)),
        *((sanity_maps.SINGLE, part) for part in (2, 3, 4)),
    ]
    assert steps[3].share == pytest.approx(1)
    for step in steps:
        mixed = randomised.mixed_state(own, fresh, step.modules)
        assert mixed.keys() == own.keys()
        for key, tensor in mixed.items():
            source = expected if key.rpartition(".")[0] in step.modules else own
            assert torch.equal(tensor, source[key])
    # Statistics of batch norms are random weights too.
    whole = randomised.mixed_state(own, fresh, steps[3].modules)
    means = [tensor for key, tensor in whole.items() if key.endswith("running_mean")]
    assert means and not any(tensor.any() for tensor in means)
    randomised.fresh_state(ABOUT, 8)
    assert torch.equal(state, torch.random.get_rng_state())


def test_a_network_without_a_head_or_with_too_few_modules_cannot_be_split():
    from lookalike.core.errors import InputError

    net = build(ABOUT)
    with pytest.raises(InputError, match="ResNet has 30 modules below its head; `parts` asks for"):
        randomised.split_network(net, 33)
    net.reset_classifier(0)
    with pytest.raises(InputError, match="ResNet has no classifier"):
        randomised.split_network(net, 3)


def test_likeness_is_that_of_loops_over_images_and_partners():
    rng = np.random.default_rng(0)
    values, chance = rng.random((6, 2)), 1 + rng.random((2, 6, 2))
    values[3, 1] = np.nan
    from lookalike.compare.pairs import image_partners

    partners, weights = image_partners(6, 5, 2), np.array([1, 0, 2, 1, 1, 1.0])
    found = sanity.likeness_of(values, chance, weights[None], 5)
    for step in range(2):
        same, others, shares = [0.0, 0.0], 0.0, 0.0
        for image in range(6):
            if np.isnan(values[image, step]):
                continue
            same[0] += weights[image] * values[image, step]
            same[1] += weights[image]
            for turn in range(2):
                other = partners[turn, image]
                if not np.isnan(values[other, step]):
                    both = weights[image] * weights[other]
                    others += both * chance[turn, image, step]
                    shares += both
        expected = 1 - (same[0] / same[1]) / (others / shares)
        assert found["likeness"][0, step] == pytest.approx(expected)


def compared(trained, others, count):
    """Return the row of all random weights, of maps (n, 8, 8) before and after."""
    step = sanity_maps.Step(sanity_maps.CASCADE, 1, "fc", "fc", ("fc",), 1.0)
    found = sanity_maps.compare_steps(
        [str(image) for image in range(count)],
        list(trained),
        [list(others)],
        [step],
        VIEW | {"size": 8},
        True,
        [*METRICS.values()],
        0,
    )
    return sanity.measure_steps("m", list(METRICS), {"M": found}, np.arange(count), 200, 0)


@pytest.mark.parametrize(("kept", "wrong"), [(0.0, {BLIND}), (0.5, {BLIND, SEES})])
def test_noise_claims_nothing_more_often_than_it_may(kept, wrong):
    """Maps of noise, by chance as near as those of other images; or half-way, where each claim is
    wrong.
    """
    rng, claimed, inside = np.random.default_rng(4), dict.fromkeys(wrong, 0), 0
    for _ in range(100):
        trained = rng.normal(size=(12, 8, 8))
        noise = np.sqrt(1 - kept**2) * rng.normal(size=trained.shape)
        rows = compared(trained, kept * trained + noise, 12)
        found = sanity_verdicts.verdicts(rows)["m"][""]
        claimed |= {found: claimed[found] + 1} if found in claimed else {}
        (cosine,) = [row for row in rows if row["metric"] == "cosine" and not row["model"]]
        inside += cosine["likeness_low"] <= kept <= cosine["likeness_high"]
    assert max(claimed.values()) <= 9 and inside >= 89


def test_maps_that_are_all_zero_are_not_judged():
    rng = np.random.default_rng(0)
    trained = rng.normal(size=(6, 8, 8))
    rows = compared(trained, np.zeros_like(trained), 6)
    # Also under a metric that compares them.
    assert {row["untested"] for row in rows} == {sanity.ZERO} and len(rows) == 4
    assert {row["verdict"] for row in rows} == {UNKNOWN}
    assert rows[0]["zero_maps"] == 6 and np.isnan(rows[0]["likeness"])
    few = compared(trained[:2], trained[:2], 2)
    assert {row["untested"] for row in few} == {sanity.FEW}


def planted(methods, models=("A", "B")):
    """Return rows of methods, each with the likeness of each of its models."""
    rows = []
    for method, likeness in methods.items():
        for metric in METRICS:
            for model in (*models, ""):
                value = likeness[model] if model else float(np.mean([*likeness.values()]))
                row = dict.fromkeys(sanity.COLUMNS, "") | {"method": method, "metric": metric}
                row |= {"model": model, "way": sanity_maps.CASCADE, "part": 2, "share": 1, "n": 16}
                row |= {
                    "likeness": value,
                    "likeness_low": value - 0.1,
                    "likeness_high": value + 0.1,
                }
                row |= {"units": 16, "zero_maps": 0, "dissimilarity": 1 - value, "chance": 1}
                rows.append(row | {"verdict": sanity_verdicts.verdict_of(row)})
    return rows


def test_findings_begin_with_the_methods_that_do_not_see_the_weights(tmp_path):
    rows = planted(
        {
            "edges": {"A": 1, "B": 1},
            "eigencam": {"A": 0, "B": 0.9},
            "ig": {"A": 0.05, "B": -0.05},
            "rise": {"A": 0.3, "B": 0.3},
        }
    )
    io.write_table(tmp_path / "sanity.csv", rows, sanity.COLUMNS)
    first, then = sanity_findings(read_sanity(str(tmp_path / "sanity.csv")))
    assert first.section == "In short"
    assert first.text.startswith("These methods do NOT see the weights: edges (likeness 1.00")
    assert "; eigencam on B (likeness 0.90" in first.text
    assert "1 of 4 methods depend on what was learned, ig:" in then.text
    assert "those of edges; eigencam on B do not; cannot tell for rise" in then.text
    assert {(one.method, one.subject, one.verdict) for one in then.answers} == {
        ("edges", (), "no"),
        ("eigencam", (), "cannot tell"),
        ("eigencam", ("B",), "no"),
        ("ig", (), "yes"),
        ("rise", (), "cannot tell"),
    }
    assert sanity_findings(read_sanity([])) == []
    (alone,) = sanity_findings([row for row in rows if row["method"] == "ig"])
    assert alone.section != "In short"


@pytest.mark.parametrize("methods", [3, 14])
def test_the_figure_is_drawn(tmp_path, methods):
    rng, rows = np.random.default_rng(3), []
    for number in range(methods):
        for way, parts in ((sanity_maps.CASCADE, range(1, 6)), (sanity_maps.SINGLE, range(2, 6))):
            for part in parts:
                for metric in ("cosine", "rbf", "ssim", "emd"):
                    value = rng.uniform(-0.2, 1)
                    rows.append(
                        {"method": f"method {number}", "metric": metric, "model": "", "way": way}
                        | {"part": part, "likeness": value}
                        | {"likeness_low": value - 0.1, "likeness_high": value + 0.1}
                    )
    figure = likeness_by_step(rows, title="maps by networks with random weights")
    save(figure, [tmp_path / "sanity.png"])
    assert (tmp_path / "sanity.png").stat().st_size > 20_000
    assert len(figure.axes) == 8 and len(figure.legends[0].texts) == min(methods, 12)
    save(likeness_by_step([], title="nothing"), [tmp_path / "nothing.png"])
