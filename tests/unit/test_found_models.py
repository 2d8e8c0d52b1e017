"""Models that are found by their maps: by folders, patterns, and what is left out."""

import numpy as np
import pytest

from lookalike.core.errors import InputError
from lookalike.maps.existing import find_maps
from lookalike.maps.found_models import find_models


def write(path):
    """Write a small map."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.ones((2, 2)))


def published(folder, *models, variants=("Baseline_model", "Pruned_model")):
    """Write the published layout."""
    for model in models:
        for variant in variants:
            write(
                folder
                / model
                / "Saliency_experiment_outputs"
                / variant
                / "numpy_saliency_map"
                / "img1.npy"
            )


def test_the_published_layout_gives_a_model_a_variant(tmp_path):
    published(tmp_path, "VGG16", "ResNet152")
    (tmp_path / "notes").mkdir()
    found = find_models(tmp_path)
    assert list(found) == [
        "ResNet152-baseline",
        "ResNet152-pruned",
        "VGG16-baseline",
        "VGG16-pruned",
    ]
    pruned = found["VGG16-pruned"]
    assert pruned == {
        "maps": str(tmp_path / "VGG16/Saliency_experiment_outputs/Pruned_model"),
        "family": "VGG16",
        "factors": {"variant": "pruned"},
    }
    assert list(find_maps(pruned["maps"]).maps) == ["img1"]


def test_other_layouts_give_a_model_a_folder(tmp_path):
    write(tmp_path / "Swin T" / "deep" / "down" / "img1.npy")
    write(tmp_path / "_VGG16" / "img1.npy")
    published(tmp_path, "ResNet", variants=("Baseline_model",))
    found = find_models(tmp_path)
    assert set(found) == {"Swin_T", "VGG16", "ResNet-baseline"}
    assert found["Swin_T"] == {"maps": str(tmp_path / "Swin T")}


def test_folders_of_one_name_are_refused(tmp_path):
    write(tmp_path / "Swin T" / "a.npy")
    write(tmp_path / "Swin_T" / "a.npy")
    with pytest.raises(
        InputError, match=r"Swin T and .*Swin_T would both be called 'Swin_T' \(rename one\)"
    ):
        find_models(tmp_path)


def test_a_folder_without_maps_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"holds no folder with maps"):
        find_models(tmp_path)


def test_links_to_folders_of_models_are_followed_and_loops_are_not(tmp_path):
    write(tmp_path / "elsewhere" / "img1.npy")
    write(tmp_path / "Models" / "VGG" / "img1.npy")
    for name, target in (("ResNet", "elsewhere"), ("Twin", "elsewhere"), ("loop", "Models")):
        (tmp_path / "Models" / name).symlink_to(tmp_path / target)
    found = find_models(tmp_path / "Models")
    assert {name: list(find_maps(recipe["maps"]).maps) for name, recipe in found.items()} == {
        "ResNet": ["img1"],
        "Twin": ["img1"],
        "VGG": ["img1"],
    }


def test_hidden_folders_and_loose_notes_are_no_models_but_loose_stacks_are(tmp_path):
    for name in (
        "VGG/img1.npy",
        ".git/x.npy",
        ".ipynb_checkpoints/img1.npy",
        "._x.npy",
        "Swin.npy",
    ):
        write(tmp_path / name)
    for name in ("README.txt", "figure.png", "Swin.json"):
        (tmp_path / name).write_text("{}")
    found = find_models(tmp_path)
    assert found == {
        "VGG": {"maps": str(tmp_path / "VGG")},
        "Swin": {"maps": str(tmp_path / "Swin.npy")},
    }
    assert list(find_models(tmp_path, ["Swin.npy"])) == ["VGG"]


def test_several_folders_are_searched_and_models_left_out_by_name(tmp_path):
    published(tmp_path / "one", "VGG16", "ResNet152")
    write(tmp_path / "two" / "Swin T" / "img1.npy")
    write(tmp_path / "two" / "old" / "img1.npy")
    folders = [str(tmp_path / "one"), str(tmp_path / "two")]
    assert len(find_models(folders)) == 6
    assert list(find_models(folders, ["*-pruned", "old", "Swin T"])) == [
        "ResNet152-baseline",
        "VGG16-baseline",
    ]
    assert list(find_models(folders, ["VGG1?", "ResNet152", "old"])) == ["Swin_T"]
    with pytest.raises(
        InputError, match=r"unknown model of models_from.exclude 'VGG-pruned'; did you mean 'VGG16-"
    ):
        find_models(folders, ["old", "VGG-pruned"])


def test_folders_that_do_not_fit_are_named_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("VGG16", "vgg16", "Swin T", "Swin_T", "Ääh", "x" * 130):
        write(tmp_path / name / "img1.npy")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "tree.svg").touch()
    with pytest.raises(InputError) as raised:
        find_models(".")
    remedy = "mend this, or leave models out with models_from: {folder: ..., exclude: [NAME]}"
    assert str(raised.value) == (
        "models_from: Swin T and Swin_T would both be called 'Swin_T' (rename one); "
        f"figures holds files, but no maps; and 2 more; {remedy}"
    )
    with pytest.raises(InputError) as raised:
        find_models(".", ["figures", "Swin T"])
    text = str(raised.value)
    assert text.startswith(
        "models_from: VGG16 and vgg16 would be called 'VGG16' and 'vgg16', which differ in case "
        "alone (rename one); xxx"
    )
    assert text.endswith(f"xxx: the model's name is too long; {remedy}")
    found = find_models(tmp_path, ["figures", "vgg16", "Swin T", "x*"])
    assert list(found) == ["Swin_T", "VGG16", "h"]


def test_characters_that_paths_cannot_bear_are_replaced(tmp_path):
    for name in ("a~b", "c{d}", "e:f*"):
        write(tmp_path / name / "img1.npy")
    found = find_models(tmp_path)
    assert list(found) == ["a_b", "c_d_", "e_f_"]
    assert all(list(find_maps(recipe["maps"]).maps) == ["img1"] for recipe in found.values())


@pytest.mark.parametrize(
    ("files", "pattern", "expected"),
    [
        (
            ["img1_vit", "img2_vit", "img1_resnet", "img2_resnet"],
            "out/{image}_{model}.npy",
            {"resnet": "out/{image}_resnet.npy", "vit": "out/{image}_vit.npy"},
        ),
        (
            ["val_01_vit", "val_01_resnet"],
            "out/{image}_{model,[^_]+}.npy",
            {"resnet": "out/{image}_resnet.npy", "vit": "out/{image}_vit.npy"},
        ),
        (
            ["vit/dog/1", "vit/cat/1", "resnet/dog/1", "resnet/cat/1"],
            "out/{model}/{class}/{image}.npy",
            {"resnet": "out/resnet/{class}/{image}.npy", "vit": "out/vit/{class}/{image}.npy"},
        ),
        (
            ["vit/cam/img1_vit", "resnet/cam/img1_resnet", "resnet/ig/img1_resnet"],
            "out/{model}/cam/{image}_{model}.npy",
            {
                "resnet": "out/resnet/cam/{image}_resnet.npy",
                "vit": "out/vit/cam/{image}_vit.npy",
            },
        ),
        (
            ["run1/vit/cam/img1", "run1/resnet/cam/img1", "run1/resnet/ig/img1"],
            "out/*/{model}/cam",
            {"resnet": "out/run1/resnet/cam", "vit": "out/run1/vit/cam"},
        ),
        (
            ["maps_vit", "maps_resnet"],
            "out/maps_{model}.npy",
            {"resnet": "out/maps_resnet.npy", "vit": "out/maps_vit.npy"},
        ),
    ],
)
def test_a_pattern_finds_models_and_their_maps(tmp_path, monkeypatch, files, pattern, expected):
    monkeypatch.chdir(tmp_path)
    for name in files:
        write(tmp_path / "out" / f"{name}.npy")
    found = find_models(pattern)
    assert {name: recipe["maps"] for name, recipe in found.items()} == expected
    if "{image}" in pattern:
        images = {tuple(find_maps(path).maps) for path in expected.values()}
        assert len(images) == 1


@pytest.mark.parametrize(
    ("files", "pattern", "complaint"),
    [
        (
            ["val_01_vit"],
            "out/{image}_{model}.npy",
            r"out/val_01_vit.npy fits in two ways: image 'val', model '01_vit', or image 'val_01', "
            r"model 'vit'; say what a name may hold, such as \{model,",
        ),
        (["img1"], "out/{image}.npy", r"write \{model\} there"),
        (["img1"], "nowhere/*", "nowhere/\\* is no folder"),
        (["img1"], "out/{model}/{image}.npy", "holds no folder with maps"),
        (["a{b}/img1"], "out/{model}/{image}.npy", r"'a\{b\}' of out/\S* has a brace"),
        (["1/vit/img1", "2/vit/img1"], "out/*/{model}", "would both be called 'vit'"),
    ],
)
def test_a_pattern_that_finds_no_models_is_refused(
    tmp_path, monkeypatch, files, pattern, complaint
):
    monkeypatch.chdir(tmp_path)
    for name in files:
        write(tmp_path / "out" / f"{name}.npy")
    with pytest.raises(InputError, match=complaint):
        find_models(pattern)
