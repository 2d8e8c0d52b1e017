"""Files of weights: read without running their code; pretrained ones from a cache, a hub or not at
all.
"""

import argparse
import fractions
import functools
import hashlib
import http.server
import json
import os
import pickle
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from lookalike.core.errors import InputError
from lookalike.models.networks import build_network
from lookalike.models.sources import registered
from lookalike.models.weights import check_values, read_weights

torch.set_num_threads(1)

ROOT = Path(__file__).parents[2]
WEIGHTS = {"fc.weight": torch.arange(6.0).view(3, 2), "fc.bias": torch.ones(3)}


def one_line(error):
    text = str(error.value)
    assert "\n" not in text
    return text


def same(first, second):
    return first.keys() == second.keys() and all(
        torch.equal(first[name], second[name]) for name in first
    )


@pytest.mark.parametrize("name", ["w.pt", "w.pth", "w.pth.tar", "w.safetensors", "w"])
@pytest.mark.parametrize("save", [torch.save, save_file])
def test_file_is_what_its_content_says(save, name, tmp_path):
    save(WEIGHTS, tmp_path / name)
    assert same(read_weights(tmp_path / name), WEIGHTS)


def test_tensors_below_other_keys_have_these_in_their_names(tmp_path):
    others = {
        "epoch": 3,
        "best": np.float64(0.5),
        "args": argparse.Namespace(lr=1),
        "optimizer": {
            "state": {0: {"mu": torch.zeros(2)}},
            "param_groups": [{"lr": 0.1, "params": [0]}],
        },
    }
    torch.save({"net": {"a": WEIGHTS}, **others}, tmp_path / "w.pth")
    expected = {f"net.a.{name}": tensor for name, tensor in WEIGHTS.items()}
    assert same(
        read_weights(tmp_path / "w.pth"), expected | {"optimizer.state.0.mu": torch.zeros(2)}
    )


FOREIGN = [
    (
        "w.pth",
        b"version https://git-lfs.github.com/spec/v1",
        "is a pointer of Git LFS, .* lfs pull",
    ),
    ("w.pth", b"<!DOCTYPE html><html>", "is a web page, not the weights"),
    ("w.pth", b"\x1f\x8b\x08\x00", "is a compressed file; unpack it"),
    ("w.h5", b"\x89HDF\r\n\x1a\n", "is an HDF5 file, as Keras writes; give `model.state_dict"),
    ("w.onnx", b"\x08\x07\x12\x07pytorch", "is a file of ONNX; give `model.state_dict"),
]


@pytest.mark.parametrize(("name", "content", "complaint"), FOREIGN)
def test_file_of_another_kind_is_named(name, content, complaint, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=f"{name}: {complaint}") as error:
        read_weights(tmp_path / name)
    one_line(error)


def test_folder_and_a_nesting_without_end_are_refused(tmp_path):
    with pytest.raises(InputError, match="is a folder; give the file of weights in it"):
        read_weights(tmp_path)
    nested = {}
    nested["again"] = nested
    torch.save(nested, tmp_path / "w.pth")
    with pytest.raises(InputError, match=r"w.pth: .*nested too deep"):
        read_weights(tmp_path / "w.pth")
    torch.save({"a.b": torch.ones(1), "a": {"b": torch.ones(1)}}, tmp_path / "w.pth")
    with pytest.raises(InputError, match=r"w.pth: holds two tensors 'a.b'"):
        read_weights(tmp_path / "w.pth")


BROKEN = [
    (
        lambda t: t.index_fill(0, torch.tensor([1]), float("nan")),
        "1 weights hold NaN .*'fc.weight'",
    ),
    (
        lambda t: t.index_fill(0, torch.tensor([0]), float("inf")),
        "1 weights hold NaN .*'fc.weight'",
    ),
    (lambda t: t.to(torch.int8), "'fc.weight' is stored as int8, and not as plain numbers"),
    (lambda t: torch.quantize_per_tensor(t, 0.1, 0, torch.qint8), "'fc.weight' is stored as qint8"),
    (lambda t: t.to(torch.float8_e4m3fn), "'fc.weight' is stored as float8_e4m3fn"),
    (lambda t: t.to_sparse(), "'fc.weight' is stored as sparse_coo"),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("change", "complaint"), BROKEN)
