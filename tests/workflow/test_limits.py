"""What cannot be concluded, and that the findings and the report say so: few images, few models,
unknown and equal dissimilarities, factors of one level.
"""

import numpy as np
import pytest
from conftest import snakemake
from markupsafe import escape

from lookalike.core import io

IMAGES = 24


def write_maps(folder, models, images):
    """Write maps of two kinds: `blank`, where the last of several models has zeros but for one
    image, of which all others have zeros, and `same`, equal for all models.
    """
    rng = np.random.default_rng(0)
    same = rng.random((images, 12, 12))
    for model in models:
        blank = (np.arange(images) == 0) != (model == models[-1])
        unknown = blank[:, None, None] & (len(models) > 2)
        for kind, maps in (
            ("blank", (same + rng.random((images, 12, 12))) / 2 * ~unknown),
            ("same", same),
        ):
            (folder / kind / model).mkdir(parents=True)
            for number, saliency in enumerate(maps):
                np.save(folder / kind / model / f"img{number}.npy", saliency)


def config_of(models):
    return {
        "models": {
            model: {
                "maps": {kind: f"{kind}/{model}" for kind in ("blank", "same")},
                "family": "CNN",
            }
            for model in models
        },
        "methods": {"blank": {}, "same": {}},
        "maps": {"size": 12},
        "metrics": ["cosine", "mse"],
        "compare": {"block": 5},
        "inference": {"bootstrap": 40, "permutations": 19},
        "figures": {"panels": 0},
    }


def findings_of(folder, models, images):
    """Run the workflow, and return what it found, which its report must show as well."""
    write_maps(folder, models, images)
    run = snakemake(folder, config_of(models), cores=2)
    assert run.code == 0, run.text
    found = io.read_json(folder / "results/inference/findings.json")["findings"]
    sentences = [finding["text"] for finding in found]
    text = (folder / "results/inference/findings.md").read_text()
    assert [line[2:] for line in text.splitlines() if line.startswith("- ")] == sentences
    page = (folder / "results/report.html").read_text()
    assert all(escape(sentence) in page for sentence in sentences)
    return sentences


@pytest.fixture(scope="module")
def five_models(tmp_path_factory):
    return findings_of(tmp_path_factory.mktemp("five"), [f"m{place}" for place in range(5)], IMAGES)


def said(sentences, *parts):
    return any(all(part in sentence for part in parts) for sentence in sentences)


def test_unknown_dissimilarities_are_reported(five_models):
    assert "Not grouped, since dissimilarities are unknown: m4 for blank cosine." in five_models


def test_equal_dissimilarities_are_reported(five_models):
    assert said(
        five_models,
        "Models differ in how far they are from all others in the only one of 4 matrices",
        "; cannot tell for same: all dissimilarities between models are equal; ",
    )


def test_a_factor_of_one_level_is_reported(five_models):
    assert said(
        five_models,
        "Cannot tell whether a factor explains where models look: ",
        "family: the family of all models is CNN",
    )


def test_two_models_and_one_image_are_reported(tmp_path):
    sentences = findings_of(tmp_path, ["m0", "m1"], 1)
    assert said(sentences, "With n = 1 image nothing can be concluded")
    assert said(
        sentences,
        "Cannot tell whether models differ, or form groups, for all 4: needs at least 4 "
        "independent models",
    )
    assert said(
        sentences,
        "Cannot tell whether a factor explains where models look: ",
        "family",
        "with n = 1 image nothing can be concluded",
    )
    assert said(
        sentences,
        "Whether methods and metrics agree cannot be tested: needs at least 4 independent models",
    )
    low, _ = io.read_matrix(tmp_path / "results/matrices/same/mse/all/low.csv")
    assert np.isnan(low[0, 1])
