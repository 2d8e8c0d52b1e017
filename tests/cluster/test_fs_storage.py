"""Results in a storage, which is a folder here."""

from shutil import which

import pytest
from conftest import snakemake
from generic import write_maps

from lookalike.maps import stacks

pytest.importorskip("snakemake_storage_plugin_fs")


@pytest.mark.skipif(which("rsync") is None, reason="needs rsync")
def test_results_go_to_a_storage_and_come_from_there(tmp_path):
    config = write_maps(tmp_path) | {"metrics": ["mse"]}
    flags = ["--default-storage-provider", "fs", "--default-storage-prefix", tmp_path / "store"]
    run = snakemake(tmp_path, config, flags=flags)
    assert run.code == 0, run.text
    stored = tmp_path / "store/results"
    assert (stored / "report.html").is_file() and (stored / "images/explained.csv").is_file()
    maps, card = stacks.read_batch(stored / "maps/heatmaps/A/batch_maps.npy")
    assert maps.shape == (4, 28, 28) and card["images"] == [f"img{number}" for number in range(4)]
    # What Snakemake itself must know before it asks a storage.
    own = {path.name for path in (tmp_path / "results").rglob("*") if path.is_file()}
    assert own == {"contents.json", "record.json"}
    again = snakemake(tmp_path, config, flags=[*flags, "-n"])
    assert "Nothing to be done" in again.text, again.text
