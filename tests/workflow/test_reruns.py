"""Only what changed is computed: each change, run for real, and its jobs counted."""

import numpy as np
from conftest import snakemake, tiny_config

from lookalike.core import io

MATRIX = {
    "aggregate_matrix": 8,
    "link_models": 8,
    "detect_communities": 8,
    "project_models": 8,
    "test_structure": 8,
    "draw_matrix": 8,
}
COMMON = {
    "compare_replicates": 1,
    "measure_explainer_error": 1,
    "test_factors": 1,
    "tabulate_tests": 1,
    "compare_matrices": 2,
    "draw_agreement": 2,
    "draw_multiverse": 1,
    "study_prediction_agreement": 1,
    "write_findings": 1,
    "write_report": 1,
}
# The findings draw nothing. Their lines are of the first subset; tests and trees are of both.
FINDINGS = "results/inference/findings.md"
FOUND_MATRIX = {
    "aggregate_matrix": 8,
    "test_structure": 8,
    "link_models": 8,
    "detect_communities": 4,
}
FOUND_COMMON = {
    "compare_replicates": 1,
    "measure_explainer_error": 1,
    "test_factors": 1,
    "tabulate_tests": 1,
    "compare_matrices": 1,
    "write_findings": 1,
}
MODELS = {
    "tabulate_models": 1,
    "compare_predictions": 1,
    "measure_localisation": 2,
}
BOTH_METHODS = {"correlate_metrics": 2}


