"""What every explanation method of the registry must keep, on a CNN, a ViT and a network whose
activations have channels last.
"""

from functools import cache

import numpy as np
import pytest
import torch
from networks import SIDE, instance_state, model_for, options_for

from lookalike.core import registry
from lookalike.core.errors import InputError
from lookalike.images import demo
from lookalike.methods.explain import inputs_of

torch.set_num_threads(1)
N = 3
SEEDS = [11, 12, 13]
NETWORKS = ("test_resnet", "test_vit", "test_mambaout")
# Networks that a method is not defined for, and what it says.
NO_TOKENS = "not every block of .* mixes its tokens by one attention"
REFUSED = {
    ("attention_relevance", "test_resnet"): NO_TOKENS,
    ("attention_relevance", "test_mambaout"): NO_TOKENS,
    ("attention_rollout", "test_resnet"): NO_TOKENS,
    ("attention_rollout", "test_mambaout"): NO_TOKENS,
    ("deeplift", "test_vit"): "do not sum to the gain",
    ("deeplift", "test_mambaout"): "do not sum to the gain",
    ("guided_backprop", "test_vit"): "has no ReLU, ReLU6 or leaky ReLU",
    ("guided_backprop", "test_mambaout"): "has no ReLU, ReLU6 or leaky ReLU",
    ("fullgrad", "test_vit"): "not defined where activations are multiplied",
    ("fullgrad", "test_mambaout"): "not defined where activations are multiplied",
}
# Why a method's maps are not zero where the weights of the head are.
NOT_ZERO = {
    "ais_alignment": "it explains features, which no head reads",
    "eigencam": "it sees no score",
    "scorecam": "a softmax of equal scores gives equal weights",
}
NAMES = registry.names("method")
CASES = [
    (name, network)
    for name in NAMES
    for network in (NETWORKS if registry.get("method", name).needs_model else (None,))
    if (name, network) not in REFUSED
]
WITH_MODEL = [case for case in CASES if case[1]]
OF_CLASSES = [case for case in WITH_MODEL if registry.get("method", case[0]).targets == "classes"]


@cache
def pixels():
    return np.stack([image for _, _, image, _ in demo.draw_images(0, "val", N, SIDE)])


def targets_of(method, shift=0):
    """Return what a method explains in each image: its index, a score or a class."""
    if method.targets == "similarity":
        return np.arange(N)
    return (np.array([0, 3, 1]) + shift) % 5


@cache
def model_of(name, network):
    return model_for(registry.get("method", name), network) if network else None


def explain(name, network, order=range(N), model=None, shift=0, seeds=SEEDS):
    """Return maps and diagnostics of some of the images, in an order."""
    method, order = registry.get("method", name), list(order)
    model = model or model_of(name, network)
    return method(
        *inputs_of(model, pixels()[order], targets_of(method, shift)[order]),
        [seeds[place] for place in order],
        **(options_for(name, model, 2 * N, shift % 5) if model else {}),
    )


@cache
def explained(name, network):
    return explain(name, network)


def assert_alike(maps, expected):
    """Compare maps that sums of single precision in another order gave."""
    np.testing.assert_allclose(maps, expected, rtol=0, atol=2e-4 * np.abs(expected).max())


@pytest.mark.parametrize(("name", "network"), CASES)
def test_maps_are_finite_numbers_on_a_grid_and_diagnostics_one_number_an_image(name, network):
    maps, diagnostics = explained(name, network)
    assert maps.dtype == np.float32 and maps.ndim == 3 and len(maps) == N
    assert min(maps.shape[1:]) > 1 and np.isfinite(maps).all() and maps.any()
    assert all(
        isinstance(column, np.ndarray) and column.shape == (N,) and np.isfinite(column).all()
        for column in diagnostics.values()
    )


@pytest.mark.parametrize(("name", "network"), CASES)
def test_the_same_seeds_give_the_same_maps(name, network):
    (maps, diagnostics), (again, others) = explained(name, network), explain(name, network)
    np.testing.assert_array_equal(maps, again)
    assert diagnostics.keys() == others.keys()
    for key, column in diagnostics.items():
        np.testing.assert_array_equal(column, others[key])


@pytest.mark.parametrize(("name", "network"), CASES)
def test_other_seeds_give_other_maps_where_the_card_says_so(name, network):
    maps, other = explained(name, network)[0], explain(name, network, seeds=[21, 22, 23])[0]
    assert np.array_equal(maps, other) == (registry.get("method", name).again != {})


@pytest.mark.parametrize(("name", "network"), CASES)
def test_a_map_does_not_depend_on_the_images_beside_it(name, network):
    maps, _ = explained(name, network)
    assert_alike(explain(name, network, [2, 0, 1])[0], maps[[2, 0, 1]])
    for place in range(N):
        assert_alike(explain(name, network, [place])[0], maps[[place]])


@pytest.mark.parametrize(("name", "network"), CASES)
def test_maps_have_negative_values_where_the_card_says_so(name, network):
    maps, _ = explained(name, network)
    if not registry.get("method", name).signed:
        assert maps.min() >= 0
    else:
        # Not every target has both signs, but some target has.
        assert any((explain(name, network, shift=shift)[0] < 0).any() for shift in (0, 1, -1))


@pytest.mark.parametrize(("name", "network"), OF_CLASSES)
def test_maps_depend_on_the_class_where_the_card_says_so(name, network):
    maps, other = explained(name, network)[0], explain(name, network, shift=1)[0]
    assert np.array_equal(maps, other) != registry.get("method", name).class_specific


@pytest.mark.parametrize(("name", "network"), WITH_MODEL)
def test_a_head_whose_weights_are_zero_gives_zero_maps(name, network):
    model = model_for(registry.get("method", name), network)
    heads = [module for module in model.net.modules() if isinstance(module, torch.nn.Linear)]
    heads[-1].weight.zero_()
    maps, _ = explain(name, network, model=model)
    assert np.isfinite(maps).all() and maps.any() == (name in NOT_ZERO)


@pytest.mark.parametrize(("name", "network"), WITH_MODEL)
def test_a_network_is_left_as_it_was(name, network):
    model = model_for(registry.get("method", name), network)
    model.net.requires_grad_(True)
    state, weights = instance_state(model.net), model.net.state_dict()
    before = {key: tensor.clone() for key, tensor in weights.items()}
    explain(name, network, model=model)
    assert instance_state(model.net) == state and not model.net.training
    assert all(p.grad is None and p.requires_grad for p in model.net.parameters())
    assert all(torch.equal(before[key], tensor) for key, tensor in weights.items())


@pytest.mark.parametrize(("name", "network"), REFUSED)
def test_a_network_that_a_method_is_not_defined_for_is_refused_in_a_line(name, network):
    with pytest.raises(InputError, match=f"^{name}: .*{REFUSED[name, network]}") as error:
        explain(name, network)
    assert len(str(error.value)) <= 300 and "\n" not in str(error.value)
