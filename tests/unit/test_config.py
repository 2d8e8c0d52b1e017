"""The config: completed, checked, and every error in one line with a remedy."""

import copy
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.compare.blocks import block_pairs, blocks_of
from lookalike.core import registry
from lookalike.core.errors import InputError
from lookalike.workflow.config import resolve

ROOT = Path(__file__).parents[2]


@pytest.fixture
def config():
    return {
        "models": {
            "ResNet": {"timm": "test_resnet", "options": {"output_stride": 8}},
            "ViT": {"timm": "test_vit", "lr": 0.002, "family": "transformer"},
        },
        "methods": {
            "gradcam": {"explain": "gradcam"},
            "ig": {"explain": "integrated_gradients", "steps": 8},
            "ig_abs": {"from": "ig", "sign": "absolute"},
        },
        "metrics": ["cosine", {"rbf": {"sigma": 60}}],
    }


def change(config, place, value):
    """Set a value at a place like `models.ViT.timm`; None takes the key away."""
    *parents, last = place.split(".")
    part = config
    for key in parents:
        part = part.setdefault(key, {})
    if value is None:
        del part[last]
    else:
        part[last] = value


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
        "demo": {"train": 2000, "val": 300},
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
    }


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
        "gradcam": {"method": "gradcam", "options": registry.get("method", "gradcam").options},
        "ig": {
            "method": "integrated_gradients",
            "options": registry.get("method", "integrated_gradients").options | {"steps": 8},
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


WRONG = [
    # Unknown keys at every level.
    ("sed", 1, "unknown config key at the top level 'sed'; did you mean 'seed'"),
    ("images.nn", 3, "unknown config key at images 'nn'; did you mean 'n'"),
    ("images.demo.trian", 3, "unknown config key at images.demo 'trian'; did you mean 'train'"),
    ("models.ViT.tim", "x", "unknown config key at models.ViT 'tim'; did you mean 'timm'"),
    ("finetuning.epoch", 3, "unknown config key at finetuning 'epoch'; did you mean 'epochs'"),
    ("maps.scales", "sum", "unknown config key at maps 'scales'; did you mean 'scale'"),
    (
        "methods.ig.repair",
        {"ViT": {"cell": [0, 0], "by": 1}},
        "unknown config key at methods.ig.repair.ViT 'by'",
    ),
    ("compare.blocks", 3, "unknown config key at compare 'blocks'; did you mean 'block'"),
    (
        "groups.linkage",
        ["single"],
        "unknown config key at groups 'linkage'; did you mean 'linkages'",
    ),
    (
        "inference.bootstraps",
        3,
        "unknown config key at inference 'bootstraps'; did you mean 'bootstrap'",
    ),
    ("figures.panel", 3, "unknown config key at figures 'panel'; did you mean 'panels'"),
    # Values that do not fit.
    ("seed", -1, "config: seed: "),
    ("images.split", "test", "config: images.split: 'test'"),
    ("images.n", 0, "config: images.n: "),
    ("images.size", 8, "config: images.size: 8"),
    ("images.checksum", "md5:123", "config: images.checksum: 'md5:123' does not match"),
    ("images.checksum", f"md5:{'0' * 32}", "config: images.checksum: 'demo' takes none"),
    (
        "images.source",
        "https://example.org/a.zip",
        "config: images.source: https://example.org/a.zip needs `images.checksum: sha256:...`",
    ),
    ("finetuning.lr", 0, "config: finetuning.lr: 0"),
    ("models.ViT.epochs", "many", "config: models.ViT.epochs: 'many'"),
    ("maps.scale", "l2", "config: maps.scale: 'l2'"),
    ("methods.ig.clip", [0], "config: methods.ig.clip: "),
    ("subsets", ["all", "all"], "config: subsets: "),
    ("subsets", ["some"], "config: subsets.0: 'some'"),
    ("target", "first", "config: target: 'first'"),
    ("groups.resolutions", [0], "config: groups.resolutions.0: "),
    (
        "models",
        {"ViT": {"timm": "test_vit"}},
        "config: methods.gradcam: it has maps of 1 of the models",
    ),
    ("models", None, "config: methods.gradcam: it has maps of 0 of the models"),
    ("metrics", [], "config: metrics: "),
    # Names.
    (
        "models.a/b",
        {"timm": "test_vit"},
        "config: 'a/b' at models is no valid name: letters, digits",
    ),
    ("models.-b", {"timm": "test_vit"}, "config: '-b' at models is no valid name"),
    ("methods.a b", {"explain": "gradcam"}, "config: 'a b' at methods is no valid name"),
    ("metrics", {"a~b": {"metric": "cosine"}}, "config: 'a~b' at metrics is no valid name"),
    # Models.
    (
        "models.ViT.timm",
        None,
        "config: models.ViT: wants `timm: NAME`, `replicate_of: MODEL` or `maps: FOLDER`",
    ),
    (
        "models.ViT.options",
        {"num_classes": 7},
        "config: models.ViT.options: num_classes follows from the checkpoint",
    ),
    (
        "models.ViT.maps",
        "there",
        "config: models.ViT: its maps are given, so that 'lr' has no effect",
    ),
    ("models.ViT.maps", {"a/b": "there"}, "config: 'a/b' at models.ViT.maps is no valid name"),
    (
        "models.ViT.factors",
        {"accuracy": 0.9},
        "config: models.ViT.factors: 'accuracy' is a column of models.csv already",
    ),
    ("models_from", "nowhere", "models_from: nowhere is no folder"),
    ("matrices.a", {"path": "a.csv", "kind": "distance"}, "config: matrices.a.kind: 'distance'"),
    ("matrices.a", {}, "config: matrices.a: 'path' is a required property"),
    (
        "models.R2",
        {"replicate_of": "ResNett"},
        "unknown original of replicate 'R2' 'ResNett'; did you mean 'ResNet'",
    ),
    (
        "models.R2",
        {"replicate_of": "ResNet", "lr": 0.1},
        "config: models.R2: a replicate shares its original's recipe and takes no 'lr'",
    ),
    (
        "models.R2",
        {"replicate_of": "R2"},
        "config: models.R2: replicate_of must name a model that is fine-tuned here, which "
        "'R2' is not",
    ),
    (
        "models.ViT",
        {"timm": "test_vit", "finetune": True, "checkpoint": "x.pth", "pretrained": True},
        "config: models.ViT: 'pretrained' has no effect beside",
    ),
    # Methods.
    ("methods.ig.explain", "gradcan", "unknown method 'gradcan'; did you mean 'gradcam'"),
    ("methods.ig.explain", "grad.cam", "unknown method 'grad.cam'; did you mean 'gradcam'"),
    ("methods.ig.explain", "baselines", "unknown method 'baselines'"),
    (
        "methods.ig.baseline",
        "blurr",
        "unknown baseline of method 'integrated_gradients' 'blurr'; did you mean 'blur'",
    ),
    (
        "methods.ig.step",
        8,
        "unknown option of method 'integrated_gradients' 'step'; did you mean 'steps'",
    ),
    (
        "methods.ig.from",
        "gradcam",
        "config: methods.ig: wants either `explain: METHOD` or `from: NAME`",
    ),
    (
        "methods.new",
        {},
        "config: methods.new: wants `explain: METHOD`, `from: NAME`, or models with `maps: "
        "{new: FOLDER}`",
    ),
    (
        "methods.new",
        {"from": "igg"},
        "unknown explanation run (methods.new.from) 'igg'; did you mean 'ig'",
    ),
    (
        "methods.new",
        {"from": "ig_abs"},
        "unknown explanation run (methods.new.from) 'ig_abs' (all: gradcam, ig)",
    ),
    ("methods.ig_abs.steps", 8, "unknown key of the view methods.ig_abs 'steps'"),
    (
        "methods.ig_abs.sing",
        "absolute",
        "unknown key of the view methods.ig_abs 'sing'; did you mean 'sign'",
    ),
    (
        "methods.ig_abs.repair",
        {"Vit": {"cell": [0, 0]}},
        "unknown model of methods.ig_abs.repair 'Vit'; did you mean 'ViT'",
    ),
    # Metrics.
    ("metrics", ["cosin"], "unknown metric 'cosin'; did you mean 'cosine'"),
    ("metrics", [{"mine": {"metric": "cosin"}}], "unknown metric 'cosin'; did you mean 'cosine'"),
    (
        "metrics",
        [{"rbf": {"sigmma": 1}}],
        "unknown option of metric 'rbf' 'sigmma'; did you mean 'sigma'",
    ),
    ("metrics", [{"ssim": {"data_range": 1}}], "unknown option of metric 'ssim' 'data_range'"),
    ("metrics", ["rbf", {"rbf": {"sigma": 5}}], "config: metrics: a name stands there twice"),
    # Linkages.
    ("groups.linkages", ["avrage"], "unknown linkage 'avrage'; did you mean 'average'"),
    (
        "groups.linkages",
        ["average", "ward"],
        "config: groups.linkages: 'ward' wants Euclidean distances",
    ),
]


@pytest.mark.parametrize(
    ("place", "value", "complaint"),
    WRONG,
    ids=[f"{place}-{number}" for number, (place, *_) in enumerate(WRONG)],
)
def test_wrong_config_is_refused_in_one_line(place, value, complaint, config):
    change(config, place, value)
    with pytest.raises(InputError) as error:
        resolve(config)
    text = str(error.value)
    assert text.startswith(complaint)
    assert "\n" not in text


@pytest.mark.parametrize(
    "original",
    [
        {"replicate_of": "ResNet"},
        {"timm": "test_vit", "checkpoint": "x.pth"},
        {"timm": "test_vit", "finetune": False},
    ],
)
def test_replicate_of_what_is_not_finetuned_is_refused(original, config):
    config["models"] |= {"other": original, "copy": {"replicate_of": "other"}}
    with pytest.raises(
        InputError,
        match=(
            r"models.copy: replicate_of must name a model that is fine-tuned here, which 'other' "
            r"is not"
        ),
    ):
        resolve(config)


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


names = st.lists(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,5}", fullmatch=True),
    min_size=1,
    max_size=14,
    unique=True,
)


