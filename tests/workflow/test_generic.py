"""Real jobs through profiles/generic."""

import yaml
from conftest import ROOT, snakemake
from generic import submit
from planted import write_matrices

TREE = "results/groups/gradcam/cosine/all/tree-average.nwk"


def test_jobs_go_through_a_scheduler_with_their_requests(tmp_path):
    config = yaml.safe_load((ROOT / "examples/existing_matrix.yaml").read_text())
    config["matrices"] = {"gradcam_cosine": config["matrices"]["gradcam_cosine"]}
    for name in ("here", "there"):
        write_matrices(tmp_path / name, config)
    here = snakemake(tmp_path / "here", config, TREE)
    there, submissions = submit(tmp_path / "there", config, TREE)
    assert here.code == there.code == 0, there.text
    assert (tmp_path / "there" / TREE).read_bytes() == (tmp_path / "here" / TREE).read_bytes()
    assert 1 <= len(submissions) <= 2
    for arguments in submissions:
        cores, memory, minutes = (
            int(arguments.splitlines()[arguments.splitlines().index(flag) + 1].removesuffix("MB"))
            for flag in ("-n", "-M", "-W")
        )
        assert cores == 1 and memory >= 300 and minutes >= 1
        assert "-gpu" not in arguments
