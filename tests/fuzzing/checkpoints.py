"""Checkpoints: a few tensors, and whole networks."""

import functools
import json
import pickle
import struct

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from networks import shaken
from PIL import Image

from fuzzing.arrays import grids, values_of
from fuzzing.damage import names, saved


@st.composite
def weights(draw):
    """Return a checkpoint of a few tensors, and these as arrays."""
    import torch
    from safetensors.numpy import save

    kinds = st.sampled_from(["<f4", "<f8", "<f2", "<i8", "|u1"])
    tensors = draw(st.dictionaries(names, grids(kinds, 1), min_size=1, max_size=3))
    if draw(st.booleans()):
        return {"w.safetensors": save(tensors)}, tensors
    nested = draw(st.booleans())
    content = {key: torch.tensor(array) for key, array in tensors.items()}
    content = {"net": content, "epoch": 3} if nested else content
    prefix, is_zip = "net." if nested else "", draw(st.booleans())
    file = saved(lambda file: torch.save(content, file, _use_new_zipfile_serialization=is_zip))
    return {"w.pth": file}, {prefix + key: array for key, array in tensors.items()}


json_number = st.sampled_from([0, 4, 8, 16, -1, 2**40, 2**64, 1.5, "4", None])
entry = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(
            ["F32", "F16", "BF16", "I64", "BOOL", "F8_E4M3", "F4", "C64", "", 3]
        ),
        "shape": st.lists(json_number, max_size=3),
        "data_offsets": st.lists(json_number, min_size=1, max_size=3),
    }
)


@st.composite
def odd_safetensors(draw):
    """Return a .safetensors whose header may say anything."""
    key = st.sampled_from(["a", "b", "__metadata__", "", "a.b", "\n", "é"])
    header = json.dumps(
        draw(st.dictionaries(key, entry | st.just({"format": "pt"}), max_size=3))
    ).encode()
    header = draw(st.sampled_from([header, header, b'{"a":' * 3000, b"{" + b" " * 9000]))
    length = draw(st.just(len(header)) | st.sampled_from([0, 2**31, 2**62, 3]))
    return {"w.safetensors": struct.pack("<Q", length) + header + b"\0" * draw(st.integers(0, 16))}


def strange_objects():
    """Return objects as people save them with PyTorch or pickle."""
    import torch

    deep: dict = {}
    for _ in range(80):
        deep = {"a": deep, "w": torch.ones(1)}
    circle: dict = {"w": torch.ones(2)}
    circle["self"] = circle
    return [
        *(
            deep,
            circle,
            [],
            {},
            3,
            "text",
            None,
            torch.ones(2, 2),
            [torch.ones(2, 2)],
            {"a": [1, [2]]},
        ),
        *({0: torch.ones(1), "0": torch.ones(1)}, {None: torch.ones(1)}, {(1, 2): torch.ones(1)}),
        *({"a\nb": torch.ones(2, 2)}, {b"a": torch.ones(2, 2)}, {"": torch.ones(2, 2)}),
        {"a": torch.ones(2, 2).to_sparse()},
        {"a": torch.ones(2, 2, dtype=torch.complex64)},
        {"a": torch.empty(2, 2, device="meta")},
        {"a": torch.ones(1).expand(10**6, 10**6)},
        {"a": torch.ones(2, 2).to(torch.float8_e4m3fn)},
        {"a": torch.quantize_per_tensor(torch.ones(2, 2), 0.1, 0, torch.qint8)},
        {"a": torch.nn.Parameter(torch.full((2, 2), float("nan")))},
        {"a": np.ones(2), "b": Image.Image, "c": {1, 2}},
    ]


@st.composite
def odd_pickles(draw, name="w.pth"):
    """Return a file of PyTorch or pickle with what is no state dict, or a strange one."""
    import torch

    content = draw(st.sampled_from(strange_objects()))
    if draw(st.integers(0, 4)) == 0:
        try:
            return {name: pickle.dumps(content, draw(st.integers(0, 5)))}
        except NotImplementedError:
            return {name: b"\x80"}
    try:
        return {name: saved(lambda file: torch.save(content, file))}
    except (AttributeError, NotImplementedError):
        return {name: b"\x80"}


RECIPE = {"timm": "test_resnet", "options": {"output_stride": 8}}


@functools.cache
def state_dict():
    """Return the state dict of a network."""
    return shaken(RECIPE, seed=0).state_dict()


@st.composite
def networks(draw):
    """Return the state dict of a network, below a prefix and with one of its biases drawn."""
    import torch

    state, prefix = state_dict(), draw(st.sampled_from(["", "module.", "state_dict.backbone."]))
    bias = draw(arrays("<f4", state["fc.bias"].shape, elements=values_of("<f4")))
    found = {**state, "fc.bias": torch.tensor(bias)}
    content = {prefix + name: tensor for name, tensor in found.items()}
    return {"w.pth": saved(lambda file: torch.save(content, file))}, bias


@st.composite
def odd_networks(draw):
    """Return the state dict of a network in which a few tensors are others, or have other names."""
    import torch

    content = dict(state_dict())
    names = st.lists(st.sampled_from(sorted(content)), min_size=1, max_size=3, unique=True)
    for name in draw(names):
        tensor = content.pop(name)
        changes = {
            "away": {},
            "renamed": {
                draw(st.sampled_from(["fc.x", "a", "", "module." + name, name + "."])): tensor
            },
            "twice": {name: tensor, "ema." + name: tensor},
            "whole": {name: tensor.to(torch.int8)},
            "complex": {name: tensor.to(torch.complex64)},
            "eighth": {name: tensor.float().to(torch.float8_e5m2)},
            "NaN": {name: tensor.float() * float("nan")},
            "sparse": {name: tensor.to_sparse()},
            "scalar": {name: torch.tensor(1.0)},
            "empty": {name: torch.zeros(0)},
            "wide": {name: torch.zeros(1).expand(10**5, 10**5)},
            "turned": {name: tensor.mT if tensor.ndim > 1 else tensor},
        }
        content |= changes[draw(st.sampled_from(sorted(changes)))]
    return {"w.pth": saved(lambda file: torch.save(content, file))}
