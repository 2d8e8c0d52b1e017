"""Regression heads: the fit against a linear reference, early stopping, and the model that is made
of head and backbone.
"""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression
from torch import nn

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.images import demo
from lookalike.models import networks, regression
from lookalike.models.heads import attach_head, build_head
from lookalike.models.loading import load_model
from lookalike.models.networks import save_model
from lookalike.models.regression import fit_head

torch.set_num_threads(1)

FITTING = {
    "hidden": [16],
    "dropout": 0.0,
    "epochs": 60,
    "patience": 10,
    "lr": 0.01,
    "batch": 16,
    "seed": 0,
}
RECIPE = {"timm": "test_resnet", "options": {"output_stride": 8}}
PLACE = {"pretrained": False, "name": "ResNet", "seed": 0}


def samples(count, seed=0, noise=0.1):
    """Return features on scales of their own, and scores far from zero that two of them make."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 6)) * [1, 10, 0.1, 1, 1, 1] + [0, 5, 0, -3, 0, 0]
    scores = 1000 + 20 * features[:, 0] - 3 * features[:, 1] + noise * rng.normal(size=count)
    return torch.tensor(features, dtype=torch.float32), torch.tensor(scores)


def rmse(head, data):
    with torch.no_grad():
        return float((head(data[0])[:, 0] - data[1]).square().mean().sqrt())


def test_a_linear_head_is_a_linear_regression():
    train, stopping, test = samples(400), samples(100, 1), samples(100, 2)
    head, _ = fit_head(train, stopping, **FITTING | {"hidden": [], "epochs": 200, "patience": 40})
    reference = LinearRegression().fit(train[0].numpy(), train[1].numpy())
    predicted = head(test[0]).detach().numpy()[:, 0]
    assert len(head) == 1
    np.testing.assert_allclose(
        predicted, reference.predict(test[0].numpy()), atol=0.02 * float(test[1].std())
    )


def test_a_head_predicts_in_the_scores_own_unit_from_features_as_they_are():
    head, history = fit_head(samples(400), samples(100, 1), **FITTING)
    assert rmse(head, samples(100, 2)) < 0.1 * float(samples(100, 2)[1].std())
    assert not head.training
    best = min(history, key=lambda row: row["rmse"])
    assert rmse(head, samples(100, 1)) == pytest.approx(best["rmse"], rel=1e-3)


def test_the_fit_stops_where_it_gets_no_better_and_keeps_the_best_epoch():
    train, stopping = samples(20, noise=100), samples(50, 1, noise=100)
    head, history = fit_head(
        train, stopping, **FITTING | {"epochs": 500, "patience": 7, "lr": 0.05}
    )
    best = min(history, key=lambda row: row["rmse"])["epoch"]
    assert len(history) < 501
    assert history[-1]["epoch"] == best + 7
    assert rmse(head, stopping) == pytest.approx(history[best]["rmse"], rel=1e-3)


def test_a_fit_that_diverges_is_refused():
    with pytest.raises(InputError, match=r"diverges at lr 1e\+30; lower `finetuning.lr`"):
        fit_head(samples(50), samples(20, 1), **FITTING | {"lr": 1e30})


def test_no_epoch_leaves_the_head_as_it_began():
    head, history = fit_head(samples(20), samples(20, 1), **FITTING | {"epochs": 0})
    assert len(history) == 1 and rmse(head, samples(20, 1)) == pytest.approx(
        history[0]["rmse"], rel=1e-3
    )


def test_the_fit_depends_on_its_seed_alone():
    one, other, third = (
        fit_head(
            samples(50), samples(20, 1), **FITTING | {"dropout": 0.3, "epochs": 3, "seed": seed}
        )[0]
        for seed in (1, 1, 2)
    )
    assert torch.equal(one[0].weight, other[0].weight) and not torch.equal(
        one[0].weight, third[0].weight
    )


def test_a_feature_that_hardly_varies_is_not_blown_up():
    train, stopping = samples(100), samples(50, 1)
    for features, _ in (train, stopping):
        features[:, 5] = 0
    train[0][3, 5] = 1e-4
    head, _ = fit_head(train, stopping, **FITTING)
    test = samples(100, 2)
    test[0][:, 5] = 0.05
    assert rmse(head, test) < 0.3 * float(test[1].std())


def test_hidden_layers_have_relu_and_dropout():
    head = build_head(12, [8, 4], 0.25)
    kinds = [type(layer) for layer in head]
    assert kinds == [nn.Linear, nn.ReLU, nn.Dropout] * 2 + [nn.Linear]
    assert [(layer.in_features, layer.out_features) for layer in head[::3]] == [
        (12, 8),
        (8, 4),
        (4, 1),
    ] and head[2].p == 0.25


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """A manifest of drawn images, with a score for each."""
    folder, rows, scores = tmp_path_factory.mktemp("images"), [], {}
    for split, count in (("train", 60), ("val", 10)):
        for shape, number, image, mask in demo.draw_images(0, split, count, 64):
            name = f"{split}-{number}"
            io.write_image(folder / f"{name}.png", image)
            rows.append(
                {"image": name, "path": str(folder / f"{name}.png"), "label": shape, "split": split}
            )
            scores[name] = demo.score_image(image, mask)
    return rows, scores


@pytest.mark.parametrize("name", ["test_resnet", "test_vit"])
def test_the_model_is_the_backbone_with_the_head_on_its_cached_features(name, rows, tmp_path):
    rows, scores = rows
    recipe = {
        "timm": name,
        "options": {"img_size": 64, "patch_size": 8} if name == "test_vit" else {},
    }
    features = regression.extract_features(
        rows, recipe, size=64, fit="crop", device=torch.device("cpu"), **PLACE
    )
    by_image = dict(zip((row["image"] for row in rows), features, strict=True))
    fitting = {key: value for key, value in FITTING.items() if key != "seed"} | {"epochs": 5}
    net, sidecar = regression.train_head(rows, by_image, scores, recipe, **PLACE, **fitting)
    save_model(tmp_path / "a.safetensors", net, sidecar)
    model = load_model(tmp_path / "a.safetensors")
    images = np.stack([np.asarray(demo.Image.open(row["path"])) for row in rows[:7]])
    with torch.no_grad():
        expected = model.net.regression_head(torch.from_numpy(features[:7]))[:, 0]
    np.testing.assert_allclose(
        networks.predict(model, images)[:, 0], expected, rtol=1e-4, atol=1e-5
    )
    assert (
        model.classes == ["score"]
        and sidecar["training"]["fitted"] == 48
        and sidecar["training"]["held_back"] == 12
    )


def test_a_backbone_may_come_from_a_checkpoint_whose_classifier_is_left_behind(rows, tmp_path):
    net = networks.build_network(RECIPE, 7)
    save_model(tmp_path / "b.safetensors", net, {"recipe": RECIPE, "classes": list("abcdefg")})
    loaded, about = regression.build_backbone(RECIPE, False, tmp_path / "b.safetensors", "B", 0)
    inputs = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(
            loaded(inputs), net.eval().forward_head(net.forward_features(inputs), pre_logits=True)
        )
    assert about["weights"]["missing"] == [] and about["weights"]["unexpected"] == [
        "fc.bias",
        "fc.weight",
    ]


def test_replicates_have_backbones_and_heads_of_their_own():
    one, other = (
        regression.build_backbone(RECIPE, False, None, name, 0)[0].state_dict()
        for name in ("A", "A-b")
    )
    assert not all(torch.equal(one[key], other[key]) for key in one)


def test_features_that_are_not_finite_are_refused(rows, tmp_path):
    net = networks.build_network(RECIPE, 2)
    with torch.no_grad():
        net.bn1.weight.fill_(1e38)
    save_model(tmp_path / "n.safetensors", net, {"recipe": RECIPE, "classes": ["a", "b"]})
    with pytest.raises(InputError, match="ResNet: the features of image 'train-0' are not finite"):
        regression.extract_features(
            rows[0][:2],
            RECIPE,
            checkpoint=tmp_path / "n.safetensors",
            size=64,
            fit="crop",
            device=torch.device("cpu"),
            **PLACE,
        )


def test_a_head_reads_features_of_any_shape():
    class Pooled(nn.Module):
        def forward(self, x):
            return x.mean(dim=(2, 3), keepdim=True)

    assert attach_head(Pooled(), 3, [4], 0.0)(torch.rand(5, 3, 8, 8)).shape == (5, 1)
