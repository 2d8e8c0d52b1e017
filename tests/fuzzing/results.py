"""How each kind of input is read, as the workflow does, and what must be true of what is read: of
every result, and of that of a valid input. All files are in the current folder.
"""

from pathlib import Path

import numpy as np

from fuzzing.arrays import MODELS
from fuzzing.checkpoints import RECIPE
from lookalike.compare.user_matrices import read_given_matrix
from lookalike.maps.existing import find_maps, read_maps
from lookalike.models.checkpoints import build_from_checkpoint
from lookalike.models.weights import read_weights
from lookalike.workflow.config_files import check_files
from lookalike.workflow.matrices import check_matrices
from lookalike.workflow.plan import make_plan


def read_all_maps():
    ids = list(find_maps("maps").maps)
    return dict(zip(ids, read_maps("maps", ids), strict=True))


def the_file(name):
    return next(Path().glob(f"{name}.*"))


def read_matrix():
    path = the_file("matrix")
    names = MODELS if path.suffix == ".npy" else None
    return read_given_matrix(path, "dissimilarity", names)


def read_checkpoint():
    return build_from_checkpoint(RECIPE, read_weights("w.pth"), "w.pth")[0]


def read_config():
    from snakemake.common.configfile import load_configfile

    check_files(["config.yaml"])
    plan = make_plan(load_configfile("config.yaml"))
    check_matrices(plan)
    return plan


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
    assert found[1:] == (MODELS, [])


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
