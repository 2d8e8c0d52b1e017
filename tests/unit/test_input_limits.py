"""Limits: what would take hours or all memory is refused, in one short line."""

import struct
import zlib

import pytest
from archives import pack
from configs import change, small_config

from lookalike.core import io
from lookalike.core.errors import LONGEST, InputError, unknown
from lookalike.images import archives, masks
from lookalike.images.archives import unpack
from lookalike.images.reading import inspect_image
from lookalike.maps.formats import read_picture
from lookalike.workflow.config import resolve


def huge_png(path, side=13_000):
    """Write a black picture of many pixels in a small file."""

    def chunk(name, data):
        checksum = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + checksum

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((side // 8 + 1) * side), 9)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )
    assert path.stat().st_size < 25_000


@pytest.mark.parametrize("read", [inspect_image, masks.read_picture, read_picture])
@pytest.mark.parametrize("side", [13_000, 60_000])
def test_a_small_file_of_very_many_pixels_is_refused(read, side, tmp_path):
    path = tmp_path / "a.png"
    huge_png(path, 13_000)
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", side, side)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a.png: has more than 160 million pixels; scale it down"):
        read(path)


@pytest.mark.parametrize("suffix", ["tar", "tgz", "zip"])
def test_an_archive_that_unpacks_to_far_more_than_its_size_is_refused(
    suffix, tmp_path, monkeypatch
):
    monkeypatch.setattr(archives, "LEAST_LIMIT", 2**20)
    archive = pack(tmp_path / f"x.{suffix}", {"x/train/a/0.bmp": bytes(2**22)})
    if suffix == "tar":
        unpack(archive, tmp_path / "data")
        return
    with pytest.raises(
        InputError, match=r"x.\w+: would unpack to more than 0.0 GB, over 50 times its"
    ):
        unpack(archive, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_an_archive_of_very_many_empty_files_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "LEAST_LIMIT", 2**20)
    archive = pack(tmp_path / "x.tgz", {f"x/train/a/{number}.png": b"" for number in range(3000)})
    with pytest.raises(InputError, match="would unpack to more than"):
        unpack(archive, tmp_path / "data")


HUGE = 100_000_000_000


@pytest.mark.parametrize(
    "place",
    [
        "images.n",
        "images.size",
        "images.demo.val",
        "maps.size",
        "models.ViT.epochs",
        "models.ViT.batch",
        "finetuning.patience",
        "compare.block",
        "inference.bootstrap",
        "inference.permutations",
        "inference.explained_again",
        "figures.panels",
        "metric_validation.draws",
        "power.simulations",
        "methods.ig.steps",
        "methods.ig.size",
    ],
)
def test_a_number_that_would_take_for_ever_is_refused(place, tmp_path):
    config = small_config()
    change(config, place, HUGE)
    with pytest.raises(InputError, match=rf"at most \d+.*{HUGE}"):
        resolve(config)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("models.", {"timm": "test_vit"}),
        ("methods.", {"explain": "gradcam"}),
        ("matrices.", {"path": "a.csv"}),
    ],
)
@pytest.mark.parametrize("name", ["m" * 300, "m" * 121, "a\0b", "{model}", "<script>", "\udcff"])
def test_a_name_that_no_path_can_hold_is_refused(place, value, name):
    config = small_config()
    change(config, place + name, value)
    with pytest.raises(InputError, match=r"is no valid name: letters, .* and 120 at most") as error:
        resolve(config)
    assert len(str(error.value)) <= LONGEST


def test_text_that_no_file_can_hold_is_refused():
    config = small_config()
    change(config, "models.ViT.family", "cnn\udcff")
    with pytest.raises(
        InputError, match=r"models.ViT.family: the text 'cnn\\udcff' holds half of a"
    ):
        resolve(config)


def test_options_of_methods_and_metrics_have_limits_too():
    for options in ({"samples": HUGE}, {"segments": HUGE}):
        config = small_config()
        config["methods"]["shap"] = {"explain": "kernelshap", **options}
        with pytest.raises(InputError, match="must be at most 1000000, not 100000000000"):
            resolve(config)
    config = small_config() | {"metrics": [{"sliced_wasserstein": {"projections": HUGE}}]}
    with pytest.raises(InputError, match="projections must be at most 1000000"):
        resolve(config)


def test_files_beyond_the_limits_of_their_readers_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"image,score\na,{'9' * 140_000}\n")
    for read in (io.read_table, io.read_matrix):
        with pytest.raises(InputError, match=r"a.csv: not a readable CSV table \(field larger"):
            read(path)
    path.write_text("[" * 100_000 + "]" * 100_000)
    with pytest.raises(InputError, match=r"a.csv: has too many levels of lists and objects"):
        io.read_json(path)


NAMES = [f"model{number}" for number in range(200)]


def test_a_long_list_in_an_error_is_cut_with_the_number_of_the_others():
    text = str(InputError(f"config: maps: not all have: {', '.join(NAMES)}; give maps of all"))
    head, _, tail = text.partition(" and ")
    shown = head.removeprefix("config: maps: not all have: ").split(", ")
    assert shown == NAMES[: len(shown)] and len(shown) > 20
    assert tail == f"{200 - len(shown)} others; give maps of all"
    assert LONGEST - 10 <= len(text) <= LONGEST
    short = f"config: maps: not all have: {', '.join(NAMES[:20])}; give maps of all"
    assert str(InputError(short)) == short


@pytest.mark.parametrize(
    "text",
    [
        *("a" * 10**6, "a, " * 10**6, "a; " * 10**5, "`" * 10**5, "\0" * 10**5, "(a, b" * 10**5),
        *("word " * 999, "'" + "x" * 299 + "': is wrong; mend it", "\udcff\n" * 999),
        str(unknown("metric", "x" * 999, ["y" * 99] * 40)),
    ],
    ids=range(10),
)
def test_every_error_is_one_line_of_limited_length(text):
    found = str(InputError(text))
    assert len(found) <= LONGEST and len(found.splitlines()) == 1
    assert str(InputError(found)) == found


def test_the_place_the_remedy_and_a_line_to_copy_are_kept():
    line = f"`rm {'results/' + 'm' * 100}`"
    text = f"results/{'m' * 200}: differs {'and differs ' * 40}; run {line} and start again"
    found = str(InputError(text))
    assert found.startswith("results/mmm") and found.endswith(f"; run {line} and start again")
    assert len(found) <= LONGEST
