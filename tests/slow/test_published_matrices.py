"""The example of 17 published matrices of 14 models, unedited, to findings."""

import yaml
from conftest import ROOT, snakemake
from planted import check_planted_findings, write_matrices

EXAMPLE = ROOT / "examples/existing_matrix.yaml"


def test_published_matrices_go_to_findings_by_one_short_config(tmp_path):
    text = EXAMPLE.read_text()
    config = yaml.safe_load(text)
    assert len(text.splitlines()) <= 30
    assert (len(config["models"]), len(config["matrices"])) == (14, 17)
    write_matrices(tmp_path, config)
    run = snakemake(tmp_path, config, "results/inference/findings.md", cores=2, timeout=1500)
    assert run.code == 0, run.text
    check_planted_findings(tmp_path, config)
