"""The plan: what the rules ask of a config."""

from dataclasses import FrozenInstanceError, fields

import pytest
import yaml
from configs import change, small_config

from lookalike.compare.dissimilarities import Key
from lookalike.core.errors import InputError
from lookalike.workflow import sections
from lookalike.workflow.matrices import check_matrices
from lookalike.workflow.plan import make_plan, text_of
from lookalike.workflow.schema import SCHEMA


@pytest.fixture
def config():
    return small_config()


def test_a_plan_cannot_be_changed(config):
    plan = make_plan(config)
    with pytest.raises(FrozenInstanceError):
        plan.seed = 1
    with pytest.raises(FrozenInstanceError):
        plan.models["ViT"].timm = "other"


def test_models_know_their_names_and_their_part(config):
    config["models"] |= {
        "ViT-b": {"replicate_of": "ViT"},
        "Mine": {"timm": "test_vit", "checkpoint": "mine.safetensors"},
        "Theirs": {"maps": {"gradcam": "maps/"}, "factors": {"depth": 3}},
    }
    plan = make_plan(config)
    assert {name: model.name for name, model in plan.models.items()} == {
        name: name for name in config["models"]
    }
    assert plan.given == ["Theirs"] and plan.imported == ["Mine"]
    assert plan.finetuned == plan.trained == ["ResNet", "ViT", "ViT-b"] and plan.headed == []
    assert plan.replicates == {"ViT-b": "ViT"} and plan.dependent == ["ViT-b"]
    assert plan.predicting == ["Mine", "ResNet", "ViT"] and plan.factors == ["depth"]
    assert plan.models["ResNet"].recipe == {
        "timm": "test_resnet",
        "options": {"output_stride": 8},
    }


def test_methods_of_one_run_share_its_raw_maps_and_its_second_run(config):
    config["methods"] |= {
        "noise": {"explain": "random"},
        "mended": {"from": "ig", "repair": {"ViT": {"cell": [0, 0]}}},
    }
    plan = make_plan(config)
    assert plan.of_different_maps == ["gradcam", "ig", "noise", "mended"]
    assert plan.explained_again == {"ig": ["ig", "ig_abs", "mended"], "noise": ["noise"]}
    assert make_plan(config | {"inference": {"explained_again": 0}}).explained_again == {}
    maps = {"models": {name: {"maps": {"ig": "maps/"}} for name in "ab"}, "metrics": ["cosine"]}
    assert make_plan(maps, lambda *_: False).explained_again == {}


def test_variants_have_the_weights_of_their_model_and_its_origin(config):
    config |= {"finetuning": {"task": "regression"}, "pruning": {"random": 1}}
    config["models"]["ViT-b"] = {"replicate_of": "ViT"}
    plan = make_plan(config)
    assert plan.models["ViT-b-pruned"].weights == "ViT-b"
    assert plan.origins["ViT-b-pruned"] == "ViT" and plan.origins["ViT"] == "ViT"
    assert set(plan.pruned) == {
        f"{name}-{end}" for name in ("ResNet", "ViT", "ViT-b") for end in ("pruned", "random-1")
    }
    assert set(plan.dependent) == {"ViT-b", *plan.pruned}
    assert plan.variants["ViT-random-1"] == {"pruned_from": "ViT", "draw": 1}
    assert plan.headed == ["ResNet", "ViT", "ViT-b"] and plan.finetuned == []


def test_matrices_are_listed_once_each(config):
    config |= {
        "subsets": ["all", "agreeing"],
        "matrices": {
            "mine": {"path": "b.csv", "method": "ig_abs", "metric": "mse", "n": 128},
            "published": {"path": "a.csv"},
        },
        "metrics": ["cosine", "jaccard"],
    }
    plan = make_plan(config)
    assert list(plan.given_keys) == plan.keys[-2:]
    assert plan.keys[-2] == ("ig_abs", "mse", "all") and plan.metrics_of("ig_abs")[1:] == [
        "jaccard"
    ]
    mine = plan.given_keys["ig_abs", "mse", "all"]
    assert (mine.name, mine.path, mine.kind, mine.n) == ("mine", "b.csv", "dissimilarity", 128)
    assert plan.keys_of(computed=True, subset="agreeing") == [
        Key("gradcam", "cosine", "agreeing"),
        Key("gradcam", "jaccard", "agreeing"),
        Key("ig", "cosine", "agreeing"),
        Key("ig_abs", "cosine", "agreeing"),
        Key("ig_abs", "jaccard", "agreeing"),
    ]
    assert plan.keys[-1] == ("imported", "published", "all") and len(plan.keys) == 12
    assert len(set(plan.keys)) == 12 and plan.metrics_of("ig") == ["cosine"]
    assert plan.first_subset == "all" and plan.compared_subsets == ["all", "agreeing"]
    assert text_of(plan.keys[-1:]) == [["imported", "published", "all"]]


def test_models_of_matrices_are_described_and_checked_with_them(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(",Swin T,DeiT_S\nSwin T,0,1\nDeiT_S,1,0\n")
    config["matrices"] = {"published": {"path": "a.csv"}}
    config["models"] |= {
        "Swin T": {"family": "transformer", "factors": {"year": 2021}},
        "DeiT_S": {},
    }
    plan = make_plan(config)
    check_matrices(plan)
    assert plan.computed == plan.predicting == ["ResNet", "ViT"]
    assert plan.given == [] and plan.dependent == [] and plan.factors == ["year"]
    assert plan.methods["gradcam"].models == ["ResNet", "ViT"]
    config["models"]["DeiT"] = {"family": "transformer"}
    with pytest.raises(InputError, match=r"models.DeiT: no matrix holds it; did you mean 'DeiT_S'"):
        check_matrices(make_plan(config))
    del config["models"]["DeiT"]
    (tmp_path / "a.csv").write_text(",Swin T,DeiT_S\nSwin T,0,1\nDeiT_S,2,0\n")
    with pytest.raises(InputError, match=r"a.csv: not symmetric: Swin T and DeiT_S have 1"):
        check_matrices(make_plan(config))


def test_permutations_let_every_test_of_a_subset_reach_the_level(config):
    config["inference"] = {"permutations": 19}
    assert make_plan(config).permutations + 1 >= 6 / 0.05
    config["matrices"] = {f"m{number}": {"path": "a.csv"} for number in range(100)}
    assert make_plan(config).permutations + 1 >= 106 / 0.05


def test_a_view_takes_the_repair_of_its_own_model_alone(config):
    change(config, "methods.ig.repair", {"ViT": {"cell": [0, 6]}})
    view = make_plan(config).methods["ig_abs"].view
    assert view.options("ViT") == {
        "size": 224,
        "sign": "absolute",
        "sobel": False,
        "scale": "max_abs",
        "repair": [0, 6],
    }
    assert "repair" not in view.options("ResNet") and "clip" not in view.options("ResNet")


@pytest.mark.parametrize(
    ("section", "kind"),
    [
        ("images", sections.Images),
        ("pruning", sections.Pruning),
        ("inference", sections.Inference),
        ("groups", sections.Groups),
    ],
)
def test_every_key_of_a_section_is_a_field_and_the_other_way_round(section, kind):
    schema = yaml.safe_load(SCHEMA.read_text())
    assert set(schema["properties"][section]["properties"]) == {
        field.name for field in fields(kind)
    }
