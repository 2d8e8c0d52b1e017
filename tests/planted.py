"""Planted matrices of a config: by GradCAM and integrated gradients, models of one family look at
similar places; by LIME, every second model does.
"""

import csv
import re

import numpy as np

from lookalike.core import io

HALVES = {
    "gradcam": [
        "{BEiT, CaiT, DeiT-S, MaxViT, Swin-T, ViT-B, ViT-L}",
        "{ConvNeXt, DenseNet121, EfficientNet, RegNet, ResNet152, ResNet50, VGG16}",
    ],
    "lime": [
        "{BEiT, ConvNeXt, EfficientNet, MaxViT, ResNet50, VGG16, ViT-L}",
        "{CaiT, DeiT-S, DenseNet121, RegNet, ResNet152, Swin-T, ViT-B}",
    ],
}
HALVES["ig"] = HALVES["gradcam"]


def write_matrices(folder, config):
    """Write every matrix of a config as studies publish them: with a diagonal of single precision,
    as a triangle, with other similarities of a model to itself, or with the rows in another order.

    Returns
    -------
    dict
        From the name of a matrix to its dissimilarities, in the order of `config["models"]`.
    """
    rng, names = np.random.default_rng(0), list(config["models"])
    first = {method: [name in halves[0] for name in names] for method, halves in HALVES.items()}
    noise = rng.normal(size=(len(names), 3))
    places = {
        "gradcam": noise,
        "ig": noise + 0.3 * rng.normal(size=noise.shape),
        "lime": rng.normal(size=noise.shape),
    }
    planted = {}
    for number, (name, about) in enumerate(config["matrices"].items()):
        method, similar = about["method"], about.get("kind") == "similarity"
        points = places[method] + 0.2 * rng.normal(size=noise.shape)
        points = np.column_stack([points, 6.0 * np.array(first[method])])
        distances = np.linalg.norm(points[:, None] - points, axis=2)
        planted[name] = distances / distances.max() * 0.9
        cells = (1 - planted[name] if similar else planted[name]).astype(np.float32).astype(object)
        order = list(range(len(names)))
        if number % 3 == 0:
            cells[order, order] += rng.choice([-1.5e-5, 0, 1.5e-5], len(names))
        elif number % 3 == 1:
            cells[np.triu_indices(len(names), 1)] = ""
        elif similar:
            cells[2, 2] = 0.95
        else:
            order = order[::-1]
        path = folder / about["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="") as file:
            csv.writer(file, delimiter="\t" if path.suffix == ".tsv" else ",").writerows(
                [["", *names], *([names[row], *cells[row]] for row in order)]
            )
    return planted


def check_planted_findings(folder, config):
    """Compare the findings of a run of planted matrices with what was planted."""
    findings = io.read_json(folder / "results/inference/findings.json")["findings"]
    assert not [found["text"] for found in findings if re.search("image", found["text"], re.I)]
    answers = [answer for found in findings for answer in found["answers"]]
    keys = [(about["method"], about["metric"]) for about in config["matrices"].values()]
    communities = {
        (answer["method"], answer["metric"]): answer["subject"]
        for answer in answers
        if answer["question"] == "communities"
    }
    assert communities == {(method, metric): HALVES[method] for method, metric in keys}
    (told,) = [found["text"] for found in findings if found["kind"] == "communities"]
    # One line, in which each partition stands once, whichever methods share it.
    assert all(told.count(half) == 1 for method, _ in keys for half in HALVES[method])
    (factor,) = [found["text"] for found in findings if found["kind"] == "factor"][:1]
    assert factor.startswith("family: models of different family look at different places in ")
    assert "NO evidence for lime (p = " in factor
    headline = [found["text"] for found in findings if found["kind"] == "headline"]
    assert 1 <= len(headline) <= 5 and headline[-1].startswith(
        "The factor family explains where models look"
    )
    families = {
        (answer["method"], answer["metric"]): answer["verdict"]
        for answer in answers
        if answer["question"] == "factor" and answer["subject"] == ["family"]
    }
    assert families == {key: "no" if key[0] == "lime" else "yes" for key in keys}
    agreement = [answer for answer in answers if answer["question"] == "agreement"]
    assert len(agreement) == len(keys) * (len(keys) - 1) // 2
    for answer in agreement:
        alike = (answer["method"] == "lime") == (answer["subject"][0] == "lime")
        assert answer["verdict"] == ("yes" if alike else "no")
        assert answer["value"] > 0.8 if alike else abs(answer["value"]) < 0.3


def planted_stacks(folder, families=("A", "A", "A", "B", "B", "C", "C"), images=24, size=16):
    """Write one stack of maps for each model, of planted families, and return the models' config.

    Returns
    -------
    dict
        From names such as `A0`, the first of family A, to `maps` and `family`.
    """
    rng, models = np.random.default_rng(0), {}
    shared = rng.random((images, size, size))
    own = {family: rng.random((images, size, size)) for family in dict.fromkeys(families)}
    for number, family in enumerate(families):
        name = f"{family}{families[:number].count(family)}"
        maps = 0.4 * shared + 0.4 * own[family] + 0.2 * rng.random((images, size, size))
        path = folder / name / "batch_maps.npy"
        path.parent.mkdir(parents=True)
        np.save(path, maps.astype(np.float32))
        models[name] = {"maps": str(path), "family": family}
    return models
