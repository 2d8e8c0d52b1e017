"""Folders of images that users give: checked before any job, their paths written as shells know."""

from pathlib import Path

import pytest
from configs import small_config

from lookalike.core.errors import InputError
from lookalike.core.io import hash_file
from lookalike.images.folders import list_images
from lookalike.images.sampling import sample_images
from lookalike.workflow.checks import check_paths
from lookalike.workflow.config import resolve
from lookalike.workflow.images import check_images
from lookalike.workflow.plan import make_plan


def photographs(folder, *places):
    for number, place in enumerate(places):
        path = folder / f"{place}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(number))
    return folder


def plan_of(folder, n, finetune=False, **changes):
    config = small_config()
    models = {name: {"timm": model["timm"]} for name, model in config["models"].items()}
    config["models"] = {name: model | {"finetune": finetune} for name, model in models.items()}
    return make_plan(config | {"images": {"source": str(folder), "n": n}} | changes)


def check(plan):
    check_images(plan, hash_file, None)


def test_without_training_all_photographs_are_explained(tmp_path):
    """Without train/ and val/, three pretrained networks explained 4 of 18 photographs."""
    photographs(tmp_path, *map(str, range(18)))
    for n, expected in (("all", 18), (12, 12), (18, 18)):
        plan = plan_of(tmp_path, n)
        check(plan)
        rows = list_images(tmp_path, split=None if plan.trained else plan.images.split)
        assert len(sample_images(rows, plan.images.split, n, plan.seed)) == expected
    with pytest.raises(InputError, match=r"n: 19 images need as many, and there are 18 in split"):
        check(plan_of(tmp_path, 19))


def test_what_training_needs_is_told_with_the_models_before_any_job(tmp_path):
    unlabelled = photographs(tmp_path / "unlabelled", *map(str, range(18)))
    with pytest.raises(InputError, match=r"fine-tuning 'ResNet', 'ViT': .* images are unlabelled"):
        check(plan_of(unlabelled, "all", finetune=True))
    few = photographs(
        tmp_path / "few", *(f"{label}/{number}" for label in "ab" for number in range(8))
    )
    check(plan_of(few, 4, finetune=True))
    message = (
        r"images.n: 6 images need 3 of class '[ab]', which has 2 in split 'val'; lower n, take "
        r"`all`, or add images; 12 more in split 'train' are for the training of 'ResNet', 'ViT'"
    )
    with pytest.raises(InputError, match=message):
        check(plan_of(few, 6, finetune=True))
    check(plan_of(few, 16))
    (few / "b" / "0.png").rename(few / "stray.png")
    with pytest.raises(InputError, match=r"stray.png: lies outside the class folders"):
        check(plan_of(few, 2))


def test_regression_needs_no_classes_but_a_split(tmp_path):
    def plan(folder):
        changes = {"images": {"source": str(folder), "n": 4, "scores": "s.csv"}}
        changes["finetuning"] = {"task": "regression"}
        return plan_of(folder, 4, finetune=True, **changes)

    check(plan(photographs(tmp_path / "a", *map(str, range(20)))))
    with pytest.raises(InputError, match="need held-out images, but there is none in split 'val'"):
        check(plan(photographs(tmp_path / "b", *(f"train/{number}" for number in range(20)))))


PLACES = {
    "images.source": "photos",
    "images.masks": "masks",
    "images.scores": "scores.csv",
    "models.ResNet.checkpoint": "w.pth",
    "models.A.maps.gradcam": "a",
    "models.B.maps.heatmaps": "b",
    "matrices.published.path": "m.csv",
    "metric_validation.maps": "stack.npy",
    "metric_validation.labels": "labels.csv",
}


@pytest.mark.parametrize("home", ["~", "$HOME", "${HOME}"])
def test_home_and_variables_stand_in_every_path(home, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    config = small_config() | {
        "images": {
            key: f"{home}/{PLACES[f'images.{key}']}" for key in ("source", "masks", "scores")
        },
        "matrices": {"published": {"path": f"{home}/m.csv"}},
        "metric_validation": {"maps": f"{home}/stack.npy", "labels": f"{home}/labels.csv"},
        "finetuning": {"task": "regression"},
    }
    config["models"]["ResNet"]["checkpoint"] = f"{home}/w.pth"
    config["models"] |= {
        "A": {"maps": {"gradcam": f"{home}/a"}},
        "B": {"maps": f"{home}/b"},
        "C": {"maps": f"{home}/c"},
    }
    paths = resolve(config)["paths"]
    expected = PLACES | {"models.C.maps.heatmaps": "c"}
    assert paths == {place: str(tmp_path / name) for place, name in expected.items()}


def test_paths_are_left_alone_where_nothing_is_to_be_filled_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NOWHERE", raising=False)
    source = {"checksum": "md5:" + "0" * 32, "source": "https://example.org/$HOME/~a.zip"}
    assert resolve(small_config() | {"images": source})["images"]["source"] == source["source"]
    Path("price in $NOWHERE").mkdir()
    for path in ("price in $NOWHERE", "a~b", "demo"):
        given = small_config() | {"images": {"source": path}}
        assert resolve(given)["images"]["source"] == path
    for path, message in (
        (
            "$NOWHERE/photos",
            r"images.source: \$NOWHERE/photos does not exist, and \$NOWHERE stands",
        ),
        ("~nobody-of-this-name/photos", r"there is no such user; write the path out"),
        (
            "a\0b",
            r"images.source: the text 'a\\x00b' cannot be looked up as a path \(embedded null",
        ),
        (
            "a" * 999,
            r"images.source: the text 'a.*\.\.\. cannot be looked up as a path \(File name",
        ),
    ):
        with pytest.raises(InputError, match=message):
            resolve(small_config() | {"images": {"source": path}})


def test_a_path_that_snakemake_would_change_is_refused(tmp_path):
    for name in ("my photos", 'it\'s "100 %"', "a{ b", "cafe\N{COMBINING ACUTE ACCENT}"):
        (tmp_path / name).mkdir()
        check_paths({"images.source": str(tmp_path / name)}, {})
    (tmp_path / "photos {x}").mkdir()
    message = r"images.source: .*photos \{x\}: Snakemake would fill in \{x\}; rename it, or give"
    with pytest.raises(InputError, match=message):
        check_paths({"images.source": str(tmp_path / "photos {x}")}, {})
