"""The config of given maps and matrices, of regression heads and of pruning."""

import pytest
from configs import change, small_config

from lookalike.core.errors import InputError
from lookalike.workflow.config import resolve


@pytest.fixture
def config():
    return small_config()


def given_maps(**models):
    """Return a config of models whose maps are given."""
    return {
        "models": {name: {"maps": maps} for name, maps in models.items()},
        "metrics": ["cosine"],
    }


@pytest.mark.parametrize("target", ["label", "consensus"])
def test_given_maps_are_explained_for_no_class_here(target):
    config = given_maps(VGG="maps/vgg", ResNet="maps/resnet") | {"target": target}
    with pytest.raises(InputError, match=f"target: {target} has no effect where no model runs"):
        resolve(config)


def test_given_maps_need_neither_images_nor_methods():
    resolved = resolve(given_maps(VGG="maps/vgg", ResNet="maps/resnet"))
    assert resolved["images"]["source"] is None and resolved["images"]["n"] == "all"
    assert resolved["explanations"] == {"heatmaps": {"method": None, "options": {}, "signed": True}}
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


def test_a_method_may_be_of_some_models_alone(config):
    config["models"]["DeiT"] = {"timm": "test_vit2"}
    own = {"explain": "attention_rollout", "models": ["ViT", "DeiT"]}
    config["methods"] = {"gradcam": {"explain": "gradcam"}, "rollout": own} | {
        "faint": {"from": "rollout", "clip": [0, 0.1]}
    }
    resolved = resolve(config)["methods"]
    assert resolved["gradcam"]["models"] == ["DeiT", "ResNet", "ViT"]
    # In one order, as everywhere.
    assert resolved["rollout"]["models"] == resolved["faint"]["models"] == ["DeiT", "ViT"]
    config["methods"]["rollout"] = own | {"models": ["DeiT", "VIT"]}
    with pytest.raises(InputError, match=r"model of methods.rollout.models 'VIT'; did you mean"):
        resolve(config)


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


@pytest.mark.parametrize(
    ("matrices", "complaint"),
    [
        (
            {"a": {"method": "g", "metric": "m"}, "b": {"method": "g", "metric": "m"}},
            "config: matrices.b: g, m is matrices.a already; give this matrix another `metric`",
        ),
        ({"m": {}, "b": {"metric": "m"}}, "config: matrices.b: imported, m is matrices.m already"),
        (
            {"a": {"method": "ig", "metric": "cosine"}},
            "config: matrices.a: ig, cosine is computed here too",
        ),
        (
            {"a": {"method": "IG"}},
            "config: matrices.a.method: 'IG' is another method than 'ig'; write both alike",
        ),
        (
            {"a": {"metric": "a/b"}},
            "config: matrices.a.metric: expected a name of at most 120 letters",
        ),
        (
            {"a": {"n": 0}},
            "config: matrices.a.n: expected a whole number of at least 1 and at most 10",
        ),
        ({"a": {"names": ["x"]}}, "config: matrices.a.names: "),
    ],
)
def test_matrices_are_about_one_method_and_metric_each(config, matrices, complaint):
    config["matrices"] = {name: {"path": "a.csv"} | about for name, about in matrices.items()}
    with pytest.raises(InputError) as error:
        resolve(config)
    assert str(error.value).startswith(complaint)


def test_folders_patterns_and_what_is_left_out_find_the_models(tmp_path, monkeypatch):
    monkeypatch.setenv("MAPS", str(tmp_path))
    for name in ("a/VGG/1", "a/old/1", "b/ResNet/1"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / f"{name}.npy").touch()
    patterns = [f"{tmp_path}/a/{{model}}/{{image}}.npy", f"{tmp_path}/b"]
    for given in (
        {"folder": patterns, "exclude": ["o*"]},
        {"folder": ["$MAPS/a", "$MAPS/b"], "exclude": ["old"]},
    ):
        resolved = resolve({"models_from": given, "metrics": ["cosine"]})
        assert list(resolved["models"]) == ["ResNet", "VGG"]
    assert list(resolve({"models_from": patterns, "metrics": ["cosine"]})["models"]) == [
        "ResNet",
        "VGG",
        "old",
    ]
    resolved = resolve(given_maps(VGG=f"{tmp_path}/a/*/{{image}}.npy", ResNet="b"))
    assert resolved["paths"]["models.VGG.maps.heatmaps"] == f"{tmp_path}/a"