@settings(deadline=None)
@given(names, st.integers(1, 16))
def test_blocks_hold_every_model_once(models, size):
    blocks = blocks_of(models, size)
    held = [model for block in blocks.values() for model in block]
    assert held == sorted(models)
    assert (
        all(len(block) == size for block in list(blocks.values())[:-1])
        and 1 <= len(list(blocks.values())[-1]) <= size
    )
    assert all(
        name == (block[0] if len(block) == 1 else f"{block[0]}+{len(block) - 1}")
        for name, block in blocks.items()
    )


@settings(deadline=None)
@given(names, st.integers(1, 16))
def test_block_pairs_cover_every_pair_of_models_once(models, size):
    blocks = blocks_of(models, size)
    covered = []
    for a, b in block_pairs(blocks):
        covered += (
            list(combinations(blocks[a], 2))
            if a == b
            else [(x, y) for x in blocks[a] for y in blocks[b]]
        )
    assert sorted(covered) == list(combinations(sorted(models), 2))


def given_maps(**models):
    """Return a config of models whose maps are given."""
    return {
        "models": {name: {"maps": maps} for name, maps in models.items()},
        "metrics": ["cosine"],
    }


def test_given_maps_need_neither_images_nor_methods():
    resolved = resolve(given_maps(VGG="maps/vgg", ResNet="maps/resnet"))
    assert resolved["images"]["source"] is None and resolved["images"]["n"] == "all"
    assert resolved["explanations"] == {"heatmaps": {"method": None, "options": {}}}
    assert resolved["methods"]["heatmaps"] == {
        "explanation": "heatmaps",
        "view": resolved["maps"],
        "models": ["ResNet", "VGG"],
        "subsets": ["all"],
    }
    assert (
        resolved["models"]["VGG"]["maps"] == {"heatmaps": "maps/vgg"}
        and not resolved["models"]["VGG"]["finetune"]
    )
    assert resolved["paths"] == {
        "models.VGG.maps.heatmaps": "maps/vgg",
        "models.ResNet.maps.heatmaps": "maps/resnet",
    }


