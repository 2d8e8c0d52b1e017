"""Archives of images: downloaded over a line that breaks, verified, unpacked so that nothing leaves
the folder.
"""

import importlib.util
import re
import socket
import stat
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from archives import CLASSES, imagenette, pack, picture, serving, sha256_of

from lookalike.core.errors import InputError
from lookalike.images import archives
from lookalike.images.archives import KNOWN, fetch, find_archive, unpack
from lookalike.images.manifest import find_images

CONTENT = np.random.default_rng(0).bytes(1_000_000)
CHECKSUM = sha256_of(CONTENT)
HALF = len(CONTENT) // 2


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(archives, "PAUSES", (0, 0, 0))


@pytest.fixture
def server():
    with serving({"/a.tgz": CONTENT}) as server:
        yield server


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data/a.tgz"


def part_of(path):
    path.parent.mkdir(exist_ok=True)
    return path.with_name("a.tgz.part")


def names_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


# Which archive a source stands for.


@pytest.mark.parametrize("name", KNOWN)
def test_imagenette_is_where_torchvision_has_it(name):
    text = (
        Path(importlib.util.find_spec("torchvision").origin)
        .with_name("datasets")
        .joinpath("imagenette.py")
        .read_text()
    )
    assert KNOWN[name] in [
        (url, f"md5:{md5}") for url, md5 in re.findall(r'"(https://\S+)", "([0-9a-f]{32})"', text)
    ]
    url, checksum = KNOWN[name]
    assert find_archive(name) == {
        name: {"url": url, "path": f"data/{name}.tgz", "checksum": checksum}
    }


@pytest.mark.parametrize(
    ("source", "name", "path"),
    [
        ("https://example.org/a/photos.tar.gz", "photos", "data/photos.tar.gz"),
        ("HTTP://example.org/My%20photos.ZIP?raw=1#top", "My_photos", "data/My_photos.zip"),
        ("https://example.org/%2e%2e%2f...tgz", "images", "data/images.tgz"),
        ("mine/photos.v2.tar", "photos.v2", "mine/photos.v2.tar"),
        ("/mnt/photos.tgz", "photos", "/mnt/photos.tgz"),
    ],
)
def test_urls_and_paths_of_archives_give_the_folder_that_they_are_unpacked_to(source, name, path):
    url = source if "//" in source else None
    assert find_archive(source, "MD5:" + "A" * 32) == {
        name: {"url": url, "path": path, "checksum": "md5:" + "a" * 32}
    }


def test_folders_are_no_archives(tmp_path):
    (tmp_path / "photos.zip").mkdir()
    for source in ("demo", "photos", "deep/photos", str(tmp_path / "photos.zip")):
        assert find_archive(source) == {}


@pytest.mark.parametrize(
    ("source", "checksum", "message"),
    [
        (
            "http://example.org/a.tgz",
            None,
            "http://example.org/a.tgz wants `images.checksum: sha256:...`",
        ),
        (
            "http://example.org/a.rar",
            CHECKSUM,
            "http://example.org/a.rar is no .tgz, .tar.gz, .tar or .zip archive",
        ),
        ("photos", CHECKSUM, "images.checksum: 'photos' takes none"),
        ("demo", CHECKSUM, "images.checksum: 'demo' takes none"),
        ("imagenette2", CHECKSUM, "images.checksum: 'imagenette2' takes none"),
    ],
)
def test_sources_and_checksums_that_do_not_go_together_are_refused(source, checksum, message):
    with pytest.raises(InputError, match=re.escape(message)):
        find_archive(source, checksum)


# Downloads.


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
def test_whatever_part_is_there_the_archive_is_right_in_the_end(server, path, there, starts):
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


def test_a_file_that_is_not_there_is_asked_for_once(server, path):
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
def test_a_server_that_falls_silent_is_left(server, path, kept, monkeypatch):
    monkeypatch.setattr(archives, "TIMEOUT", 0.2)
    server.stalls, server.breaks = True, [kept] * 4
    with pytest.raises(InputError, match=r"cannot be downloaded \(.*timed out"):
        fetch(path, f"{server.url}/a.tgz", CHECKSUM)
    assert part_of(path).stat().st_size == kept


