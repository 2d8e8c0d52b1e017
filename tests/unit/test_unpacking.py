"""Archives of images: which one a source stands for, and unpacking so that nothing leaves the
folder.
"""

import importlib.util
import re
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from archives import CLASSES, imagenette, names_in, pack, picture, serving, sha256_of

from lookalike.core.errors import InputError
from lookalike.images import archives
from lookalike.images.archives import KNOWN, find_archive, unpack
from lookalike.images.download import fetch
from lookalike.images.manifest import find_images

CHECKSUM = sha256_of(b"an archive")

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
            "http://example.org/a.tgz needs `images.checksum: sha256:...`",
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


def test_a_single_split_stays_one(tmp_path):
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
def test_an_archive_with_a_member_that_could_write_elsewhere_is_refused(suffix, evil, tmp_path):
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


def test_remains_of_a_killed_run_are_not_used(tmp_path):
    left = tmp_path / "data/.x.unpacking/train/n01440764"
    left.mkdir(parents=True)
    (left / "half.JPEG").write_bytes(b"half an image")
    unpack(pack(tmp_path / "x.tgz", imagenette()), tmp_path / "data/x")
    assert len(find_images(tmp_path / "data/x")) == 12
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["x"]