def test_every_method_has_the_models_that_have_its_maps(config):
    config["models"] |= {
        "Mine": {"maps": {"gradcam": "a", "lime": "b"}},
        "Yours": {"maps": {"lime": "c"}},
    }
    resolved = resolve(config | {"subsets": ["all", "agreeing"]})
    assert {name: method["models"] for name, method in resolved["methods"].items()} == {
        "gradcam": ["Mine", "ResNet", "ViT"],
        "ig": ["ResNet", "ViT"],
        "ig_abs": ["ResNet", "ViT"],
        "lime": ["Mine", "Yours"],
    }
    assert resolved["images"]["source"] == "demo" and resolved["images"]["n"] == 48
    assert {
        name for name, method in resolved["methods"].items() if "agreeing" in method["subsets"]
    } == {"ig", "ig_abs"}
    assert [
        reason
        for reason in resolved["left_out"]
        if reason.startswith("agreeing images of lime: the maps of Mine are given")
    ]


def test_given_maps_without_sign_go_with_metrics_of_unsigned_maps():
    config = given_maps(VGG="a", ResNet="b") | {"metrics": ["cosine", "jaccard"]}
    assert resolve(config)["comparisons"] == [("heatmaps", "cosine")]
    assert resolve(config | {"methods": {"heatmaps": {"sign": "absolute"}}})["comparisons"] == [
        ("heatmaps", "cosine"),
        ("heatmaps", "jaccard"),
    ]