@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_a_download_with_another_checksum_is_deleted(server, path, kind):
    wanted = f"{kind}:{'0' * (32 if kind == 'md5' else 64)}"
    found = archives.checksum_like(wanted, pack(path.parent.parent / "x.zip", {}))
    assert re.fullmatch(rf"{kind}:[0-9a-f]+", found) and len(found) == len(wanted)
    with pytest.raises(
        InputError,
        match=(
            rf"a.tgz is {kind}:[0-9a-f]+, not {wanted}; the download is deleted: run again, or "
            r"correct images.checksum"
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


def test_an_archive_of_ones_own_is_verified_if_asked(path):
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    fetch(path)
    fetch(path, checksum=CHECKSUM)
    with pytest.raises(
        InputError, match=r"a.tgz: its checksum is .*; get it again, or correct images.checksum"
    ):
        fetch(path, checksum=sha256_of(b""))


def test_a_name_goes_from_the_table_to_images(tmp_path, monkeypatch):
    content = pack(tmp_path / "imagenette2-160.tgz", imagenette()).read_bytes()
    monkeypatch.chdir(tmp_path)
    with serving({"/imagenette2-160.tgz": content}) as server:
        monkeypatch.setitem(
            KNOWN, "imagenette2-160", (f"{server.url}/imagenette2-160.tgz", sha256_of(content))
        )
        ((name, archive),) = find_archive("imagenette2-160").items()
        fetch(**archive)
    unpack(archive["path"], f"data/{name}")
    rows = find_images(f"data/{name}")
    assert [(row["split"], row["label"]) for row in rows] == [
        (split, label) for split in ("train", "val") for label in CLASSES for _ in range(3)
    ]
    assert rows[0]["path"] == "data/imagenette2-160/train/n01440764/train_n01440764_0.JPEG"


# Unpacking.


@pytest.mark.parametrize("top", ["", "imagenette2-160/", "./a/b/"])
@pytest.mark.parametrize("suffix", [".tgz", ".tar.gz", ".tar", ".zip"])
def test_archives_of_every_kind_are_unpacked_without_what_wraps_the_splits(suffix, top, tmp_path):
    files = imagenette(top)
    unpack(pack(tmp_path / f"x{suffix}", files), tmp_path / "data/x")
    found = {
        path.relative_to(tmp_path / "data/x").as_posix(): path.read_bytes()
        for path in (tmp_path / "data/x").rglob("*")
        if path.is_file()
    }
    assert found == {name.removeprefix(top): content for name, content in files.items()} | {
        archives.STAMP: f"x{suffix}\n".encode()
    }
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["x"]


@pytest.mark.parametrize(
    ("files", "labels"),
    [
        (["cat/a.jpg", "dog/b.jpg"], ["cat", "dog"]),
        (["pets/cat/a.jpg", "pets/dog/b.jpg", "README.txt"], ["cat", "dog"]),
        (
            ["pets/cat/a.jpg", "pets/dog/b.jpg", "__MACOSX/pets/cat/._a.jpg", "pets/._cat"],
            ["cat", "dog"],
        ),
        (["cat/a.jpg"], ["cat"]),
        (["more/pets/cat/a.jpg", "more/birds/emu/b.jpg"], ["birds/emu", "pets/cat"]),
    ],
)
def test_classes_keep_their_names(files, labels, tmp_path):
    unpack(
        pack(tmp_path / "x.zip", {name: picture(place) for place, name in enumerate(files)}),
        tmp_path / "x",
    )
    assert [row["label"] for row in find_images(tmp_path / "x")] == labels


def test_a_split_that_stands_alone_stays_one(tmp_path):
    unpack(
        pack(
            tmp_path / "x.zip", {f"pets/val/{label}/a.jpg": picture(0) for label in ("cat", "dog")}
        ),
        tmp_path / "x",
    )
    assert [(row["split"], row["label"]) for row in find_images(tmp_path / "x")] == [
        ("val", "cat"),
        ("val", "dog"),
    ]


def member(name, kind=tarfile.REGTYPE, link="", mode=0o644):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    return info


def zip_member(name, mode):
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


EVIL = {
    "parent": member("../evil.JPEG"),
    "deep parent": member("x/train/../../../evil.JPEG"),
    "absolute": member("/tmp/evil.JPEG"),
    "windows": member("..\\evil.JPEG"),
    "drive": member("C:/evil.JPEG"),
    "folder": member("../evil", tarfile.DIRTYPE),
    "symbolic link out": member("x/link", tarfile.SYMTYPE, "../../victim"),
    "absolute symbolic link": member("x/link", tarfile.SYMTYPE, "/etc"),
    "symbolic link in": member("x/link", tarfile.SYMTYPE, "train"),
    "hard link out": member("x/link.JPEG", tarfile.LNKTYPE, "../victim"),
    "absolute hard link": member("x/link.JPEG", tarfile.LNKTYPE, "/etc/passwd"),
    "pipe": member("x/pipe", tarfile.FIFOTYPE),
    "device": member("x/null", tarfile.CHRTYPE),
}
EVIL_ZIP = {
    "parent": ("../evil.JPEG", b"evil"),
    "absolute": ("/tmp/evil.JPEG", b"evil"),
    "windows": ("x\\..\\..\\evil.JPEG", b"evil"),
    "symbolic link": (zip_member("x/link", stat.S_IFLNK | 0o777), b"../../victim"),
}


@pytest.mark.parametrize(
    ("suffix", "evil"), [*(("tgz", name) for name in EVIL), *(("zip", name) for name in EVIL_ZIP)]
)
def test_a_member_that_could_write_elsewhere_condemns_the_archive(suffix, evil, tmp_path):
    bad = (EVIL if suffix == "tgz" else EVIL_ZIP)[evil]
    (tmp_path / "victim").write_text("as it was")
    archive = pack(tmp_path / f"x.{suffix}", imagenette("x/"), bad)
    with pytest.raises(InputError) as error:
        unpack(archive, tmp_path / "data/x")
    name = bad.name if suffix == "tgz" else bad[0] if isinstance(bad[0], str) else bad[0].filename
    assert re.fullmatch(
        rf"{archive}: {re.escape(repr(name))} in it (would leave its folder|is a link or a "
        r"device); nothing is unpacked: [^\n]+",
        str(error.value),
    )
    assert names_in(tmp_path) == sorted(["data", "victim", archive.name])
    assert (tmp_path / "victim").read_text() == "as it was" and (
        tmp_path / "victim"
    ).stat().st_nlink == 1
    assert not Path("/tmp/evil.JPEG").exists()


def test_hard_links_within_the_archive_are_files_like_others(tmp_path):
    files = imagenette("x/")
    twin = "x/train/n01440764/train_n01440764_0.JPEG"
    unpack(
        pack(
            tmp_path / "x.tgz", files, member("x/train/n01440764/twin.JPEG", tarfile.LNKTYPE, twin)
        ),
        tmp_path / "data",
    )
    assert (tmp_path / "data/train/n01440764/twin.JPEG").read_bytes() == files[twin]


def test_what_is_unpacked_can_be_read_and_is_no_program(tmp_path):
    odd = [
        member("x/train", tarfile.DIRTYPE, mode=0),
        member("x/train/a.JPEG", mode=0),
        member("x/train/b.JPEG", mode=0o6777),
    ]
    unpack(pack(tmp_path / "x.tar", {}, *odd), tmp_path / "data")
    modes = [
        stat.S_IMODE((tmp_path / "data/train" / name).stat().st_mode)
        for name in ("a.JPEG", "b.JPEG")
    ]
    assert [mode & 0o600 for mode in modes] == [0o600] * 2 and not any(
        mode & 0o6022 for mode in modes
    )


@pytest.mark.parametrize("suffix", [".tgz", ".tar", ".zip"])
@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.62, 0.8])
def test_a_broken_archive_leaves_nothing(suffix, share, tmp_path):
    archive = pack(tmp_path / f"x{suffix}", imagenette())
    content = archive.read_bytes()
    archive.write_bytes(content[: int(share * len(content))])
    with pytest.raises(
        InputError, match=rf"{archive}: cannot be unpacked \([^\n]+\); get it again if it is broken"
    ):
        unpack(archive, tmp_path / "data/x")
    assert names_in(tmp_path) == ["data", archive.name]


