"""Configs of given maps or of networks."""

import json

import numpy as np
import yaml
from hypothesis import strategies as st

from fuzzing.arrays import as_npy
from fuzzing.damage import names

MAPS = {
    f"maps/{model}/{image}.npy": as_npy(np.full((2, 3), value, np.float32))
    for value, (model, image) in enumerate([("A", "x"), ("A", "y"), ("B", "x"), ("B", "y")])
}
BESIDE = {**MAPS, "matrix.csv": b",A,B\nA,0,1\nB,1,0\n"}


@st.composite
def config_values(draw):
    """Return a config of given maps or of networks."""
    config = {
        "seed": draw(st.integers(0, 2**31)),
        "maps": {
            "size": draw(st.integers(8, 99)),
            "sign": draw(st.sampled_from(["signed", "absolute"])),
        },
        "metrics": [
            draw(st.sampled_from(["cosine", "pearson"])),
            {"rbf": {"sigma": draw(st.integers(1, 99))}},
        ],
        "inference": {"bootstrap": draw(st.integers(50, 999))},
        "aggregate": draw(st.sampled_from(["mean", "mean_std"])),
    }
    if draw(st.booleans()):
        config["models"] = {name: {"maps": f"maps/{name}", "family": draw(names)} for name in "AB"}
    else:
        config["images"] = {
            "size": draw(st.integers(16, 99)),
            "fit": draw(st.sampled_from(["crop", "pad"])),
        }
        config["models"] = {
            name: {"timm": "test_vit", "lr": draw(st.integers(1, 99)) / 1000}
            for name in draw(st.sets(names, min_size=2, max_size=3))
        }
        config["methods"] = {
            "ig": {"explain": "integrated_gradients", "steps": draw(st.integers(1, 99))}
        }
    if draw(st.booleans()):
        config["matrices"] = {"mine": {"path": "matrix.csv", "kind": "dissimilarity"}}
    return config


def as_yaml(config, style=False):
    return yaml.safe_dump(
        config, sort_keys=False, default_flow_style=style, allow_unicode=True
    ).encode()


@st.composite
def configs(draw):
    """Return a config as YAML or JSON, and its values."""
    config = draw(config_values())
    texts = [as_yaml(config), as_yaml(config, True), json.dumps(config, indent="\t").encode()]
    text = draw(st.sampled_from(texts))
    if draw(st.booleans()):
        text = text.replace(b"\n", b"\r\n")
    return {**BESIDE, "config.yaml": text}, config


STRANGE_VALUES = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        2**70,
        1e308,
        float("nan"),
        float("inf"),
        "",
        "a\nb",
        [],
        {},
        [[]],
        "../x",
        "/",
    ]
    + [
        "\0",
        "x" * 5000,
        {"a": {}},
        ["cosine", "cosine"],
        "1e5",
        "~nobody/x",
        "$NOTHING",
        "{image}",
        "demo",
    ]
    + [
        "maps",
        "matrix.csv",
        "maps/A/x.npy",
        "maps/{model}/{image}.npy",
        {1: 2},
        "http://x",
        "label",
    ]
)


def places_of(value):
    """Return every mapping and list within a value, with each of its keys."""
    pairs = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    below = [
        place for _, part in pairs if isinstance(part, dict | list) for place in places_of(part)
    ]
    return [(value, key) for key, _ in pairs] + below


@st.composite
def odd_configs(draw, keys):
    """Return a config with other values, or other keys of the schema, at one or two places."""
    config = draw(config_values())
    for _ in range(draw(st.integers(1, 2))):
        part, key = draw(st.sampled_from(places_of(config)))
        if isinstance(part, dict) and draw(st.booleans()):
            key = draw(st.sampled_from([*keys, "a\nb", "", "é", "x" * 300]))
        part[key] = draw(STRANGE_VALUES)
        if not places_of(config):
            break
    return {**BESIDE, "config.yaml": as_yaml(config)}
