"""Images from an archive, in a real run: from a URL on loopback, or a file, to the manifest."""

import shutil

import pytest
from archives import imagenette, pack, serving, sha256_of
from conftest import snakemake, tiny_config

from lookalike.core import io

MANIFEST, LOG = "results/images/manifest.csv", "logs/images/download_small.log"
JOBS = {"download_images": 1, "list_images": 1}


@pytest.fixture
def content(tmp_path):
    return pack(tmp_path / "packed.tgz", imagenette()).read_bytes()


@pytest.fixture
def server(content):
    with serving({"/small.tgz": content}) as server:
        yield server


def config_of(source, **more):
    return tiny_config() | {"images": {"source": str(source), "n": 4, "size": 64} | more}


def test_a_url_is_downloaded_once_and_outlives_the_results(server, content, tmp_path):
    config = config_of(f"{server.url}/small.tgz", checksum=sha256_of(content))
    run = snakemake(tmp_path / "run", config, MANIFEST, flags=["--dry-run"])
    assert run.jobs == JOBS and server.requests == []
    run = snakemake(tmp_path / "run", config, MANIFEST)
    assert run.code == 0 and run.jobs == JOBS, run.text
    assert server.requests == [("/small.tgz", 0)]
    rows = io.read_table(tmp_path / "run" / MANIFEST)
    assert len(rows) == 12 and rows[0]["path"] == "train/n01440764/train_n01440764_0.JPEG"
    assert "100% of" in (tmp_path / "run" / LOG).read_text()
    assert "Nothing to be done" in snakemake(tmp_path / "run", config, MANIFEST).text

    for folder in ("results", "logs", ".snakemake"):
        shutil.rmtree(tmp_path / "run" / folder)
    run = snakemake(tmp_path / "run", config, MANIFEST)
    assert run.jobs == {"list_images": 1}, run.text
    assert io.read_table(tmp_path / "run" / MANIFEST) == rows
    assert len(server.requests) == 1


def test_another_checksum_is_another_archive_and_another_url_downloads_nothing(
    server, content, tmp_path
):
    config = config_of(f"{server.url}/small.tgz", checksum=sha256_of(content))
    assert snakemake(tmp_path / "run", config, MANIFEST).code == 0
    config["images"]["source"] = f"{server.url}/mirror/small.tgz"
    run = snakemake(tmp_path / "run", config, MANIFEST)
    assert run.code == 0 and run.jobs == JOBS, run.text
    assert server.requests == [("/small.tgz", 0)]
    other = server.files["/mirror/small.tgz"] = pack(
        tmp_path / "other.tgz", imagenette(count=4)
    ).read_bytes()
    config["images"]["checksum"] = sha256_of(other)
    run = snakemake(tmp_path / "run", config, MANIFEST)
    assert (
        run.code != 0
        and (
            f"data/small.tgz: its checksum is {sha256_of(content)}, not {sha256_of(other)}; "
            "remove it"
        )
        in run.error
    )
    (tmp_path / "run/data/small.tgz").unlink()
    run = snakemake(tmp_path / "run", config, MANIFEST)
    assert run.jobs == JOBS and len(io.read_table(tmp_path / "run" / MANIFEST)) == 16
    assert server.requests[1:] == [("/mirror/small.tgz", 0)]


def test_a_failed_download_is_taken_up_by_the_next_run(server, content, tmp_path):
    server.breaks, server.statuses = [len(content) // 2], [None, 404]
    config = config_of(f"{server.url}/small.tgz", checksum=sha256_of(content))
    run = snakemake(tmp_path / "run", config, MANIFEST)
    assert run.code != 0
    assert (
        f"error: {server.url}/small.tgz: cannot be downloaded (HTTP Error 404: Not Found); "
        "run again to go on"
    ) in run.error
    assert [path.name for path in (tmp_path / "run/data").iterdir()] == ["small.tgz.part"]
    server.requests.clear()
    run = snakemake(tmp_path / "run", config, MANIFEST)
    assert run.code == 0, run.text
    assert server.requests == [("/small.tgz", len(content) // 2)]


def test_an_archive_that_is_wrong_or_harmful_leaves_no_folder(server, content, tmp_path):
    config = config_of(f"{server.url}/small.tgz", checksum=sha256_of(b"another"))
    run = snakemake(tmp_path / "run", config, MANIFEST)
    assert (
        run.code != 0
        and f"checksum `{sha256_of(content)}`, not {sha256_of(b'another')}; it is deleted"
        in run.error
    )
    assert not list(tmp_path.glob("run/data/*"))

    evil = pack(tmp_path / "evil.tgz", imagenette() | {"../evil.JPEG": b"evil"}).read_bytes()
    server.files["/small.tgz"] = evil
    run = snakemake(
        tmp_path / "run", config_of(f"{server.url}/small.tgz", checksum=sha256_of(evil)), MANIFEST
    )
    assert (
        run.code != 0 and "data/small.tgz: '../evil.JPEG' in it would leave its folder" in run.error
    )
    assert [path.name for path in (tmp_path / "run/data").iterdir()] == ["small.tgz"]
    assert not list(tmp_path.rglob("evil.JPEG"))


def test_a_local_archive_is_unpacked_and_again_when_it_changes(tmp_path):
    config = config_of("small.zip")
    (tmp_path / "run").mkdir()
    pack(tmp_path / "run/small.zip", imagenette())
    run = snakemake(tmp_path / "run", config, MANIFEST)
    assert run.code == 0 and run.jobs == JOBS, run.text
    assert "Nothing to be done" in snakemake(tmp_path / "run", config, MANIFEST).text
    pack(tmp_path / "run/small.zip", imagenette(count=4))
    run = snakemake(tmp_path / "run", config, MANIFEST)
    assert run.jobs == JOBS and len(io.read_table(tmp_path / "run" / MANIFEST)) == 16


def test_a_folder_that_a_user_unpacked_is_neither_used_nor_lost(content, tmp_path):
    mine = tmp_path / "run/data/small/cat/mine.png"
    mine.parent.mkdir(parents=True)
    mine.write_text("precious")
    run = snakemake(
        tmp_path / "run",
        config_of("http://127.0.0.1:9/small.tgz", checksum=sha256_of(content)),
        MANIFEST,
        flags=["--forceall"],
    )
    assert (
        run.code != 0
        and (
            "data/small is there, but was not unpacked here; give this folder as images.source, "
            "or move it away"
        )
        in run.text
    )
    assert mine.read_text() == "precious"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "imagenete2-160",
            "images.source: imagenete2-160 does not exist; did you mean 'imagenette2-160'",
        ),
        ("small.tgz", "images.source: small.tgz does not exist"),
    ],
)
def test_a_wrong_source_stops_before_any_job(source, message, tmp_path):
    run = snakemake(tmp_path, config_of(source), MANIFEST)
    assert run.code != 0
    assert message in run.text
    assert "Traceback" not in run.text
    assert not (tmp_path / "results").exists()


def test_imagenette_by_its_name_asks_for_nothing_in_a_dry_run(tmp_path):
    run = snakemake(tmp_path, config_of("imagenette2-160"), MANIFEST, flags=["--dry-run"])
    assert run.code == 0 and run.jobs == JOBS, run.text
    assert not (tmp_path / "data").exists()