@pytest.mark.parametrize("suffix", [".tgz", ".zip"])
def test_a_flipped_bit_is_noticed_without_a_checksum(suffix, tmp_path):
    archive = pack(tmp_path / f"x{suffix}", imagenette())
    content = bytearray(archive.read_bytes())
    for place in range(300, len(content) - 2000, len(content) // 5):
        content[place] ^= 1
        archive.write_bytes(content)
        content[place] ^= 1
        with pytest.raises(
            InputError, match=r"cannot be unpacked|would leave its folder|is a link"
        ):
            unpack(archive, tmp_path / "data/x")
        assert names_in(tmp_path) == ["data", archive.name]


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "x.tgz").write_text("<html>Please log in</html>")
    with pytest.raises(InputError, match=r"x.tgz: cannot be unpacked"):
        unpack(tmp_path / "x.tgz", tmp_path / "x")


def test_what_a_killed_run_left_is_not_taken_up(tmp_path):
    left = tmp_path / "data/.x.unpacking/train/n01440764"
    left.mkdir(parents=True)
    (left / "half.JPEG").write_bytes(b"half an image")
    unpack(pack(tmp_path / "x.tgz", imagenette()), tmp_path / "data/x")
    assert len(find_images(tmp_path / "data/x")) == 12
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["x"]