def test_a_view_of_given_maps_is_a_method_of_its_own():
    resolved = resolve(
        given_maps(VGG="a", ResNet="b")
        | {"methods": {"strong": {"from": "heatmaps", "sign": "positive"}}}
    )
    assert set(resolved["methods"]) == {"heatmaps", "strong"} and set(resolved["explanations"]) == {
        "heatmaps"
    }


def test_models_are_found_in_a_folder_and_may_be_described(tmp_path):
    for model in ("VGG16", "ResNet"):
        (tmp_path / model).mkdir()
        (tmp_path / model / "1.npy").touch()
    with pytest.raises(
        InputError, match=r"unknown model of models_from 'VGG61'; did you mean 'VGG16'"
    ):
        resolve(
            {
                "models_from": str(tmp_path),
                "models": {"VGG61": {"family": "VGG"}},
                "metrics": ["cosine"],
            }
        )
    resolved = resolve(
        {
            "models_from": str(tmp_path),
            "models": {"VGG16": {"family": "VGG", "factors": {"depth": 16}}},
            "metrics": ["cosine"],
        }
    )
    assert list(resolved["models"]) == ["ResNet", "VGG16"]
    assert resolved["models"]["VGG16"]["family"] == "VGG" and resolved["models"]["VGG16"][
        "factors"
    ] == {"depth": 16}
    assert resolved["models"]["VGG16"]["maps"] == {"heatmaps": str(tmp_path / "VGG16")}