def test_weights_that_are_no_finite_numbers_are_refused_by_name(change, complaint):
    weights = WEIGHTS | {"fc.weight": change(WEIGHTS["fc.weight"])}
    with pytest.raises(InputError, match=f"w.pth: {complaint}") as error:
        check_values("w.pth", weights, WEIGHTS)
    one_line(error)


@pytest.mark.filterwarnings("ignore")
def test_counters_are_plain_numbers_of_any_kind():
    expected = WEIGHTS | {"bn.num_batches_tracked": torch.tensor(3)}
    for counter in (torch.tensor(3, dtype=torch.int32), torch.tensor(3.0), torch.tensor(True)):
        check_values("w.pth", expected | {"bn.num_batches_tracked": counter}, expected)
    for counter, kind in (
        (torch.tensor(3).to_sparse(), "sparse_coo"),
        (torch.quantize_per_tensor(torch.tensor(3.0), 1, 0, torch.qint8), "qint8"),
    ):
        with pytest.raises(InputError, match=f"tracked' is stored as {kind}"):
            check_values("w.pth", expected | {"bn.num_batches_tracked": counter}, expected)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_other_precision_are_taken(dtype):
    check_values("w.pth", {name: tensor.to(dtype) for name, tensor in WEIGHTS.items()}, WEIGHTS)


class Code:
    """Something whose pickle runs code when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_checkpoint_with_code_is_refused_and_not_run(tmp_path):
    code = pickle.dumps({"state_dict": Code(tmp_path / "ran")}, protocol=2)
    (tmp_path / "bad.pth").write_bytes(code)
    torch.save(
        {"fc.weight": torch.zeros(2), "extra": Code(tmp_path / "ran")}, tmp_path / "worse.pth"
    )
    for name in ("bad.pth", "worse.pth"):
        with pytest.raises(
            InputError,
            match=(
                rf"{name}: .*it would import '\w*io.open', which could run code; save "
                r"`model.state_dict\(\)` alone"
            ),
        ) as error:
            read_weights(tmp_path / name)
        one_line(error)
    assert not (tmp_path / "ran").exists()
    pickle.loads(code)
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("extra", "imported"),
    [
        ({"path": fractions.Fraction(1, 2)}, "fractions.Fraction"),
        ({"net": torch.nn.Linear(2, 2)}, "torch.nn.modules.linear.Linear"),
    ],
)
def test_what_a_checkpoint_would_import_is_named(extra, imported, tmp_path):
    torch.save({"model": WEIGHTS, **extra}, tmp_path / "w.pth")
    with pytest.raises(
        InputError,
        match=rf"w.pth: .*it would import '{imported}', .*save `model.state_dict\(\)` alone",
    ) as error:
        read_weights(tmp_path / "w.pth")
    one_line(error)


@pytest.mark.parametrize(
    "content",
    [torch.zeros(3), [1, 2], {}, {"epoch": 3}, {"fc.weight": [1.0]}, {"model": {"fc.weight": 1.0}}],
)
def test_file_without_a_state_dict_is_refused(content, tmp_path):
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(
        InputError, match=r"w.pth: holds no state dict, .*save `model.state_dict\(\)` alone"
    ) as error:
        read_weights(tmp_path / "w.pth")
    one_line(error)


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth"])
def test_damaged_or_absent_checkpoint_is_named(name, tmp_path):
    with pytest.raises(InputError, match=f"{name}: no such checkpoint"):
        read_weights(tmp_path / name)
    (save_file if name.endswith("safetensors") else torch.save)(WEIGHTS, tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    for content in (b"", b"PK", whole[: len(whole) // 2], whole[:-5], b"nonsense" * 20):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(
            InputError,
            match=(
                rf"{name}: not a readable checkpoint of plain weights \(.+\); is it whole\? copy "
                r"it again"
            ),
        ) as error:
            read_weights(tmp_path / name)
        one_line(error)


class Hub(http.server.BaseHTTPRequestHandler):
    """As much of the hub's protocol as its client needs for one file, and plain files for other
    clients.
    """

    def __init__(self, files, asked, *args):
        self.files, self.asked = files, asked
        super().__init__(*args)

    def do_HEAD(self):
        self.asked.append((self.command, self.path))
        content = self.files.get(self.path)
        self.send_response(404 if content is None else 200)
        if content is None:
            self.send_header("X-Error-Code", "EntryNotFound")
        else:
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", "0123456789abcdef" * 2 + "01234567")
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        return content

    def do_GET(self):
        self.wfile.write(self.do_HEAD() or b"")

    def log_message(self, *args):
        pass


@pytest.fixture
def serve():
    """Return a function that serves files on loopback; it returns the address, a list of what was
    asked, and the way to end it.
    """
    servers = []

    def start(files):
        asked = []
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Hub, files, asked)
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)

        def stop():
            server.shutdown()
            server.server_close()
            servers.remove(server)

        return f"http://127.0.0.1:{server.server_port}", asked, stop

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


BUILD = """
import sys, time
from lookalike.core.errors import InputError
from lookalike.models.networks import build_network
from lookalike.models.sources import registered
from lookalike.models.weights import write_weights
start = time.monotonic()
try:
    net = build_network(registered({"timm": sys.argv[2]}), pretrained=True)
    write_weights(sys.argv[1], net.state_dict())