def one_of_four(jobs):
    """Return the jobs for one method or metric of a matrix of two by two."""
    return {rule: count // 2 for rule, count in jobs.items()}


def test_a_new_model_computes_its_own_maps_and_pairs_only(copied):
    config = tiny_config()
    config["models"]["EfficientNet"] = {
        "timm": "test_efficientnet",
        "options": {"output_stride": 8},
    }
    own = {
        "finetune_model": 1,
        "predict_images": 1,
        "explain_images": 2,
        "batch_maps": 2,
        "audit_maps": 2,
        "compare_models": 12,
    }
    assert (
        snakemake(copied, config, flags=["-n"]).jobs
        == own | MODELS | {"draw_panels": 1} | MATRIX | COMMON | BOTH_METHODS
    )
    run = snakemake(copied, config, FINDINGS)
    assert run.code == 0, run.text
    assert run.jobs == own | MODELS | FOUND_MATRIX | FOUND_COMMON | BOTH_METHODS


def test_a_removed_model_computes_no_pair_again(copied):
    config = tiny_config()
    del config["models"]["RegNet"]
    assert (
        snakemake(copied, config, flags=["-n"]).jobs
        == MODELS | {"draw_panels": 1} | MATRIX | COMMON | BOTH_METHODS
    )
    run = snakemake(copied, config, FINDINGS)
    assert run.code == 0, run.text
    assert run.jobs == MODELS | FOUND_MATRIX | FOUND_COMMON | BOTH_METHODS


def test_a_new_metric_compares_by_it_alone(copied):
    config = tiny_config()
    config["metrics"].append("mse")
    run = snakemake(copied, config, FINDINGS)
    assert run.code == 0, run.text
    assert (
        run.jobs == {"compare_models": 6} | one_of_four(FOUND_MATRIX) | FOUND_COMMON | BOTH_METHODS
    )


def test_a_changed_metric_option_compares_by_that_metric_alone(copied):
    config = tiny_config()
    config["metrics"][1]["rbf"]["sigma"] = 40
    run = snakemake(copied, config, FINDINGS)
    assert run.code == 0, run.text
    assert (
        run.jobs == {"compare_models": 6} | one_of_four(FOUND_MATRIX) | FOUND_COMMON | BOTH_METHODS
    )


def test_a_changed_view_explains_nothing_again(copied):
    config = tiny_config()
    config["methods"]["noise"]["sign"] = "absolute"
    run = snakemake(copied, config, FINDINGS, "results/figures/panels")
    assert run.code == 0, run.text
    own = {
        "batch_maps": 3,
        "audit_maps": 3,
        "draw_panels": 1,
        "compare_models": 6,
    }
    assert run.jobs == own | one_of_four(FOUND_MATRIX | BOTH_METHODS) | FOUND_COMMON


def test_a_derived_view_shares_the_raw_maps(copied):
    config = tiny_config()
    config["methods"]["derived"] = {"from": "noise", "sobel": True}
    run = snakemake(copied, config, "results/matrices/derived/cosine/all/dissimilarity.csv")
    assert run.code == 0, run.text
    assert run.jobs == {
        "batch_maps": 3,
        "audit_maps": 3,
        "compare_models": 3,
        "aggregate_matrix": 1,
    }


def test_a_changed_linkage_links_and_draws_only(copied):
    config = tiny_config()
    config["groups"] = {"linkages": ["complete"]}
    everything = {
        "link_models": 8,
        "draw_matrix": 8,
        "compare_matrices": 2,
        "draw_agreement": 2,
        "draw_multiverse": 1,
        "write_findings": 1,
        "write_report": 1,
    }
    assert snakemake(copied, config, flags=["-n"]).jobs == everything
    run = snakemake(
        copied, config, FINDINGS, "results/figures/noise/rbf/all/dendrogram-complete.svg"
    )
    assert run.code == 0, run.text
    assert run.jobs == {
        "link_models": 8,
        "draw_matrix": 1,
        "compare_matrices": 1,
        "write_findings": 1,
    }


def test_an_edited_metric_reruns_that_metric_alone(copied, checkout):
    source = checkout / "lookalike/metrics/rbf.py"
    assert "Nothing to be done" in snakemake(copied, tiny_config(), root=checkout).text
    source.write_text("# a comment changes nothing\n" + source.read_text())
    assert "Nothing to be done" in snakemake(copied, tiny_config(), root=checkout).text
    source.write_text(
        source.read_text().replace("PIXELS_OF_SIGMA = 224 * 224", "PIXELS_OF_SIGMA = 100 * 100")
    )
    assert (
        snakemake(copied, tiny_config(), root=checkout, flags=["-n"]).jobs
        == {"compare_models": 6} | one_of_four(MATRIX) | COMMON | BOTH_METHODS
    )
    run = snakemake(copied, tiny_config(), FINDINGS, root=checkout)
    assert run.code == 0, run.text
    assert (
        run.jobs == {"compare_models": 6} | one_of_four(FOUND_MATRIX) | FOUND_COMMON | BOTH_METHODS
    )


def test_a_larger_block_gives_the_same_matrix(finished, copied):
    config, path = (
        tiny_config() | {"compare": {"block": 2}},
        "results/matrices/gradcam/cosine/all/dissimilarity.csv",
    )
    run = snakemake(copied, config, path)
    assert run.code == 0, run.text
    assert run.jobs == {"compare_models": 2, "aggregate_matrix": 1}
    assert (finished / path).read_bytes() == (copied / path).read_bytes()


def test_more_permutations_test_again_and_nothing_else(copied):
    config = tiny_config()
    config["inference"]["permutations"] = 1999
    run = snakemake(copied, config, FINDINGS)
    assert run.code == 0, run.text
    tests = {"test_structure": 8, "test_factors": 1, "tabulate_tests": 1, "compare_matrices": 1}
    assert run.jobs == tests | {"measure_localisation": 2, "write_findings": 1}


def test_another_number_of_second_runs_explains_again_by_methods_that_differ_alone(copied):
    config = tiny_config()
    config["inference"]["explained_again"] = 3
    run = snakemake(copied, config, "results/inference/explainer_error.csv", flags=["-n"])
    # A replicate is not explained again, since it is not compared.
    own = {"explain_images": 2, "batch_maps": 2, "audit_maps": 2, "compare_models": 6}
    assert run.jobs == own | {"aggregate_matrix": 2, "measure_explainer_error": 1}
    config["inference"]["explained_again"] = 0
    jobs = snakemake(copied, config, "results/report.html", flags=["-n"]).jobs
    assert jobs["explain_images"] == 2 and "measure_explainer_error" not in jobs


def test_a_changed_factor_tests_factors_alone(copied):
    config = tiny_config()
    config["models"]["RegNet"]["factors"] = {"year": 2020}
    run = snakemake(copied, config, FINDINGS)
    assert run.code == 0, run.text
    assert run.jobs == {
        "tabulate_models": 1,
        "test_factors": 1,
        "write_findings": 1,
    }


def given_config(folder, *models, **compare):
    """Write maps of some models, and return a config that compares them."""
    for seed, model in enumerate(sorted("abcdefghijkl")):
        rng = np.random.default_rng(seed)
        for image in range(4):
            path = folder / "maps" / model / f"{image}.npy"
            if not path.exists():
                io.write_map(path, rng.random((16, 16)))
    maps = {model: {"maps": str(folder / "maps" / model)} for model in models}
    return {"models": maps, "maps": {"size": 16}, "metrics": ["cosine"], "compare": compare}


def test_blocks_are_chosen_once_and_a_new_model_computes_its_own_pairs_alone(tmp_path):
    target = "results/matrices/heatmaps/cosine/all/chance.csv"
    config = given_config(tmp_path, *"abcdefghik")
    first = snakemake(tmp_path / "run", config, target)
    assert first.code == 0, first.text
    # Two blocks, of eight and of two models: within each, and between them.
    assert first.jobs["compare_models"] == 3
    config = given_config(tmp_path, *"abcdefghijk")
    second = snakemake(tmp_path / "run", config, target)
    assert second.code == 0, second.text
    assert second.jobs == {
        "import_maps": 1,
        "batch_maps": 1,
        "audit_maps": 1,
        "group_given_images": 1,
        "compare_models": 2,
        "aggregate_matrix": 1,
    }
    assert "Nothing to be done" in snakemake(tmp_path / "run", config, target).text
    whole = snakemake(tmp_path / "one", given_config(tmp_path, *"abcdefghijk", block=3), target)
    assert whole.code == 0 and whole.jobs["compare_models"] == 10, whole.text
    for name in ("images.npz", "bootstrap.npz", "chance.csv", "mean.csv", "calibrated.csv"):
        one, other = ((tmp_path / run / target).with_name(name) for run in ("run", "one"))
        assert one.read_bytes() == other.read_bytes(), name
