"""Attention rollout and relevance, against transformers written out block by block, whose matrices
come from the weights of queries and keys and are multiplied in plain loops.
"""

import numpy as np
import pytest
import torch
from networks import instance_state, tiny_model
from timm.layers import apply_rot_embed_cat
from timm.models.vision_transformer import ParallelThingsBlock

from lookalike.core import registry
from lookalike.core.errors import InputError
from lookalike.models.attention import attend

torch.set_num_threads(1)
TARGETS, SEEDS = torch.tensor([0, 3, 1]), [1, 2, 3]
SMALL = {"img_size": 64, "patch_size": 16, "embed_dim": 32, "depth": 3, "num_heads": 2}
# Of each family a small network, and the tokens that its head reads.
NETWORKS = {
    "test_vit": ({}, [0]),
    "test_vit2": ({"img_size": 64}, range(1, 17)),  # a register, and no class token
    "vit_small_patch14_reg4_dinov2": (SMALL, [0]),
    "deit_tiny_distilled_patch16_224": (SMALL, [0, 1]),
    "deit3_small_patch16_224": (SMALL, [0]),
    "beit_base_patch16_224": (SMALL, range(1, 17)),
    "eva02_tiny_patch14_224": (SMALL, range(1, 17)),
    "vit_base_patch16_clip_224": (SMALL, [0]),
    "vit_medium_patch16_gap_256": (SMALL, range(16)),
    "vit_small_patch16_dinov3": (SMALL, range(5, 21)),
}
METHODS = ["attention_rollout", "attention_relevance"]
REFUSED = {
    "test_resnet": {},
    "test_efficientnet": {},  # has `blocks`, but no attention
    "test_maxvit": {},
    "test_coatnet": {"img_size": 64},
    "swin_tiny_patch4_window7_224": {
        "img_size": 64,
        "window_size": 4,
        "embed_dim": 24,
        "depths": (1, 1, 1, 1),
        "num_heads": (1, 1, 1, 1),
    },
    "cait_xxs24_224": {"img_size": 64, "embed_dim": 32, "depth": 2, "num_heads": 2},
    "xcit_nano_12_p16_224": {"img_size": 64, "embed_dim": 32, "depth": 2, "num_heads": 2},
    "hiera_tiny_224": {"img_size": 64, "embed_dim": 16, "num_heads": 1, "stages": (1, 1, 1, 1)},
    "test_vit": {"block_fn": ParallelThingsBlock},
}


@pytest.fixture(scope="module")
def images():
    return torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def queries_keys_values(net, attn, x):
    """Return q, k and v (n, heads, tokens, d) from the weights of an attention."""
    if getattr(attn, "qkv", None) is not None:
        parts = x @ attn.qkv.weight.T
        bias = attn.qkv.bias
        if bias is None and getattr(attn, "q_bias", None) is not None:
            bias = torch.cat([attn.q_bias, torch.zeros_like(attn.q_bias), attn.v_bias])
        parts = (parts if bias is None else parts + bias).chunk(3, dim=-1)
    else:
        parts = [attn.q_proj(x), attn.k_proj(x), attn.v_proj(x)]
    q, k, v = (part.unflatten(2, (attn.num_heads, -1)).transpose(1, 2) for part in parts)
    if getattr(net, "rope", None) is not None:
        first, rope = net.num_prefix_tokens, net.rope.get_embed(net.patch_embed.grid_size)
        turned = [
            apply_rot_embed_cat(each[:, :, first:], rope, half=attn.rotate_half) for each in (q, k)
        ]
        q, k = (
            torch.cat([each[:, :, :first], one], dim=2)
            for each, one in zip((q, k), turned, strict=True)
        )
    return q, k, v


def scaled(block, number, branch):
    """Return what a branch of a block adds, by the layer scale that some have."""
    gamma = getattr(block, f"gamma_{number}", None)
    if hasattr(block, f"ls{number}"):
        return getattr(block, f"ls{number}")(branch)
    return branch if gamma is None else gamma * branch