def test_matrices_alone_are_enough():
    resolved = resolve({"matrices": {"published": {"path": "a.csv"}}})
    assert resolved["matrices"] == {"published": {"path": "a.csv", "kind": "dissimilarity"}}
    assert resolved["paths"] == {"matrices.published.path": "a.csv"} and not resolved["comparisons"]


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ({}, "config: nothing to compare"),
        ({"metrics": ["cosine"]}, "config: nothing to compare"),
        (given_maps(VGG="a", ResNet="b") | {"metrics": []}, "config: metrics: "),
        (
            {"models": {"a": {"maps": "a"}, "b": {"maps": "b"}}},
            "config: metrics: name at least one",
        ),
        (
            given_maps(VGG="a", ResNet="b") | {"subsets": ["agreeing"]},
            "config: subsets: nothing is left",
        ),
        (
            given_maps(VGG="a", ResNet={"lime": "b"}),
            "config: methods.lime: it has maps of 1 of the models",
        ),
        (
            given_maps(VGG={"ig": "a", "b": "a"}, ResNet={"ig": "b", "b": "b"})
            | {"methods": {"b": {"from": "ig"}}},
            "config: methods.b: is a view of 'ig'",
        ),
        (
            given_maps(VGG="a", ResNet="b", C={"lime": "c"}),
            "config: methods.lime: it has maps of 1",
        ),
        (
            {"models": {"C": {"timm": "test_vit"}}, "matrices": {"a": {"path": "a.csv"}}},
            "config: models.C: no method explains it",
        ),
        (
            {"models": {"C": {"timm": "test_vit"}, "D": {"timm": "test_vit"}}, "metrics": ["mse"]},
            "config: models.C: no method explains it",
        ),
        (
            given_maps(VGG="a", ResNet="b") | {"images": {"masks": "m"}},
            "config: images.masks: go with the images of `images.source`",
        ),
        (
            given_maps(VGG="a", ResNet="b") | {"studies": ["metric_validation"]},
            "config: studies: metric_validation wants the classes",
        ),
        (given_maps(VGG="", ResNet="b"), "config: models.VGG.maps: "),
        (
            given_maps(VGG={"imported": "a"}, ResNet={"imported": "b"}),
            "config: methods.imported: given matrices go",
        ),
        (
            given_maps(VGG={"imported": "a"}, ResNet={"imported": "b"})
            | {"matrices": {"a": {"path": "a.csv"}}},
            "config: methods.imported: given matrices go",
        ),
    ],
)
def test_too_little_or_too_much_is_refused_in_one_line(config, complaint):
    with pytest.raises(InputError) as error:
        resolve(config)
    assert str(error.value).startswith(complaint) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("windows", "complaint"),
    [
        (0.2, "must be a list such as"),
        ([], "must be a list such as"),
        (["a"], "must be a number"),
        ([0.2, 0], "must be"),
    ],
)
def test_config_refuses_windows_that_are_no_list_of_numbers(windows, complaint):
    config = {
        "models": {name: {"timm": "test_resnet"} for name in "ab"},
        "metrics": ["mse"],
        "methods": {"o": {"explain": "occlusion", "windows": windows}},
    }
    with pytest.raises(InputError, match=f"method 'occlusion': windows {complaint}"):
        resolve(config)
    config["methods"]["o"]["windows"] = [0.1, 0.5]
    assert resolve(config)["explanations"]["o"]["options"]["windows"] == [0.1, 0.5]


# Beside `config`, with finetuning.task set: change, complaint.
REGRESSION = [
    (
        {"finetuning.freeze_epochs": 1},
        "config: finetuning: 'freeze_epochs' has no effect where finetuning.task is regression",
    ),
    ({"finetuning.dropout": 1}, "config: finetuning.dropout: 1"),
    ({"finetuning.hidden": [0]}, "config: finetuning.hidden.0: 0"),
    ({"finetuning.hiden": [8]}, "unknown config key at finetuning 'hiden'; did you mean 'hidden'"),
    (
        {"models.ViT.freeze_epochs": 1},
        "config: models.ViT: 'freeze_epochs' has no effect where finetuning.task is regression",
    ),
    (
        {"models.ViT.finetune": False},
        "config: models.ViT: finetuning.task is regression, which trains a head for every model",
    ),
    (
        {"images.source": "photos"},
        "config: images.scores: finetuning.task is regression, which wants a CSV with the "
        "columns image and score",
    ),
    (
        {"images.similarity": "s.csv"},
        "config: images.similarity: has no effect, since no method wants it",
    ),
    (
        {"target": "label"},
        "config: target: label has no effect where finetuning.task is regression",
    ),
    (
        {"subsets": ["agreeing"]},
        "config: subsets: nothing is left; agreeing images of ig_abs: its models predict a "
        "score, and no class",
    ),
    ({"pruning.strategy": "best"}, "config: pruning.strategy: 'best'"),
    ({"pruning.draws": 3}, "unknown config key at pruning 'draws'"),
    (
        {"pruning": {}, "models.ViT-random-2": {"timm": "test_vit"}},
        "config: models.ViT-random-2: is the name of a pruned variant",
    ),
    (
        {"methods.ais": {"explain": "ais_alignment", "negative": "kep"}},
        "unknown negative of method 'ais_alignment' 'kep'; did you mean 'keep'",
    ),
    (
        {"methods.ais": {"explain": "ais_regression", "signed": 1}},
        "method 'ais_regression': signed must be true or false, not 1",
    ),
]
CLASSIFICATION = [
    (
        {"finetuning.hidden": [8]},
        "config: finetuning: 'hidden' has no effect where finetuning.task is classification",
    ),
    (
        {"models.ViT.dropout": 0.1},
        "config: models.ViT: 'dropout' has no effect where finetuning.task is classification",
    ),
    (
        {"pruning": {}},
        "config: pruning: is judged by the error of a predicted score; set finetuning: "
        "{task: regression}",
    ),
    (
        {"images.scores": "s.csv"},
        "config: images.scores: have no effect; set finetuning: {task: regression}",
    ),
    (
        {"methods.ais": {"explain": "ais_regression"}},
        "config: methods.ais: explains a predicted score; set finetuning: {task: regression}",
    ),
    (
        {"methods.ais": {"explain": "ais_alignment"}, "images.source": "photos"},
        "config: methods.ais: wants images.similarity",
    ),
    (
        {"methods.ais": {"explain": "ais_alignment"}, "images.n": 3},
        "config: images.n: ais_alignment wants 4 images or more",
    ),
]


