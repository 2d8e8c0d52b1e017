"""Archives of images: downloaded over a line that breaks, resumed and verified."""

import re
import socket
from pathlib import Path

import numpy as np
import pytest
from archives import names_in, pack, serving, sha256_of

from lookalike.core.errors import InputError
from lookalike.images import download
from lookalike.images.download import fetch

CONTENT = np.random.default_rng(0).bytes(1_000_000)
CHECKSUM = sha256_of(CONTENT)
HALF = len(CONTENT) // 2


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(download, "PAUSES", (0, 0, 0))


@pytest.fixture
def server():
    with serving({"/a.tgz": CONTENT}) as server:
        yield server


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A path that is short in errors, which are cut where they are long."""
    monkeypatch.chdir(tmp_path)
    return Path("data/a.tgz")


def part_of(path):
    path.parent.mkdir(exist_ok=True)
    return path.with_name("a.tgz.part")


def test_a_download_is_verified_and_shows_how_far_it_is(server, path, capsys):
    fetch(path, f"{server.url}/a.tgz", CHECKSUM)
    assert path.read_bytes() == CONTENT
    assert names_in(path.parent) == ["a.tgz"]
    text = capsys.readouterr().out
    shares = [int(share) for share in re.findall(r"a.tgz: (\d+)% of 1.0 MB, \d+\.\d MB/s\n", text)]
    assert shares == sorted(set(shares)) and shares[-1] == 100 and 5 <= len(shares) <= 20
    assert "\r" not in text and f"verified, {CHECKSUM}" in text


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_download_that_breaks_off_goes_on(server, path, knows_ranges):
    server.knows_ranges = knows_ranges
    server.breaks = [HALF, HALF + 1000]
    fetch(path, f"{server.url}/a.tgz", CHECKSUM)
    assert path.read_bytes() == CONTENT
    assert server.requests == [("/a.tgz", 0), ("/a.tgz", HALF), ("/a.tgz", HALF + 1000)]


def test_what_was_downloaded_before_the_end_of_the_line_is_kept_for_the_next_run(server, path):
    server.breaks = [HALF] * 4
    with pytest.raises(
        InputError,
        match=(
            r"cannot be downloaded \(it broke off after 0.5 of 1.0 MB\); run again to go on "
            r"where it broke off, or fetch it"
        ),
    ):
        fetch(path, f"{server.url}/a.tgz", CHECKSUM)
    assert names_in(path.parent) == ["a.tgz.part"] and part_of(path).read_bytes() == CONTENT[:HALF]
    server.requests.clear()
    fetch(path, f"{server.url}/a.tgz", CHECKSUM)
    assert path.read_bytes() == CONTENT and server.requests == [("/a.tgz", HALF)]


@pytest.mark.parametrize(
    ("there", "starts"),
    [
        (CONTENT[:HALF], [HALF]),
        (CONTENT, [len(CONTENT)]),
        (b"another file", [12, 0]),
        (CONTENT + b"and more", [len(CONTENT) + 8, 0]),
        (b"", [0]),
    ],
    ids=["half", "whole", "another", "longer", "empty"],
)
def test_the_archive_is_right_whatever_its_part_held(server, path, there, starts):
    part_of(path).write_bytes(there)
    fetch(path, f"{server.url}/a.tgz", CHECKSUM)
    assert path.read_bytes() == CONTENT and names_in(path.parent) == ["a.tgz"]
    assert [start for _, start in server.requests] == starts


def test_a_busy_server_is_asked_again(server, path):
    server.statuses = [503, 429, 500]
    fetch(path, f"{server.url}/a.tgz", CHECKSUM)
    assert path.read_bytes() == CONTENT and len(server.requests) == 4
    path.unlink()
    server.statuses = [503] * 4
    with pytest.raises(InputError, match=r"cannot be downloaded \(HTTP Error 503"):
        fetch(path, f"{server.url}/a.tgz", CHECKSUM)


def test_a_missing_file_is_requested_once(server, path):
    with pytest.raises(InputError) as error:
        fetch(path, f"{server.url}/b.tgz", CHECKSUM)
    assert str(error.value) == (
        f"{server.url}/b.tgz: cannot be downloaded (HTTP Error 404: Not Found); fetch it "
        f"elsewhere and put it at {path}, "
        "or unpack it and give the folder as images.source"
    )
    assert len(server.requests) == 1 and names_in(path.parent) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/a.tgz",
        "http://nowhere.invalid/a.tgz",
        "http://127.0.0.1:{port}/\N{SNOWMAN}.tgz",
    ],
)
def test_without_a_network_the_error_names_the_url_and_the_remedy(url, path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = url.format(port=free.getsockname()[1])
    with pytest.raises(InputError) as error:
        fetch(path, url, CHECKSUM)
    assert re.fullmatch(
        rf"{re.escape(url)}: cannot be downloaded \([^\n]+\); fetch it elsewhere and put it "
        rf"at {path}, or [^\n]+",
        str(error.value),
    )


@pytest.mark.parametrize("kept", [0, HALF])
def test_a_server_that_stops_sending_is_given_up(server, path, kept, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    server.stalls, server.breaks = True, [kept] * 4
    with pytest.raises(InputError, match=r"cannot be downloaded \(.*timed out"):
        fetch(path, f"{server.url}/a.tgz", CHECKSUM)
    assert part_of(path).stat().st_size == kept


@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_a_download_with_another_checksum_is_deleted(server, path, kind):
    wanted = f"{kind}:{'0' * (32 if kind == 'md5' else 64)}"
    found = download.checksum_like(wanted, pack(path.parent.parent / "x.zip", {}))
    assert re.fullmatch(rf"{kind}:[0-9a-f]+", found) and len(found) == len(wanted)
    with pytest.raises(
        InputError,
        match=(
            rf"a.tgz: what was downloaded has the checksum `{kind}:[0-9a-f]+`, not "
            rf"{kind}:0+(\.\.\.)?0+; it is deleted: run again, or correct images\.checksum"
        ),
    ):
        fetch(path, f"{server.url}/a.tgz", wanted)
    assert names_in(path.parent) == []


def test_an_archive_that_was_put_there_is_verified_and_used(server, path):
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    fetch(path, f"{server.url}/a.tgz", CHECKSUM)
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(
        InputError,
        match=(
            rf"{path}: its checksum is {sha256_of(CONTENT[:-1])}, not {CHECKSUM}; remove it, and "
            r"it is downloaded again"
        ),
    ):
        fetch(path, f"{server.url}/a.tgz", CHECKSUM)
    assert path.read_bytes() == CONTENT[:-1] and server.requests == []


def test_a_local_archive_is_verified_if_asked(path):
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    fetch(path)
    fetch(path, checksum=CHECKSUM)
    with pytest.raises(
        InputError, match=r"a.tgz: its checksum is .*; get it again, or correct images.checksum"
    ):
        fetch(path, checksum=sha256_of(b""))