def test_channels_are_joined_where_maps_are_given_and_by_the_method_itself_first(config):
    given = given_maps(VGG="a", ResNet="b")
    joined = resolve(given | {"maps": {"channels": "sum"}})
    assert joined["explanations"]["heatmaps"]["channels"] == "sum"
    assert "channels" not in joined["methods"]["heatmaps"]["view"]
    own = {"methods": {"heatmaps": {"channels": "max"}}, "maps": {"channels": "sum"}}
    assert resolve(given | own)["explanations"]["heatmaps"]["channels"] == "max"
    view = {"methods": {"strong": {"from": "heatmaps", "channels": "max"}}}
    for wrong, place in (
        (config | {"maps": {"channels": "sum"}}, "maps"),
        (config | {"methods": {"ig": {"explain": "random", "channels": "sum"}}}, "methods.ig"),
        (given | view, "methods.strong"),
    ):
        with pytest.raises(
            InputError, match=f"config: {place}.channels: has no effect, since no model gives"
        ):
            resolve(wrong)


def test_matrices_alone_are_enough():
    resolved = resolve({"matrices": {"published": {"path": "a.csv"}}})
    assert resolved["matrices"] == {
        "published": {
            "path": "a.csv",
            "kind": "dissimilarity",
            "method": "imported",
            "metric": "published",
        }
    }
    assert resolved["images"]["source"] is None
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
            "config: images.masks: need the images of `images.source`",
        ),
        (
            given_maps(VGG="a", ResNet="b") | {"studies": ["metric_validation"]},
            "config: studies: metric_validation needs the classes",
        ),
        (
            {"matrices": {"a": {"path": "a.csv"}}, "studies": ["power"]},
            "config: studies: power needs the values of single images",
        ),
        (
            {"matrices": {"a": {"path": "a.csv"}}, "studies": ["explanation_panels"]},
            "config: studies: explanation_panels needs maps, and only matrices are given",
        ),
        (
            given_maps(VGG="a", ResNet="b") | {"studies": ["finetuning_effect"]},
            "config: studies: finetuning_effect needs a classifier that is fine-tuned here; leave",
        ),
        (
            given_maps(VGG="a", ResNet="b") | {"resolution_scan": {"lowest": 2}},
            "config: resolution_scan: lowest, 2, must be below highest, 1.5",
        ),
        (
            given_maps(VGG="a", ResNet="b") | {"explanation_panels": {"random": 53}},
            "config: explanation_panels: asks for 61 pages; at most 60 are drawn",
        ),
        (given_maps(VGG="", ResNet="b"), "config: models.VGG.maps: "),
        (
            given_maps(VGG={"imported": "a"}, ResNet={"imported": "b"}),
            "config: methods.imported: user-supplied matrices go",
        ),
        (
            given_maps(VGG={"imported": "a"}, ResNet={"imported": "b"})
            | {"matrices": {"a": {"path": "a.csv"}}},
            "config: methods.imported: user-supplied matrices go",
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
    (
        {"finetuning.dropout": 1},
        "config: finetuning.dropout: expected a number of at least 0 and below 1; found",
    ),
    (
        {"finetuning.hidden": [0]},
        "config: finetuning.hidden.0: expected a whole number of at least 1 and",
    ),
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
        "config: images.scores: finetuning.task is regression, which needs a CSV with the "
        "columns image and score",
    ),
    (
        {"images.similarity": "s.csv"},
        "config: images.similarity: has no effect, since no method uses it",
    ),
    (
        {"target": "label"},
        "config: target: label has no effect where finetuning.task is regression",
    ),
    (
        {"target": "consensus"},
        "config: target: consensus has no effect where finetuning.task is regression",
    ),
    (
        {"subsets": ["agreeing"]},
        "config: subsets: nothing is left; agreeing images of ig_abs: its models predict a "
        "score, and no class",
    ),
    (
        {"pruning.strategy": "best"},
        "config: pruning.strategy: expected `best_count` or `stepwise`; found the text 'best'",
    ),
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
        "config: pruning: needs the error of a predicted score; set finetuning: {task: regression}",
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
        "config: methods.ais: needs images.similarity",
    ),
    (
        {"methods.ais": {"explain": "ais_alignment"}, "images.n": 3},
        "config: images.n: ais_alignment needs at least 4 images",
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
