"""Importance of feature maps, against plain loops and on a network whose important channels are
known.
"""

import numpy as np
import pytest
import torch
from torch import nn

from lookalike.core.errors import InputError
from lookalike.images.scores import similarity_of_scores
from lookalike.methods.ais_alignment import ais_alignment
from lookalike.methods.ais_regression import ais_regression
from lookalike.methods.explain import inputs_of
from lookalike.models.grids import to_grid
from lookalike.models.networks import VisionModel

torch.set_num_threads(1)

CHANNELS, IMPORTANT, HARMFUL = 8, (2, 5), 6
SEEDS = [0] * 6


class Shades(nn.Module):
    """A network whose channel k sees the brightness of column k of an image alone, and whose head
    reads some of them.
    """

    num_classes, num_features = 1, CHANNELS

    def __init__(self, weights):
        super().__init__()
        self.columns = nn.Conv2d(3, CHANNELS, 1, bias=False)
        self.act = nn.ReLU()
        self.head = nn.Linear(CHANNELS, 1)
        with torch.no_grad():
            self.columns.weight.fill_(1 / 3)
            self.head.weight.copy_(torch.as_tensor(weights, dtype=torch.float32)[None])
            self.head.bias.zero_()
        self.register_buffer("eye", torch.eye(CHANNELS).view(1, CHANNELS, 1, CHANNELS))

    def forward_features(self, x):
        return self.act(self.columns(x) * self.eye)

    def forward_head(self, x, pre_logits=False):
        features = CHANNELS * x.mean(dim=(2, 3))
        return features if pre_logits else self.head(features)

    def get_classifier(self):
        return self.head

    def forward(self, x):
        return self.forward_head(self.forward_features(x))


def shades(weights):
    net = Shades(weights).eval().requires_grad_(False)
    return VisionModel(net, torch.zeros(1, 3, 1, 1), torch.ones(1, 3, 1, 1), ["score"])


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def pixels():
    """Six grey images of 8 x 8 whose columns have shades of their own."""
    columns = np.random.default_rng(1).integers(120, 256, size=(6, 1, CHANNELS, 1))
    return np.broadcast_to(columns, (6, CHANNELS, CHANNELS, 3)).astype(np.uint8)


def brightness(pixels):
    return pixels[:, 0, :, 0] / 255


def test_regression_importance_ranks_the_known_channels_first_and_the_harmful_one_last(pixels):
    weights = np.zeros(CHANNELS)
    weights[list(IMPORTANT)] = 1.0
    weights[HARMFUL] = 0.2
    # Without the harmful channel the prediction would be exact.
    scores = brightness(pixels)[:, IMPORTANT].sum(axis=1)
    maps, diagnostics = ais_regression(
        *inputs_of(shades(weights), pixels, scores), SEEDS, layer="act"
    )
    column = maps.sum(axis=1)
    assert (np.sort(np.argsort(-column, axis=1)[:, :2], axis=1) == IMPORTANT).all()
    assert (column.argmin(axis=1) == HARMFUL).all() and (column[:, HARMFUL] < 0).all()
    others = [k for k in range(CHANNELS) if k not in (*IMPORTANT, HARMFUL)]
    assert np.abs(column[:, others]).max() < 1e-6
    np.testing.assert_allclose(
        diagnostics["error"], 0.2 * brightness(pixels)[:, HARMFUL], atol=1e-6
    )


