"""A fuzz of what people bring: every file ends in its right values or in one line, soon, and
nothing is written.
"""

import contextlib
import resource
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fuzz_inputs as inputs
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from lookalike.compare.user_matrices import read_given_matrix
from lookalike.core.errors import InputError
from lookalike.images.manifest import find_images
from lookalike.images.masks import read_object
from lookalike.images.reading import read_image
from lookalike.maps.existing import find_maps, read_maps
from lookalike.models.checkpoints import build_from_checkpoint
from lookalike.models.weights import read_weights
from lookalike.workflow.config_files import check_files
from lookalike.workflow.plan import check_matrices, make_plan
from lookalike.workflow.schema import read_schema

SECONDS = 10
GIGABYTES = 2


class Hang(BaseException):
    """Not an `Exception`, which a reader would turn into its own."""


def stop(*_):
    raise Hang


@contextlib.contextmanager
def limited():
    """Limit time and address space of what runs."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limits = resource.getrlimit(resource.RLIMIT_AS)
    most = pages * resource.getpagesize() + GIGABYTES * 2**30
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (most, limits[1]))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, limits)


def listing(folder):
    """Return the content of every file below a folder, and None for folders."""
    return {
        path: None if path.is_dir() else path.read_bytes() for path in sorted(folder.rglob("*"))
    }


# How each kind is read, as the workflow does. All are in the current folder.


def read_all_maps():
    ids = list(find_maps("maps").maps)
    return dict(zip(ids, read_maps("maps", ids), strict=True))


def the_file(name):
    return next(Path().glob(f"{name}.*"))


def read_matrix():
    path = the_file("matrix")
    names = inputs.MODELS if path.suffix == ".npy" else None
    return read_given_matrix(path, "dissimilarity", names)


def read_checkpoint():
    return build_from_checkpoint(inputs.RECIPE, read_weights("w.pth"), "w.pth")[0]


def read_config():
    from snakemake.common.configfile import load_configfile

    check_files(["config.yaml"])
    plan = make_plan(load_configfile("config.yaml"))
    check_matrices(plan)
    return plan


# What must be true of a result, and of that of a valid input.


def is_map(value):
    return value.ndim == 2 and value.dtype == np.float32 and value.size and np.isfinite(value).all()


def are_maps(found):
    assert found and all(map(is_map, found.values()))


def same_maps(found, expected):
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], np.asarray(values, dtype=np.float32))


def is_matrix(found):
    matrix, names, _ = found
    assert matrix.shape == (len(names),) * 2 and (matrix.diagonal() == 0).all()
    np.testing.assert_array_equal(matrix, matrix.T)
    assert not (np.isinf(matrix).any() or (matrix < 0).any())


def same_matrix(found, expected):
    np.testing.assert_array_equal(found[0], expected)
    assert found[1:] == (inputs.MODELS, [])


def is_image(found):
    assert found.shape == (8, 8, 3) and found.dtype == np.uint8


def is_mask(found):
    assert found.ndim == 2 and found.dtype == bool


def is_manifest(rows):
    assert rows and all(row["image"] and row["split"] in ("train", "val") for row in rows)
    assert len({row["image"] for row in rows}) == len(rows)


def same_manifest(rows, expected):
    assert {row["path"]: row["label"] for row in rows} == expected
    assert {Path(row["path"]).stem for row in rows} == {
        row["image"].removeprefix(f"{row['label']}.") for row in rows
    }


def are_tensors(found):
    assert found and all(
        isinstance(name, str) and tensor.ndim >= 0 for name, tensor in found.items()
    )


def same_tensors(found, expected):
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name].numpy().dtype == values.dtype
        np.testing.assert_array_equal(found[name].numpy(), values)


def is_network(net):
    import torch

    assert all(bool(torch.isfinite(tensor).all()) for tensor in net.state_dict().values())


def same_network(net, bias):
    np.testing.assert_array_equal(net.state_dict()["fc.bias"].numpy(), bias)


def is_plan(plan):
    assert plan.seed >= 0 and plan.keys and plan.map_size > 0


def same_plan(plan, config):
    assert plan.seed == config["seed"] and plan.aggregate == config["aggregate"]
    assert plan.map_size == config["maps"]["size"]
    assert plan.inference.bootstrap == config["inference"]["bootstrap"]
    assert plan.models.keys() == config["models"].keys()
    for name, about in config["models"].items():
        model = plan.models[name]
        if "maps" in about:
            assert (model.family, model.maps) == (about["family"], {"heatmaps": about["maps"]})
        else:
            assert (model.timm, model.training["lr"]) == (about["timm"], about["lr"])
    assert plan.metrics["rbf"].options["sigma"] == config["metrics"][1]["rbf"]["sigma"]
    assert config["metrics"][0] in plan.metrics
    if "methods" in config:
        assert plan.explanations["ig"].options["steps"] == config["methods"]["ig"]["steps"]
        assert plan.images.size == config["images"]["size"]
        assert plan.images.fit == config["images"]["fit"]
    assert [one.path for one in plan.matrices.values()] == ["matrix.csv"] * ("matrices" in config)


@dataclass(frozen=True)
class Kind:
    """A kind of input.

    Attributes
    ----------
    count : int
        How many are tried.
    valid : strategy
        Of files, and what they hold.
    read, sound, same : callable
        How it is read; what is true of every result; what is true of that of valid files.
    odd : strategy
        Of files that are strange from the start.
    """

    count: int
    valid: st.SearchStrategy
    read: Callable[[], Any]
    sound: Callable[[Any], None]
    same: Callable[[Any, Any], None]
    odd: st.SearchStrategy = field(default_factory=st.nothing)


KEYS = sorted(read_schema()["properties"])
KINDS = {
    "config": Kind(
        300, inputs.configs(), read_config, is_plan, same_plan, inputs.odd_configs(KEYS)
    ),
    "maps, .npy": Kind(220, inputs.npy_maps(), read_all_maps, are_maps, same_maps, inputs.odd_npy),
    "maps, .npz": Kind(
        180, inputs.npz_maps(), read_all_maps, are_maps, same_maps, inputs.odd_npz()
    ),
    "maps, text": Kind(180, inputs.text_maps(), read_all_maps, are_maps, same_maps),
    "maps, pictures": Kind(
        160,
        inputs.picture_maps(),
        read_all_maps,
        are_maps,
        same_maps,
        inputs.png_files().map(lambda content: {"maps/a.png": content}),
    ),
    "maps, .pt and .mat": Kind(
        100,
        inputs.other_maps(),
        read_all_maps,
        are_maps,
        same_maps,
        inputs.odd_pickles("maps/a.pt"),
    ),
    "matrices": Kind(
        260, inputs.matrices(), read_matrix, is_matrix, same_matrix, inputs.odd_matrices
    ),
    "images": Kind(
        200,
        inputs.images(),
        lambda: read_image(the_file("image"), 8, "squash"),
        is_image,
        np.testing.assert_array_equal,
        inputs.odd_images,
    ),
    "masks": Kind(
        140,
        inputs.masks(),
        lambda: read_object(the_file("mask"), "image.png"),
        is_mask,
        np.testing.assert_array_equal,
        inputs.odd_masks,
    ),
    "folders of images": Kind(
        100,
        inputs.folders(),
        lambda: find_images("images"),
        is_manifest,
        same_manifest,
        inputs.odd_folders,
    ),
    "weights": Kind(
        200,
        inputs.weights(),
        lambda: read_weights(the_file("w")),
        are_tensors,
        same_tensors,
        inputs.odd_safetensors() | inputs.odd_pickles(),
    ),
    "networks": Kind(
        40,
        inputs.networks(),
        read_checkpoint,
        is_network,
        same_network,
        inputs.odd_networks(),
    ),
}


def try_one(kind, files, tmp_path):
    """Return what is read from files, or the error as text, and check that nothing was written."""
    folder = tmp_path / "given"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    before = listing(tmp_path)
    with contextlib.chdir(folder), limited():
        try:
            found = kind.read()
        except InputError as error:
            found = str(error)
    assert listing(tmp_path) == before
    return found


def fuzz(kind, tmp_path, times=1, start=0):
    """Try valid and odd inputs of a kind; return how many of each there were, and were read."""
    count = times * kind.count
    share = -(-count * 35 // 100)
    tried = {"valid": 0, "odd": 0, "odd and read": 0}

    def repeated(most, strategy):
        usual = settings(
            max_examples=most,
            derandomize=not start,
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        return lambda function: usual(
            seed(start)(given(strategy)(function)) if start else given(strategy)(function)
        )

    @repeated(share, kind.valid)
    def try_valid(drawn):
        files, expected = drawn
        found = try_one(kind, files, tmp_path)
        assert not isinstance(found, str), (found, files)
        kind.same(found, expected)
        kind.sound(found)
        tried["valid"] += 1

    @repeated(count - share, inputs.damaged(kind.valid) | kind.odd)
    def try_odd(files):
        found = try_one(kind, files, tmp_path)
        tried["odd"] += 1
        if isinstance(found, str):
            assert len(found.splitlines()) == 1
        else:
            kind.sound(found)
            tried["odd and read"] += 1

    try_valid()
    try_odd()
    assert tried["valid"] >= count / 3 and tried["valid"] + tried["odd"] >= count
    return tried


@pytest.fixture(autouse=True)
def other_folders(tmp_path, monkeypatch):
    """Let files that are written by the way be seen."""
    for name in ("HOME", "TMPDIR"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))


@pytest.mark.parametrize("name", KINDS)
def test_files_end_in_right_values_or_in_one_line(name, tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(name, fuzz(KINDS[name], tmp_path))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < GIGABYTES * 2**20 / 2


def test_there_are_two_thousand_inputs():
    assert sum(kind.count for kind in KINDS.values()) >= 2000
