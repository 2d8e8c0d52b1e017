"""What makes the workflow portable: every result that is read is declared, and no job knows paths
of the machine that submits it.
"""

import json
import re
import subprocess
import sys

from conftest import READS, snakemake, tiny_config

JOB = """
import os, pathlib, types
snakemake = types.SimpleNamespace(
    rule="compare", input=["results/a.npy"], output=["results/out"], params={}
)
for path in ("results/a.npy", "results/a.json", "results/out/one.txt", "elsewhere.txt"):
    open(path).close()
os.listdir("results/maps")
pathlib.Path("results/written.txt").write_text("")
"""


def test_a_result_that_is_read_undeclared_is_found(tmp_path):
    for path in ("results/a.npy", "results/a.json", "results/out/one.txt", "elsewhere.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "results/maps").mkdir()
    environment = {"PYTHONPATH": str(READS)}
    subprocess.run([sys.executable, "-c", JOB], cwd=tmp_path, env=environment, check=True)
    found = (tmp_path / "undeclared.txt").read_text().splitlines()
    assert found == [f"compare: {tmp_path}/results/{name}" for name in ("a.json", "maps")]


def test_a_card_that_is_lost_is_made_again_and_a_changed_one_compared_again(copied):
    card = copied / "results/maps/gradcam/RegNet/batch_maps.json"
    pair = "results/pairs/gradcam/cosine/RegNet~ResNet.npz"
    card.write_text(card.read_text() + "\n")
    changed = snakemake(copied, tiny_config(), pair, flags=["-n"])
    assert changed.jobs == {"compare_models": 1}, changed.text
    card.unlink()
    (copied / pair).unlink()
    lost = snakemake(copied, tiny_config(), pair, flags=["-n"])
    assert lost.jobs == {"batch_maps": 1, "compare_models": 1}, lost.text


def check_parameters(run):
    """Refuse parameters of a run's jobs that hold an absolute path; return the rules."""
    records = [json.loads(path.read_text()) for path in (run / ".snakemake/metadata").iterdir()]
    found = {(record["rule"], text) for record in records for text in record["params"]}
    assert not [about for about in found if re.search(r"(^|[\s'\"=(])(/|~/)\w", about[1])]
    return {rule for rule, _ in found}


def test_no_parameter_is_a_path_of_the_submitting_machine(finished):
    assert check_parameters(finished) >= {"finetune_model", "explain_images", "write_report"}
