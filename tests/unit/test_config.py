"""The config: completed, checked, and every error in one line with a remedy."""

import copy
from pathlib import Path

import numpy as np
import pytest
import yaml
from configs import change, small_config

from lookalike.core import registry
from lookalike.core.errors import InputError
from lookalike.maps import batches
from lookalike.workflow.config import resolve
from lookalike.workflow.plan import make_plan

ROOT = Path(__file__).parents[2]


@pytest.fixture
def config():
    return small_config()


@pytest.mark.parametrize("path", sorted(ROOT.glob("config*.yaml")), ids=lambda path: path.name)
def test_config_of_the_repository_resolves(path):
    given_config = yaml.safe_load(path.read_text())
    resolved = resolve(given_config)
    assert set(resolved["models"]) == set(given_config["models"]) and set(
        resolved["methods"]
    ) == set(given_config["methods"])
    assert len(resolved["metrics"]) == len(given_config["metrics"])


def test_resolving_does_not_change_what_was_given(config):
    config["images"] = {"n": 7}
    before = copy.deepcopy(config)
    resolve(config)["models"]["ResNet"]["options"]["output_stride"] = 16
    assert config == before


def test_defaults_are_filled_at_every_level(config):
    resolved = resolve(config | {"images": {"n": 7}, "groups": {}})
    assert (
        resolved["seed"] == 0
        and resolved["target"] == "predicted"
        and resolved["subsets"] == ["all"]
        and resolved["aggregate"] == "mean"
    )
    assert resolved["images"] == {
        "source": "demo",
        "split": "val",
        "n": 7,
        "common": False,
        "size": 224,
        "fit": "crop",
        "demo": {"train": 2000, "val": 300},
        "near_copies": 0.97,
    }
    assert resolved["finetuning"] == {"task": "classification"} and "pruning" not in resolved
    assert resolved["models"]["ResNet"]["training"] == {
        "pretrained": True,
        "epochs": 8,
        "freeze_epochs": 1,
        "lr": 0.001,
        "batch": 32,
    }
    assert resolved["maps"] == {"size": 224, "sign": "signed", "sobel": False, "scale": "max_abs"}
    assert (
        resolved["groups"]["linkages"] == ["average"] and 1.0 in resolved["groups"]["resolutions"]
    )
    assert resolved["compare"] == {"block": "auto"} and resolved["inference"] == {
        "bootstrap": 1000,
        "permutations": 999,
        "explained_again": "auto",
        "hypotheses": [],
        "population": "images",
    }


def test_planned_hypotheses_may_be_about_every_factor_method_and_metric(config):
    config["models"]["ViT"]["factors"] = {"year": 2020}
    config["matrices"] = {"lime": {"path": "lime.csv", "kind": "dissimilarity"}}
    planned = [
        {"factor": "year"},
        {"factor": "predictions", "method": "ig"},
        {"factor": "predictions", "method": "gradcam", "metric": "rbf"},
        {"factor": "family", "metric": "lime"},
    ]
    config["inference"] = {"hypotheses": planned}
    assert resolve(config)["inference"]["hypotheses"] == planned


def test_figures_are_coloured_by_a_column_of_the_models(config):
    first, *others = config["models"]
    config["models"][first] |= {"factors": {"depth": 18}}
    plan = make_plan(config)
    assert (plan.figures.width, plan.figures.colour_by, plan.figures.png) == (180, "family", False)
    model = plan.models[first]
    assert model.kind("family") == model.family
    config["figures"] = {"colour_by": "depth", "width": "85mm"}
    plan = make_plan(config)
    assert plan.figures.width == 85
    kinds = [plan.models[name].kind("depth") for name in (first, *others)]
    assert kinds[0] == "depth: 18" and "unknown" in kinds


def test_defaults_of_two_configs_are_not_shared(config):
    resolve(config)["groups"]["linkages"].append("ward")
    assert resolve(config)["groups"]["linkages"] == ["average"]


def test_models_become_whole_recipes(config):
    models = resolve(config | {"finetuning": {"epochs": 3}})["models"]
    assert list(models) == ["ResNet", "ViT"]
    assert models["ResNet"] == {
        "timm": "test_resnet",
        "options": {"output_stride": 8},
        "family": "unknown",
        "factors": {},
        "maps": {},
        "layer": None,
        "checkpoint": None,
        "replicate_of": None,
        "pruned_from": None,
        "finetune": True,
        "training": {"pretrained": True, "epochs": 3, "freeze_epochs": 1, "lr": 0.001, "batch": 32},
    }
    assert models["ViT"]["training"]["lr"] == 0.002 and models["ViT"]["family"] == "transformer"


