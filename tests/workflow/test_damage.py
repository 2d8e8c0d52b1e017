"""Files of a finished run that are deleted or damaged: each is made again, or named."""

import os
import re
import subprocess

import pytest
from conftest import comparable, snakemake, tiny_config

from lookalike.core import sums
from lookalike.core.errors import InputError

# Written by Snakemake's own process, which does without them.
RECORDS = {"results/record.json", "results/contents.json"}


def named(text, kind):
    """Return the files that Snakemake names as input or output."""
    lines = re.findall(rf"^ +{kind}: (.*)$", text, re.M)
    return {path for line in lines for path in line.split(", ")}


def files_of(folder):
    """Return the contents of all results by path, but for sums, records and the run times in the
    report.
    """
    paths = {
        str(path.relative_to(folder)) for path in folder.glob("results/**/*") if path.is_file()
    }
    kept = (path for path in paths - RECORDS if not re.search(r"results/sums/|/\.", path))
    return {path: comparable(folder / path) for path in sorted(kept)}


def flip(path, place=None):
    """Flip a bit of a byte, by default of that in the middle, as a disk does: times stay."""
    content, found = bytearray(path.read_bytes()), path.stat()
    content[len(content) // 2 if place is None else place] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def test_every_file_is_asked_for_by_its_name_or_its_folder(finished):
    text = (finished.parent / "text").read_text()
    promised = named(text[text.index("\nlocalrule all:") :], "input")
    assert promised >= named(text, "output")
    folders = tuple(f"{path}/" for path in promised if (finished / path).is_dir())
    files = files_of(finished).keys()
    assert len(files) > 400
    assert not [path for path in files - promised if not path.startswith(folders)]


def test_a_changed_byte_of_any_file_is_seen(finished, copied, monkeypatch):
    monkeypatch.chdir(copied)
    outputs = named((finished.parent / "text").read_text(), "output")
    sums.check(outputs)
    for path in outputs:
        file = next(iter(sums.known(path)))
        flip(copied / file)
        with pytest.raises(InputError) as error:
            sums.check([path])
        assert str(error.value).startswith(f"{file}: differs from what was written")
        flip(copied / file)
    sums.check(outputs)


@pytest.mark.parametrize(
    ("path", "jobs"),
    [
        (
            "groups/gradcam/cosine/all/tree-average.nwk",
            {"link_models": 1, "draw_matrix": 1, "write_findings": 1, "draw_multiverse": 1},
        ),
        (
            "maps/noise/RegNet/per_image/*.npy",
            {"explain_images": 1, "batch_maps": 1, "audit_maps": 1, "compare_models": 4}
            | {"measure_localisation": 1, "aggregate_matrix": 4, "measure_explainer_error": 1},
        ),
    ],
)
def test_what_is_deleted_is_made_again_with_what_depends_on_it(copied, path, jobs):
    next((copied / "results").glob(path)).unlink()
    planned = snakemake(copied, tiny_config(), flags=["-n"]).jobs
    assert planned.items() >= (jobs | {"write_report": 1}).items()
    assert planned.get("explain_images") == jobs.get("explain_images")
    assert not planned.keys() & {"draw_demo_images", "finetune_model", "predict_images"}


def test_the_same_command_makes_deleted_files_again(finished, copied):
    for path in ("noise/rbf/all/louvain.graphml", "panels/panel-1.png", "agreement/all-trees.svg"):
        (copied / "results/figures" / path).unlink()
    run = snakemake(copied, tiny_config())
    assert run.code == 0, run.text
    rules = ("draw_matrix", "draw_panels", "draw_agreement", "write_report")
    assert run.jobs == dict.fromkeys(rules, 1)
    assert files_of(copied) == files_of(finished)


def test_what_was_damaged_is_named_and_made_again_by_the_line_in_the_error(finished, copied):
    damaged = {
        "results/maps/gradcam/ResNet/per_image": "results/maps/gradcam/ResNet/batch_maps.npy",
        "results/maps/noise/RegNet/batch_maps.npy": "results/pairs/noise/rbf/RegNet~ResNet.npz",
        "results/matrices/noise/cosine/all/dissimilarity.csv": (
            "results/groups/noise/cosine/all/principal_coordinates.csv"
        ),
    }
    named_files = {path: path for path in damaged}
    first = next(iter(damaged))
    named_files[first] = str(next((copied / first).glob("*.npy")).relative_to(copied))
    for path in named_files.values():
        flip(copied / path, place=-3)
    targets = list(damaged.values())
    # These jobs have to run, and see files that are as old as they were.
    run = snakemake(copied, tiny_config(), *targets, flags=["--forcerun", *targets])
    assert run.code != 0
    errors = [line.strip() for line in run.text.splitlines() if line.strip().startswith("error: ")]
    assert sorted(line.split(": ")[1] for line in errors) == sorted(named_files.values())
    for error in errors:
        subprocess.run(error.split("`")[1], shell=True, cwd=copied, check=True)
    assert not any((copied / path).exists() for path in damaged)
    again = snakemake(copied, tiny_config(), *targets)
    assert again.code == 0, again.text
    assert all((copied / path).exists() for path in damaged)
    assert files_of(copied) == files_of(finished)