except InputError as error:
    print(f"error: {error}")
print(f"seconds: {time.monotonic() - start}")
"""


def build_in(home, address, output, name="test_vit.r160_in1k", **environment):
    """Build a pretrained network in a process of its own, with a cache of its own, next to which it
    runs: so paths in errors are short.
    """
    home.mkdir(exist_ok=True)
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HF_", "HUGGINGFACE_"))
    }
    own |= {
        "HF_HOME": "cache",
        "HF_ENDPOINT": address,
        "NO_PROXY": "127.0.0.1",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-c", BUILD, str(output), name]
    return subprocess.run(
        command,
        cwd=home,
        env=own | environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=True,
    ).stdout


def test_pretrained_weights_come_from_the_hub_then_from_its_cache_else_a_line_says_what_to_do(
    serve, tmp_path
):
    torch.manual_seed(0)
    weights = build_network({"timm": "test_vit"}).state_dict()
    save_file(weights, tmp_path / "served.safetensors")
    file = "/timm/test_vit.r160_in1k/resolve/main/model.safetensors"
    config = json.dumps(
        {
            "architecture": "test_vit",
            "pretrained_cfg": {
                "num_classes": 1000,
                "fixed_input_size": True,
                "input_size": [3, 160, 160],
            },
        }
    )
    address, asked, stop = serve(
        {
            file: (tmp_path / "served.safetensors").read_bytes(),
            "/org/mine/resolve/main/config.json": config.encode(),
            "/org/mine/resolve/main/model.safetensors": (
                tmp_path / "served.safetensors"
            ).read_bytes(),
        }
    )

    text = build_in(tmp_path / "home", address, tmp_path / "mine.safetensors", "hf-hub:org/mine")
    assert "error" not in text
    assert same(load_file(tmp_path / "mine.safetensors"), weights)
    text = build_in(tmp_path / "home", address, tmp_path / "first.safetensors")
    assert "error" not in text
    assert ("GET", file) in asked
    assert same(load_file(tmp_path / "first.safetensors"), weights)
    stop()

    text = build_in(tmp_path / "home", address, tmp_path / "second.safetensors", HF_HUB_OFFLINE="1")
    assert "error" not in text
    assert same(load_file(tmp_path / "second.safetensors"), weights)

    text = build_in(tmp_path / "empty", address, tmp_path / "third.safetensors")
    assert not (tmp_path / "third.safetensors").exists()
    error = next(line for line in text.splitlines() if line.startswith("error: "))
    assert error.startswith(
        "error: the pretrained weights of 'test_vit.r160_in1k' are not available ("
    )
    assert error.endswith(
        "run `hf download timm/test_vit.r160_in1k model.safetensors` where there is a network and "
        "copy its cache to cache/hub, or give the file as `checkpoint:`, or set `pretrained: false`"
    )
    assert float(re.search(r"seconds: (\S+)", text)[1]) < 10


def test_network_of_the_hub_out_of_reach_is_one_line(offline, tmp_path):
    with pytest.raises(
        InputError,
        match=(
            r"^config.json of 'hf-hub:org/mine' is not available \(offline mode.*\); run `hf "
            r"download org/mine config.json` .* to hub, or give the name of the network in timm and"
        ),
    ) as error:
        registered({"timm": "hf-hub:org/mine"})
    one_line(error)


@pytest.fixture
def offline(monkeypatch, tmp_path):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", "hub")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "torch"))


@pytest.mark.parametrize("options", [{}, {"cache_dir": "own"}])
def test_offline_mode_says_what_to_download_and_where_to_put_it(offline, options):
    start = time.monotonic()
    with pytest.raises(
        InputError, match=r"the pretrained weights of 'test_resnet' are not available \(.*offline"
    ) as error:
        build_network({"timm": "test_resnet", "options": options}, 3, pretrained=True)
    assert time.monotonic() - start < 5
    assert (
        "`hf download timm/test_resnet.r160_in1k model.safetensors` where there is a network and "
        f"copy its cache to {options.get('cache_dir', 'hub')},"
    ) in one_line(error)


def from_url(url, **others):
    return {
        "timm": "test_resnet",
        "options": {"pretrained_cfg_overlay": {"hf_hub_id": None, "url": url}, **others},
    }


def test_weights_of_a_url_come_from_torchs_cache(serve, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch.hub, "_hub_dir", "torch")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    weights = build_network({"timm": "test_resnet"}).state_dict()
    torch.save(weights, tmp_path / "served.pth")
    address, _, stop = serve({"/w.pth": (tmp_path / "served.pth").read_bytes()})
    assert same(build_network(from_url(f"{address}/w.pth"), pretrained=True).state_dict(), weights)
    stop()
    assert same(build_network(from_url(f"{address}/w.pth"), pretrained=True).state_dict(), weights)
    with pytest.raises(
        InputError,
        match=(
            rf"are not available \(.+\); download {address}/v.pth to torch/checkpoints/v.pth, or "
            r"give the file"
        ),
    ) as error:
        build_network(from_url(f"{address}/v.pth"), pretrained=True)
    one_line(error)
    (tmp_path / "torch/checkpoints/w.pth").write_bytes(b"damaged")
    with pytest.raises(
        InputError,
        match=(
            r"the pretrained weights of 'test_resnet' cannot be loaded \(.+\); clear the cache "
            r"of them"
        ),
    ) as error:
        build_network(from_url(f"{address}/w.pth"), pretrained=True)
    one_line(error)


def test_offline_mode_holds_for_urls_too(serve, offline):
    address, asked, _ = serve({"/w.pth": b""})
    with pytest.raises(InputError, match=r"are not available \(.*HF_HUB_OFFLINE"):
        build_network(from_url(f"{address}/w.pth"), pretrained=True)
    assert not asked


def test_model_without_pretrained_weights_is_named():
    with pytest.raises(
        InputError, match=r"timm has no pretrained weights of 'test_resnet'; give your own as"
    ) as error:
        build_network(from_url(None), pretrained=True)
    one_line(error)