def by_hand(model, images):
    """Return logits and the attention of every block (n, heads, tokens, tokens) of the blocks
    written out, in double precision, with gradients.
    """
    net, kept = model.net.double(), []
    handle = net.blocks[0].register_forward_pre_hook(lambda module, inputs: kept.append(inputs[0]))
    with torch.no_grad():
        net(model.normalise(images).double())
    handle.remove()
    x, matrices = kept[0], []
    for block in net.blocks:
        attn = block.attn
        q, k, v = queries_keys_values(net, attn, block.norm1(x))
        products = torch.einsum("nhid,nhjd->nhij", q, k) / q.shape[-1] ** 0.5
        if getattr(attn, "relative_position_bias_table", None) is not None:
            products = products + attn._get_rel_pos_bias()
        exponents = torch.exp(products)
        matrix = exponents / exponents.sum(dim=3, keepdim=True)
        matrices.append(matrix.requires_grad_())
        read = (matrix @ v).transpose(1, 2).flatten(2)
        read = attn.norm(read) if hasattr(attn, "norm") else read
        x = x + scaled(block, 1, attn.proj(read))
        x = x + scaled(block, 2, block.mlp(block.norm2(x)))
    logits = net.forward_head(net.norm(x))
    return logits, matrices


def expected_maps(name, network, options, read, images):
    """Return maps from the network written out, by plain loops over images and blocks."""
    model = tiny_model(network, **options)
    logits, matrices = by_hand(model, images)
    with torch.no_grad():
        whole = model.net(model.normalise(images).double())
    torch.testing.assert_close(logits, whole, rtol=1e-9, atol=1e-9)
    gradients = torch.autograd.grad(logits[range(3), TARGETS].sum(), matrices)
    found = []
    for place in range(len(images)):
        product = np.eye(matrices[0].shape[-1])
        for matrix, gradient in zip(matrices, gradients, strict=True):
            weights, slopes = (each[place].detach().numpy() for each in (matrix, gradient))
            np.testing.assert_allclose(weights.sum(axis=2), 1, rtol=1e-9)
            if name == "attention_rollout":
                mixed = 0.5 * sum(weights) / len(weights) + 0.5 * np.eye(len(product))
                product = mixed @ product
            else:
                mixed = sum(np.maximum(a * g, 0) for a, g in zip(weights, slopes, strict=True))
                product = product + mixed / len(weights) @ product
        if name == "attention_relevance":
            product = product - np.eye(len(product))
        row = np.mean([product[token] for token in read], axis=0)
        cells = row[model.net.num_prefix_tokens :]
        found.append(cells.reshape(2 * [round(len(cells) ** 0.5)]))
    return np.array(found)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", METHODS)
def test_maps_are_those_of_the_network_written_out(name, network, images):
    options, read = NETWORKS[network]
    model = tiny_model(network, **options)
    maps, diagnostics = registry.get("method", name)(model, images, TARGETS, SEEDS)
    expected = expected_maps(name, network, options, read, images)
    assert maps.shape == expected.shape and maps.dtype == np.float32 and diagnostics == {}
    assert expected.std() > 0
    np.testing.assert_allclose(maps, expected, rtol=1e-4, atol=1e-5 * expected.max())


@pytest.mark.parametrize("network", NETWORKS)
def test_the_recorded_pass_gives_the_logits_of_the_fused_one(network, images):
    model = tiny_model(network, **NETWORKS[network][0])
    state = instance_state(model.net)
    for whole in (False, True):
        found = attend(model, images, TARGETS, "it", lambda weights: weights, whole)
        assert len(found.blocks) == len(model.net.blocks) and not found.pooling
        for weights in found.blocks:
            torch.testing.assert_close(weights.sum(dim=3), torch.ones(weights.shape[:3]))
            assert weights.requires_grad == whole
        with torch.no_grad():
            logits = model.logits(images)
        torch.testing.assert_close(found.scores, logits[range(3), TARGETS], rtol=1e-5, atol=1e-5)
    assert instance_state(model.net) == state