def test_alignment_importance_ranks_the_known_channels_first(pixels):
    # Humans see what two channels see, and all others are the same noise for everyone.
    columns = np.full((6, CHANNELS), 128)
    columns[:, IMPORTANT] = np.array(
        [(40, 200), (50, 190), (60, 185), (200, 50), (190, 60), (180, 70)]
    )
    columns += np.random.default_rng(0).integers(-6, 7, size=columns.shape)
    pixels = np.broadcast_to(columns[:, None, :, None], (6, CHANNELS, CHANNELS, 3)).astype(np.uint8)
    features = brightness(pixels)
    human = np.corrcoef(features[:, IMPORTANT] @ np.eye(2, CHANNELS) + 0.5)
    model = shades(np.ones(CHANNELS))
    maps, diagnostics = ais_alignment(
        *inputs_of(model, pixels, range(6)), SEEDS, layer="act", human=human, reference=features
    )
    weights = maps.sum(axis=1) / (CHANNELS * features)
    ranked = np.sort(np.argsort(-weights.mean(axis=0))[:2])
    assert ranked.tolist() == list(IMPORTANT)
    assert (diagnostics["alignment"] > 0.9).all() and (maps >= 0).all()


@pytest.mark.parametrize("signed", [True, False])
def test_regression_importance_equals_a_plain_loop(signed, pixels, rng):
    model = shades(rng.normal(size=CHANNELS))
    scores = rng.normal(size=6)
    maps, _ = ais_regression(*inputs_of(model, pixels, scores), SEEDS, layer="act", signed=signed)
    activation = model.net.forward_features(inputs_of(model, pixels, scores)[1])
    for image in range(6):
        expected = np.zeros((CHANNELS, CHANNELS))
        whole = float(model.net.forward_head(activation[image : image + 1]))
        for channel in range(CHANNELS):
            without = activation[image : image + 1].clone()
            without[:, channel] = 0
            changed = float(model.net.forward_head(without))
            weight = abs(changed - whole) * (
                np.sign(abs(changed - scores[image]) - abs(whole - scores[image])) if signed else 1
            )
            expected += weight * activation[image, channel].numpy()
        np.testing.assert_allclose(maps[image], expected, atol=1e-5)


@pytest.mark.parametrize("negative", ["clip", "keep"])
def test_alignment_importance_equals_a_plain_loop(negative, pixels, rng):
    model = shades(np.ones(CHANNELS))
    images = inputs_of(model, pixels, range(6))[1]
    reference = model.features(images).numpy()
    human = similarity_of_scores(rng.random(6))
    indices = [4, 1]
    maps, diagnostics = ais_alignment(
        *inputs_of(model, pixels[indices], indices),
        SEEDS[:2],
        layer="act",
        negative=negative,
        human=human,
        reference=reference,
    )
    activation = to_grid(model.net.forward_features(images), model.net)
    for row, n in enumerate(indices):
        others = [m for m in range(6) if m != n]

        def agreement(features, n=n, others=others):
            similarities = [np.corrcoef(features, reference[m])[0, 1] for m in others]
            return np.corrcoef(similarities, human[n, others])[0, 1]

        weights = []
        for channel in range(CHANNELS):
            without = reference[n].copy()
            without[channel] = 0
            weights.append(agreement(reference[n]) - agreement(without))
        weights = np.maximum(weights, 0) if negative == "clip" else np.array(weights)
        np.testing.assert_allclose(
            maps[row], np.tensordot(weights, activation[n].numpy(), 1), atol=1e-5
        )
        assert diagnostics["alignment"][row] == pytest.approx(agreement(reference[n]))


def test_every_image_has_its_own_weights(pixels, rng):
    model, scores = shades(rng.normal(size=CHANNELS)), rng.normal(size=6)
    together, _ = ais_regression(*inputs_of(model, pixels, scores), SEEDS, layer="act")
    alone = np.concatenate(
        [
            ais_regression(
                *inputs_of(model, pixels[n : n + 1], scores[n : n + 1]), SEEDS[:1], layer="act"
            )[0]
            for n in range(6)
        ]
    )
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_what_makes_no_sense_is_refused(pixels):
    inputs = inputs_of(shades(np.ones(CHANNELS)), pixels[:3], range(3))
    with pytest.raises(InputError, match="ais_alignment needs at least 4 images"):
        ais_alignment(*inputs, SEEDS[:3], human=np.eye(3), reference=np.eye(3))