@pytest.mark.parametrize(
    ("task", "changes", "complaint"),
    [("regression", *case) for case in REGRESSION]
    + [("classification", *case) for case in CLASSIFICATION],
)
def test_what_a_task_does_not_know_is_refused_in_one_line(task, changes, complaint, config):
    change(config, "finetuning.task", task)
    for place, value in changes.items():
        change(config, place, value)
    with pytest.raises(InputError) as error:
        resolve(config)
    assert str(error.value).startswith(complaint) and "\n" not in str(error.value)


def test_a_head_has_its_own_defaults_and_may_be_a_replicate(config):
    config["finetuning"] = {"task": "regression", "hidden": []}
    config["models"] |= {
        "Mine": {"timm": "test_vit", "checkpoint": "mine.pth"},
        "Mine-b": {"replicate_of": "Mine"},
    }
    models = resolve(config)["models"]
    assert models["ResNet"]["training"] == {
        "pretrained": True,
        "epochs": 200,
        "patience": 20,
        "hidden": [],
        "dropout": 0.2,
        "lr": 0.001,
        "batch": 32,
    }
    assert models["ViT"]["training"]["lr"] == 0.002
    assert all(
        models[name]["finetune"] and models[name]["training"]["pretrained"] is False
        for name in ("Mine", "Mine-b")
    )


def test_every_model_that_is_computed_has_its_pruned_variants(config):
    config |= {"finetuning": {"task": "regression"}, "pruning": {"random": 2}}
    config["models"] |= {"ViT-b": {"replicate_of": "ViT"}, "given": {"maps": {"gradcam": "there"}}}
    models = resolve(config)["models"]
    ends = ("", "-pruned", "-random-1", "-random-2")
    assert list(models) == sorted(
        ["given", *(name + end for name in ("ResNet", "ViT", "ViT-b") for end in ends)]
    )
    assert models["ViT-b-pruned"] == models["ViT-b"] | {
        "pruned_from": "ViT-b",
        "replicate_of": None,
        "draw": 0,
    }
    assert [models[f"ViT{end}"]["draw"] for end in ends[1:]] == [0, 1, 2]


def test_similarities_serve_alignment_without_any_score(config):
    change(config, "methods.ais", {"explain": "ais_alignment"})
    config["images"] = {"source": "photos", "similarity": "human.csv"}
    assert resolve(config)["paths"] == {"images.source": "photos", "images.similarity": "human.csv"}


def test_models_that_predict_a_score_agree_on_no_class(config):
    config |= {"finetuning": {"task": "regression"}, "subsets": ["all", "agreeing"]}
    resolved = resolve(config)
    assert all(method["subsets"] == ["all"] for method in resolved["methods"].values())
    assert (
        "agreeing images of gradcam: its models predict a score, and no class"
        in resolved["left_out"]
    )
