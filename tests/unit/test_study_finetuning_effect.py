"""Before and after fine-tuning: one network to the bit, known intervals, and noise as noise."""

import numpy as np
import pytest
import torch
from networks import STRIDE_8
from PIL import Image

from lookalike.core import io, registry
from lookalike.images import demo
from lookalike.maps.stacks import write_raw
from lookalike.models.finetuning import finetune_from_manifest
from lookalike.models.networks import build_network, ready
from lookalike.models.normalisation import normalisation_of
from lookalike.plots.finetuning_effect import before_and_after, effects
from lookalike.studies import finetuning_effect as study
from lookalike.studies import finetuning_maps, finetuning_starts
from lookalike.studies.explainer import Explainer
from lookalike.studies.finetuning_starts import Start, StudiedMaps

torch.set_num_threads(1)

SIDE = 48
RECIPE = {"timm": "test_resnet", "options": STRIDE_8}
START = {"recipe": RECIPE, "pretrained": False, "checkpoint": None, "n_classes": 5, "options": {}}
COSINE = {"cosine": ("cosine", {})}
VIEW = {"size": 12, "scale": "max_abs"}
UNTRAINED = {"epochs": 0, "freeze_epochs": 0, "lr": 0.01, "batch": 8}


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """The manifest of a few images of the demo."""
    folder, rows = tmp_path_factory.mktemp("images"), []
    for split, count in (("train", 10), ("val", 5)):
        for label, number, image, _ in demo.draw_images(0, split, count, SIDE):
            path = folder / f"{split}-{number}.png"
            Image.fromarray(image).save(path)
            rows.append({"image": path.stem, "path": str(path), "label": label, "split": split})
    return rows


@pytest.fixture
def explainer(rows):
    sample = [row for row in rows if row["split"] == "val"]
    device = torch.device("cpu")
    return Explainer(sample, range(5), SIDE, "crop", "predicted", 0, device)


def test_after_no_epoch_the_start_is_the_network_itself_to_the_bit(rows, explainer, tmp_path):
    gradcam, starts, folders, sidecars = registry.get("method", "gradcam"), [], {}, {}
    for name in ("A", "A-b"):
        net, sidecars[name] = finetune_from_manifest(
            rows,
            RECIPE,
            pretrained=False,
            size=SIDE,
            fit="crop",
            name=name,
            seed=0,
            device=torch.device("cpu"),
            **UNTRAINED,
        )
        model = ready(net, *normalisation_of(net), sidecars[name]["classes"], "cpu")
        targets, path = [0, 1, 2, 3, 4], tmp_path / f"{name}.npz"
        io.write_arrays(path, predicted=np.array(targets))
        raw = explainer.explain(gradcam, model, targets, ("gradcam", name), {})
        folders[name] = tmp_path / name
        write_raw(folders[name], explainer.images, raw, stacked=False)
        starts.append(Start(name, **START, predictions=path))
        head, start = finetuning_starts.network_of(starts[-1], 0)
        weights = net.state_dict()
        assert head == "fresh"
        assert all(torch.equal(one, weights[key]) for key, one in start.net.state_dict().items())
    views = dict.fromkeys(folders, VIEW)
    maps = finetuning_starts.read_maps(
        explainer, "gradcam", "gradcam", False, starts[:1], folders, views
    )
    assert np.array_equal(maps.before["A"], maps.after["A"]) and maps.before["A"].any()
    found = finetuning_maps.compare_maps(
        "gradcam", COSINE, maps, {"A-b": "A"}, study.idle_models(sidecars), range(5), 50, 0
    )
    assert [row["untested"] for row in found] == [finetuning_maps.NOT_TRAINED]
    assert found[0]["moved"] == 0 == found[0]["moved_high"] and found[0]["replicates"] > 0
    accuracies = study.tabulate_accuracies(sidecars, ["a", "b", "c", "d", "e"])
    assert all(row["before"] == row["after"] for row in accuracies)
    sentences = study.conclude(accuracies, found)
    assert "A, A-b: nothing was trained (0 epochs), so that" in sentences[1]
    assert sentences[-1].endswith("how far maps moved: cannot tell: nothing was trained.")


def test_a_start_has_its_own_head_where_its_weights_came_with_one(tmp_path):
    torch.manual_seed(5)
    net = build_network(RECIPE, 7)
    weights = net.state_dict()
    for name, kept in (("whole", weights), ("headless", {**weights})):
        if name == "headless":
            kept = {key: value for key, value in kept.items() if not key.startswith("fc.")}
        torch.save(kept, tmp_path / name)
    about = {**START, "predictions": tmp_path}
    head, model = finetuning_starts.network_of(
        Start("A", **about | {"checkpoint": tmp_path / "whole"}), 0
    )
    assert (head, model.net.num_classes) == ("own", 7)
    assert torch.equal(model.net.fc.weight, net.fc.weight)
    head, model = finetuning_starts.network_of(
        Start("A", **about | {"checkpoint": tmp_path / "headless"}), 0
    )
    assert (head, model.net.num_classes) == ("fresh", 5)
    assert torch.equal(model.net.conv1[0].weight, weights["conv1.0.weight"])


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    # (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n), by hand.
    [(0, 10, 0, 0.2775), (7, 10, 0.3968, 0.8922), (81, 263, 0.2553, 0.3662)],
)
def test_intervals_of_accuracies_are_wilsons(hits, n, low, high):
    assert study.wilson_interval(hits, n) == pytest.approx((low, high), abs=1e-4)