def test_replicate_inherits_its_originals_recipe(config):
    config["models"]["ViT-b"] = {"replicate_of": "ViT"}
    config["models"]["ViT-c"] = {"replicate_of": "ViT", "family": "rerun"}
    models = resolve(config)["models"]
    assert models["ViT-b"] == models["ViT"] | {"replicate_of": "ViT"}
    assert models["ViT-c"] == models["ViT"] | {"replicate_of": "ViT", "family": "rerun"}


def test_checkpoint_is_not_finetuned(config):
    change(config, "models.ViT", {"timm": "test_vit", "checkpoint": "vit.safetensors"})
    models = resolve(config)["models"]
    assert models["ViT"]["finetune"] is False and models["ResNet"]["finetune"] is True


def test_checkpoint_may_start_a_fine_tuning_and_its_replicates(config):
    change(
        config,
        "models.ViT",
        {"timm": "test_vit", "checkpoint": "vit.safetensors", "finetune": True, "epochs": 3},
    )
    change(config, "models.ViT-b", {"replicate_of": "ViT"})
    models = resolve(config)["models"]
    for name in ("ViT", "ViT-b"):
        assert models[name]["finetune"] is True and models[name]["checkpoint"] == "vit.safetensors"
        assert (
            models[name]["training"]["epochs"] == 3
            and models[name]["training"]["pretrained"] is False
        )


@pytest.mark.parametrize(("key", "value"), [("epochs", 3), ("pretrained", True)])
def test_training_keys_beside_a_checkpoint_are_refused(key, value, config):
    change(config, "models.ViT", {"timm": "test_vit", "checkpoint": "vit.safetensors", key: value})
    with pytest.raises(InputError, match=f"models.ViT: '{key}' has no effect"):
        resolve(config)


def test_a_pretrained_head_may_be_random_instead(config):
    change(config, "models.ViT", {"timm": "test_vit", "finetune": False})
    assert resolve(config)["models"]["ViT"]["training"]["pretrained"] is True
    change(config, "models.ViT", {"timm": "test_vit", "finetune": False, "pretrained": False})
    assert resolve(config)["models"]["ViT"]["training"]["pretrained"] is False


def test_numbers_with_an_exponent_are_numbers(config):
    change(config, "finetuning", {"lr": "2e-3"})
    assert resolve(config)["finetuning"]["lr"] == 0.002


def test_named_paths_are_told_by_their_place(config):
    change(config, "models.ViT", {"timm": "test_vit", "checkpoint": "vit.safetensors"})
    change(config, "images", {"source": "photos"})
    assert resolve(config)["paths"] == {
        "images.source": "photos",
        "models.ViT.checkpoint": "vit.safetensors",
    }


def test_an_archive_is_a_path_only_if_it_is_not_downloaded(config):
    change(config, "images.source", "mine/photos.zip")
    resolved = resolve(config)
    assert resolved["archives"] == {
        "photos": {"url": None, "path": "mine/photos.zip", "checksum": None}
    }
    assert resolved["paths"] == {"images.source": "mine/photos.zip"}
    change(config, "images.source", "imagenette2")
    resolved = resolve(config)
    assert list(resolved["archives"]) == ["imagenette2"] and resolved["paths"] == {}


@pytest.mark.parametrize(
    ("metric", "options"),
    [
        ("rbf", {"sigma": "80"}),
        ("rbf", {"sigma": 0}),
        ("emd", {"grid": 0}),
        ("emd", {"grid": 2.5}),
        ("emd", {"sign": 1}),
    ],
)
def test_options_of_another_kind_are_refused(config, metric, options):
    config["metrics"] = {metric: options}
    with pytest.raises(InputError, match=f"metric '{metric}': {next(iter(options))} must be"):
        resolve(config)


def test_methods_are_explanations_and_views(config):
    config["maps"] = {"scale": "minmax"}
    resolved = resolve(config)
    assert resolved["explanations"] == {
        "gradcam": {
            "method": "gradcam",
            "options": registry.get("method", "gradcam").options,
            "signed": False,
        },
        "ig": {
            "method": "integrated_gradients",
            "options": registry.get("method", "integrated_gradients").options | {"steps": 8},
            "signed": True,
        },
    }
    whole = {"models": ["ResNet", "ViT"], "subsets": ["all"]}
    assert (
        resolved["methods"]["ig_abs"]
        == {"explanation": "ig", "view": resolved["maps"] | {"sign": "absolute"}} | whole
    )
    assert resolved["methods"]["ig"] == {"explanation": "ig", "view": resolved["maps"]} | whole


