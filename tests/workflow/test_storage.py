"""What makes the workflow portable: every result that is read is declared, also where results go to
a storage; no job knows paths of the machine that submits it.
"""

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from shutil import which

import pytest
from conftest import READS, snakemake, tiny_config
from test_given import CONFIG, write_models

from lookalike.maps import stacks

JOB = """
import os, pathlib, types
snakemake = types.SimpleNamespace(rule="compare", input=["results/a.npy"], output=["results/out"])
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
    text = card.read_text()
    card.unlink()
    (copied / pair).unlink()
    lost = snakemake(copied, tiny_config(), pair, flags=["-n"])
    assert lost.jobs == {"batch_maps": 1, "compare_models": 1}, lost.text
    card.write_text(text)
    changed = snakemake(copied, tiny_config(), pair, flags=["-n"])
    assert changed.jobs == {"compare_models": 1}


def check_parameters(run):
    """Refuse parameters of a run's jobs that hold an absolute path; return the rules."""
    records = [json.loads(path.read_text()) for path in (run / ".snakemake/metadata").iterdir()]
    found = {(record["rule"], text) for record in records for text in record["params"]}
    assert not [about for about in found if re.search(r"(^|[\s'\"=(])(/|~/)\w", about[1])]
    return {rule for rule, _ in found}


def test_no_parameter_is_a_path_of_the_submitting_machine(finished):
    assert check_parameters(finished) >= {"finetune_model", "explain_images", "write_report"}


@pytest.mark.skipif(
    find_spec("snakemake_storage_plugin_fs") is None or which("rsync") is None,
    reason="needs snakemake-storage-plugin-fs and rsync",
)
def test_results_go_to_a_storage_and_come_from_there(tmp_path):
    write_models(tmp_path, images=4, models=["VGG16"])
    config = CONFIG | {"metrics": ["mse"], "figures": {"panels": 1}}
    flags = ["--default-storage-provider", "fs", "--default-storage-prefix", tmp_path / "store"]
    run = snakemake(tmp_path, config, flags=flags)
    assert run.code == 0, run.text
    stored = tmp_path / "store/results"
    assert (stored / "report.html").is_file() and (stored / "images/explained.csv").is_file()
    maps, card = stacks.read_batch(stored / "maps/heatmaps/VGG16-pruned/batch_maps.npy")
    assert maps.shape == (4, 28, 28) and card["images"] == [f"img{number}" for number in range(4)]
    # What Snakemake itself must know before it asks a storage.
    own = {path.name for path in (tmp_path / "results").rglob("*") if path.is_file()}
    assert own == {"contents.json", "record.json"}
    again = snakemake(tmp_path, config, flags=[*flags, "-n"])
    assert "Nothing to be done" in again.text, again.text
    check_parameters(tmp_path)
