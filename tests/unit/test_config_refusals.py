"""The config: what is wrong is refused in one line, with its place and the remedy."""

import pytest
from configs import change, small_config

from lookalike.core.errors import InputError
from lookalike.workflow.config import resolve


@pytest.fixture
def config():
    return small_config()


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
    (
        "figures.colour_by",
        "famly",
        "unknown figures.colour_by 'famly'; did you mean 'family'",
    ),
    # Values that do not fit.
    (
        "figures.width",
        180,
        "config: figures.width: expected millimetres from 50 to 999, such as 180mm",
    ),
    ("figures.width", "18cm", "config: figures.width: expected millimetres from 50 to 999"),
    ("figures.display", 20, "config: figures.display: "),
    ("seed", -1, "config: seed: "),
    (
        "images.split",
        "test",
        "config: images.split: expected `train` or `val`; found the text 'test'",
    ),
    ("images.n", 0, "config: images.n: "),
    (
        "images.size",
        8,
        "config: images.size: expected a whole number of at least 16 and at most 4096",
    ),
    (
        "images.checksum",
        "md5:123",
        "config: images.checksum: expected `md5:` with 32 hexadecimal digits or",
    ),
    ("images.checksum", f"md5:{'0' * 32}", "config: images.checksum: 'demo' takes none"),
    (
        "images.source",
        "https://example.org/a.zip",
        "config: images.source: https://example.org/a.zip needs `images.checksum: sha256:...`",
    ),
    ("finetuning.lr", 0, "config: finetuning.lr: expected a number above 0; found the number 0"),
    (
        "models.ViT.epochs",
        "many",
        "config: models.ViT.epochs: expected a whole number of at least 0 and at most 100000",
    ),
    (
        "maps.scale",
        "l2",
        "config: maps.scale: expected `max_abs`, `minmax`, `zscore`, `sum` or `none`; found",
    ),
    ("methods.ig.clip", [0], "config: methods.ig.clip: "),
    ("subsets", ["all", "all"], "config: subsets: "),
    ("subsets", ["some"], "config: subsets.0: expected `all` or `agreeing`; found the text 'some'"),
    (
        "target",
        "first",
        "config: target: expected `predicted`, `label` or `consensus`; found the text 'first'",
    ),
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
        "config: models.ViT: needs `timm: NAME`, `replicate_of: MODEL` or `maps: FOLDER`",
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
    (
        "matrices.a",
        {"path": "a.csv", "kind": "distance"},
        "config: matrices.a.kind: expected `dissimilarity` or `similarity`; found",
    ),
    ("matrices.a", {}, "config: matrices.a: needs `path`: CSV with"),
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
        "config: models.ViT: 'pretrained' has no effect next to",
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
        "config: methods.ig: takes either `explain: METHOD` or `from: NAME`",
    ),
    (
        "methods.new",
        {},
        "config: methods.new: needs `explain: METHOD`, `from: NAME`, or models with `maps: "
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
    (
        "metrics",
        [{"emd": {"sign": "abslute"}}],
        "unknown sign of metric 'emd' 'abslute'; did you mean 'absolute'",
    ),
    ("methods.gradcam.layer", 5, "method 'gradcam': layer must be text, not 5"),
    ("metrics", [{"ssim": {"data_range": 1}}], "unknown option of metric 'ssim' 'data_range'"),
    ("metrics", ["rbf", {"rbf": {"sigma": 5}}], "config: metrics: a name appears twice"),
    # Linkages.
    (
        "inference.hypotheses",
        [{"factor": "famly"}],
        "unknown factor of inference.hypotheses.0 'famly'; did you mean 'family'",
    ),
    (
        "inference.hypotheses",
        [{"factor": "predictions", "method": "gradcm"}],
        "unknown method of inference.hypotheses.0 'gradcm'; did you mean 'gradcam'",
    ),
    (
        "inference.hypotheses",
        [{"factor": "family", "metric": "cosin"}],
        "unknown metric of inference.hypotheses.0 'cosin'; did you mean 'cosine'",
    ),
    (
        "inference.hypotheses",
        [{"factor": "family", "metric": "rbf"}, {"factor": "family", "method": "ig"}],
        "config: inference.hypotheses.1: asks what inference.hypotheses.0 asks already",
    ),
    ("inference.hypotheses", [{"method": "ig"}], "config: inference.hypotheses.0"),
    ("groups.linkages", ["avrage"], "unknown linkage 'avrage'; did you mean 'average'"),
    (
        "groups.linkages",
        ["average", "ward"],
        "config: groups.linkages: 'ward' needs Euclidean distances",
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
    ("original", "reason"),
    [
        (
            {"replicate_of": "ResNet"},
            "replicate_of must name a model that is fine-tuned here, which",
        ),
        ({"timm": "test_vit", "checkpoint": "x.pth"}, "both would have the same weights; set"),
        ({"timm": "test_vit", "finetune": False}, "both would have the same weights; set"),
    ],
)
def test_replicate_of_what_is_not_finetuned_is_refused(original, reason, config):
    config["models"] |= {"other": original, "copy": {"replicate_of": "other"}}
    with pytest.raises(InputError, match=f"^config: models.copy: .*{reason}"):
        resolve(config)