def test_repair_is_part_of_a_view(config):
    change(config, "methods.ig_abs.repair", {"ViT": {"cell": [0, 6]}})
    assert resolve(config)["methods"]["ig_abs"]["view"]["repair"] == {"ViT": {"cell": [0, 6]}}


@pytest.mark.parametrize(
    "metrics",
    [
        ["cosine", {"rbf": {"sigma": 60}}, {"wide": {"metric": "rbf"}}],
        {"cosine": {}, "rbf": {"sigma": 60}, "wide": {"metric": "rbf"}},
    ],
)
def test_metrics_are_given_as_list_or_mapping(metrics, config):
    defaults = registry.get("metric", "rbf").options
    assert resolve(config | {"metrics": metrics})["metrics"] == {
        "cosine": {"metric": "cosine", "options": {}},
        "rbf": {"metric": "rbf", "options": defaults | {"sigma": 60}},
        "wide": {"metric": "rbf", "options": defaults},
    }


@pytest.mark.parametrize("metric", ["ssim", "psnr"])
@pytest.mark.parametrize("scale", ["zscore", "none"])
def test_bounded_metric_on_a_view_without_bounds_is_left_out_with_a_reason(metric, scale, config):
    config["metrics"] = ["cosine", metric]
    assert ("ig_abs", metric) in resolve(config)["comparisons"] and not resolve(config)["left_out"]
    change(config, "methods.ig_abs.scale", scale)
    resolved = resolve(config)
    assert set(resolved["comparisons"]) == {
        (name, other) for name in config["methods"] for other in config["metrics"]
    } - {("ig_abs", metric)}
    assert (
        [text for text in resolved["left_out"] if text.startswith(f"{metric} on ig_abs: ")]
        == resolved["left_out"]
        != []
    )


@pytest.mark.parametrize(
    ("negative", "data_range", "fitting"),
    [(False, 1.0, "similarity"), (True, 2.0, "sign_agreement")],
)
def test_existing_maps_are_signed_if_any_of_them_is_negative(
    negative, data_range, fitting, tmp_path
):
    for model in "AB":
        maps = np.random.default_rng(ord(model)).random((3, 16, 16))
        maps[2, 5, 5] -= 2 * (negative and model == "B")
        np.save(tmp_path / f"{model}.npy", maps)
    models = {model: {"maps": str(tmp_path / f"{model}.npy")} for model in "AB"}
    metrics = ["psnr", "similarity", "sign_agreement"]
    plan = make_plan({"models": models, "metrics": metrics})
    assert plan.explanations["heatmaps"].signed == negative
    assert plan.comparisons == [("heatmaps", "psnr"), ("heatmaps", fitting)]
    view = plan.methods["heatmaps"].view.options("A")
    card = batches.describe(["0"], [np.zeros((16, 16))], view, plan.explanations["heatmaps"].signed)
    assert card["data_range"] == data_range


@pytest.mark.parametrize("place", ["maps", "methods.ig_abs"])
@pytest.mark.parametrize(("low", "high"), [(0.5, 0.1), (0.3, 0.3)])
def test_bounds_that_leave_no_values_are_refused(place, low, high, config):
    change(config, f"{place}.clip", [low, high])
    with pytest.raises(InputError, match=rf"^config: {place}.clip: \[{low}, {high}\] leaves no"):
        resolve(config)
    change(config, f"{place}.clip", [-0.5, 0.1])
    assert resolve(config)["comparisons"]


@pytest.mark.parametrize("metric", ["ssim", "psnr"])
def test_config_without_any_fitting_comparison_is_refused(metric, config):
    config |= {"metrics": [metric], "maps": {"scale": "zscore"}}
    with pytest.raises(
        InputError, match=f"config: no metric fits any method; {metric} on gradcam: .*known range"
    ):
        resolve(config)


@pytest.mark.parametrize(
    "metric",
    [name for name in registry.names("metric") if registry.get("metric", name).views != "any"],
)
def test_metric_for_one_kind_of_sign_is_left_out_of_the_other(metric, config):
    config["metrics"] = [metric]
    wanted = {"unsigned": {"gradcam", "ig_abs"}, "signed": {"ig"}}[
        registry.get("metric", metric).views
    ]
    assert {name for name, _ in resolve(config)["comparisons"]} == wanted