def sidecar(before, after, epochs=2):
    history = [
        {"epoch": epoch, "phase": "all", "loss": 1.0, "train_accuracy": 0.5, "accuracy": 0.5}
        for epoch in range(epochs + 1)
    ]
    accuracy = {"before": before, "after": after}
    return {"classes": ["a", "b"], "accuracy": accuracy, "epochs": history}


def test_a_model_at_chance_is_named():
    labels = ["a"] * 60 + ["b"] * 40
    rows = study.tabulate_accuracies({"A": sidecar(0.5, 0.95), "B": sidecar(0.4, 0.62)}, labels)
    # Always saying the more frequent class is right that often.
    assert rows[0]["chance"] == 0.6
    sentences = study.conclude_accuracies(rows)
    assert sentences[0].startswith(
        "Accuracy on 100 validation images, with 95% intervals: before fine-tuning 40.0% (B, "
    )
    assert sentences[-1].startswith("1 of 2 models cannot be told") and "it: B." in sentences[-1]
    assert study.conclude_accuracies(rows[:1])[-1].endswith("all 95% intervals lie above chance.")


def noise(rng, n=16):
    return rng.random((n, 6, 6)).astype(np.float32)


def compared(before, after, originals, units=None, seed=0):
    n = len(next(iter(before.values())))
    names = [f"i{number}" for number in range(n)]
    maps = StudiedMaps(names, dict.fromkeys(before, "own"), before, after, 1.0)
    units = range(n) if units is None else units
    return finetuning_maps.compare_maps("gradcam", COSINE, maps, originals, [], units, 100, seed)


def test_of_noise_nothing_is_said():
    rng, trials = np.random.default_rng(0), 200
    said = dict.fromkeys(finetuning_maps.REFERENCES, 0)
    for trial in range(trials):
        before = {name: noise(rng) for name in "AB"}
        after = {name: noise(rng) for name in ("A", "B", "C", "A-b")}
        row = compared(before, after, {"A-b": "A"}, seed=trial)[-1]
        assert row["model"] == "mean of 2 models"
        for name in said:
            low, high = (row[f"moved_to_{name}_{end}"] for end in ("low", "high"))
            said[name] += not low <= 1 <= high
    # Binomial: of 200 at 5%, more than 18 in one of 50.
    assert max(said.values()) <= 18, said


def test_maps_that_stay_moved_less_than_models_differ_and_those_of_others_are_as_far():
    rng = np.random.default_rng(1)
    after = {name: noise(rng) for name in ("A", "B", "A-b")}
    before = {"A": after["A"] + 0.1 * noise(rng), "B": noise(rng)}
    rows = compared(before, after, {"A-b": "A"})
    assert [row["model"] for row in rows] == ["A", "B", "mean of 2 models"]
    cosine = registry.get("metric", "cosine")
    expected = [
        cosine(one[None], other[None]).item()
        for one, other in zip(before["A"], after["A"], strict=True)
    ]
    assert rows[0]["moved"] == pytest.approx(np.mean(expected))
    assert rows[0]["moved_to_others_high"] < 1 and rows[0]["moved_to_chance_high"] < 1
    assert rows[0]["moved_to_replicates_high"] < 1
    assert np.isnan(rows[1]["replicates"])
    # Only of the model that has a replicate.
    assert rows[2]["moved_to_replicates"] == pytest.approx(rows[0]["moved_to_replicates"])
    text = " ".join(study.conclude_maps(rows))
    assert "the maps of A moved least" in text and "those of B most" in text
    assert "less than different models" in " ".join(study.conclude_maps(rows[:1]))
    text = " ".join(study.conclude_maps(rows[1:2]))
    assert "replicates of one model, which differ in the seed: cannot tell: there are none" in text
    assert "not clearly by less" in text


def test_of_one_image_or_without_a_method_it_cannot_be_told():
    rng = np.random.default_rng(2)
    one = {name: noise(rng, 1) for name in "AB"}
    rows = compared(one, one, {})
    assert {row["untested"] for row in rows} == {finetuning_maps.ONE_UNIT}
    assert study.conclude_maps(rows)[-1].endswith("cannot tell: " + finetuning_maps.ONE_UNIT + ".")
    same = {name: noise(rng, 4) for name in "AB"}
    assert compared(same, same, {}, units=[3, 3, 3, 3])[0]["untested"]
    zero = {name: np.zeros((4, 6, 6), np.float32) for name in "AB"}
    assert compared(zero, zero, {})[0]["untested"] == finetuning_maps.NOT_DEFINED
    rows = [finetuning_maps.missing_maps()]
    assert study.conclude_maps(rows)[0].startswith("How far maps moved: cannot tell: no method")
    assert finetuning_maps.table_of(rows) == []


def test_figures_show_every_model():
    rng = np.random.default_rng(3)
    names = [f"Model_{number}" for number in range(14)]
    before, after = ({name: noise(rng, 4) for name in names} for _ in range(2))
    rows = compared(before, after | {"again": noise(rng, 4)}, {"again": names[0]})
    sidecars = {name: sidecar(0.5, 0.9) for name in names}
    accuracies = study.tabulate_accuracies(sidecars, ["a", "b"] * 10)
    epochs = study.tabulate_epochs(sidecars)
    figure = effects(accuracies, epochs, rows, title="Fine-tuning")
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == names
    figure = effects(accuracies, epochs, [finetuning_maps.missing_maps()], title="Fine-tuning")
    assert len(figure.axes) == 2
    maps = StudiedMaps(list("abcd"), dict.fromkeys(names, "own"), before, after, 1.0)
    figure = before_and_after(None, 2, maps, title="gradcam")
    # Two bands of two methods have a bar of colours each.
    assert sum(len(axes.images) for axes in figure.axes) == 2 * 14 + 4