@pytest.mark.parametrize("prefix", [True, False])
@pytest.mark.parametrize("name", METHODS)
def test_a_head_that_pools_by_attention_reads_by_it(name, prefix, images):
    options = {"img_size": 64, "depth": 2, "pool_include_prefix": prefix}
    model = tiny_model("test_vit3", **options)
    maps, _ = registry.get("method", name)(model, images, TARGETS, SEEDS)
    model = tiny_model("test_vit3", **options)
    net, kept = model.net.double(), []
    handle = net.attn_pool.register_forward_pre_hook(lambda module, inputs: kept.append(inputs[0]))
    _, matrices = by_hand(model, images)
    handle.remove()
    pool, x = net.attn_pool, kept[-1]
    q = pool.q(pool.latent).unflatten(2, (pool.num_heads, -1)).transpose(1, 2)
    k, v = (
        each.unflatten(2, (pool.num_heads, -1)).transpose(1, 2)
        for each in pool.kv(x).chunk(2, dim=-1)
    )
    matrix = (q @ k.mT / q.shape[-1] ** 0.5).softmax(dim=-1)
    read = pool.proj((matrix @ v).transpose(1, 2).flatten(2))
    logits = net.head(net.fc_norm((read + pool.mlp(pool.norm(read)))[:, 0]))
    torch.testing.assert_close(logits, net(model.normalise(images).double()), rtol=1e-9, atol=1e-9)
    matrices = [*matrices, matrix]
    gradients = torch.autograd.grad(logits[range(3), TARGETS].sum(), matrices)
    for place in range(3):
        product = torch.eye(17, dtype=torch.float64)
        for a, g in zip(matrices[:-1], gradients[:-1], strict=True):
            product = (
                (product + a[place].mean(dim=0) @ product) / 2
                if name == "attention_rollout"
                else product + (a[place] * g[place]).relu().mean(dim=0) @ product
            )
        last = (
            matrix[place] if name == "attention_rollout" else matrix[place] * gradients[-1][place]
        )
        row = last.relu().mean(dim=0)[0] @ product[-last.shape[-1] :]
        expected = row[1:].reshape(4, 4).detach().numpy()
        np.testing.assert_allclose(maps[place], expected, rtol=1e-4, atol=1e-5 * expected.max())


@pytest.mark.parametrize("network", ["test_vit", "test_vit2", "eva02_tiny_patch14_224"])
@pytest.mark.parametrize("name", METHODS)
def test_a_batch_gives_what_single_images_give(name, network, images):
    method, model = registry.get("method", name), tiny_model(network, **NETWORKS[network][0])
    maps, _ = method(model, images, TARGETS, SEEDS)
    np.testing.assert_array_equal(maps, method(model, images, TARGETS, SEEDS)[0])
    for place in range(3):
        part = slice(place, place + 1)
        own, _ = method(model, images[part], TARGETS[part], SEEDS[part])
        np.testing.assert_allclose(maps[place], own[0], rtol=2e-4, atol=1e-6 * own.max())


def test_rollout_shares_out_one_and_does_not_depend_on_the_class(images):
    rollout = registry.get("method", "attention_rollout")
    model = tiny_model("vit_medium_patch16_gap_256", **SMALL)
    maps, _ = rollout(model, images, TARGETS, SEEDS)
    # No token lies before this grid, so that all that is read lies on it.
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), 1, rtol=1e-5)
    np.testing.assert_array_equal(maps, rollout(model, images, TARGETS.flip(0), SEEDS)[0])
    relevance = registry.get("method", "attention_relevance")
    first, other = (relevance(model, images, each, SEEDS)[0] for each in (TARGETS, 4 - TARGETS))
    assert not np.allclose(first, other, rtol=0.01)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("network", ["test_vit", "test_vit2"])
def test_no_gradient_gives_zero_maps(name, network, images):
    model = tiny_model(network, **NETWORKS[network][0])
    with torch.no_grad():
        model.net.head.weight.zero_()
    maps, _ = registry.get("method", name)(model, images, TARGETS, SEEDS)
    assert (maps == 0).all()


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("network", REFUSED)
def test_networks_without_one_attention_a_block_are_refused_in_one_line(name, network, images):
    model = tiny_model(network, **REFUSED[network])
    state = instance_state(model.net)
    with pytest.raises(InputError, match=f"^{name}: not every block of ") as error:
        registry.get("method", name)(model, images, TARGETS, SEEDS)
    assert "\n" not in str(error.value) and len(str(error.value)) <= 300
    assert instance_state(model.net) == state
