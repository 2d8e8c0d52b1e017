"""Explain the smallest network of every family (module) of timm by GradCAM, integrated gradients
and KernelSHAP, with no layer named, and say which maps are valid.

    python bench/sweep.py [--families resnet vgg ...] [--seconds 60] [--gigabytes 6]

Weights are random, so nothing is downloaded: timm's own start with noise, so that no branch is
silent, and statistics of batch norms that fit. Networks that timm made for its own tests are left
out. The image is a photograph of scikit-image, at the smallest side of 96, 128, 160, 224 and timm's
least size that the network takes, or at its own size. A map is valid if it is finite, not constant
and of the right shape: that of the target layer's grid, or of the image. GradCAM may be zero for a
class; the first of ten classes counts for which it is not, from the most predicted one on. Each
family runs in a process with limits of CPU time and memory. Writes docs/swept_models.csv, from
which `make docs` makes docs/models.md; rows of families that were not asked for stay.
"""

import argparse
import csv
import importlib
import multiprocessing
import resource
import sys
from pathlib import Path

import numpy as np
import real_network

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

TABLE = ROOT / "docs/swept_models.csv"
METHODS = {
    "gradcam": {},
    "integrated_gradients": {"steps": 4},
    "kernelshap": {"segments": 12, "samples": 32},
}
COLUMNS = (
    *("timm", "family", "network", "parameters", "size", "layer", "grid"),
    *METHODS,
    "reason",
)
SIDES = (96, 128, 160, 224)
CLASSES = 10
# What is imported once, for all processes.
PRELOADED = (
    "captum.attr",
    "skimage.segmentation",
    "lookalike.images.reading",
    "lookalike.models.layers",
    *(f"lookalike.methods.{method}" for method in METHODS),
)


def smallest_network(family):
    """Return the name of a family's network with the fewest parameters, and their number."""
    import timm
    import torch

    found = []
    for name in timm.list_models(module=family):
        if not name.startswith("test_"):
            with torch.device("meta"):
                net = timm.create_model(name)
            found.append((sum(parameter.numel() for parameter in net.parameters()), name))
    parameters, name = min(found)
    return name, parameters


def accepted_side(net):
    """Return the side of the images that a network is given."""
    from lookalike.core.errors import InputError
    from lookalike.models.networks import check_size

    own, least = (
        net.pretrained_cfg.get(key, (224,))[-1] for key in ("input_size", "min_input_size")
    )
    for side in (*sorted(side for side in {*SIDES, least} if side < own), own):
        try:
            check_size(net, side)
        except InputError as error:
            reason = error
        else:
            return side
    raise reason


def randomise(net, side):
    """Give a network random weights by which every branch speaks, and batch norms that fit."""
    import torch

    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
        norms = [
            module
            for module in net.modules()
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm)
        ]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
            norm.train()
        if norms:
            net(torch.randn(2, 3, side, side))
    net.eval()


def fault_of(maps, shape):
    """Return what is wrong with the map of one image; empty if nothing is."""
    if maps.shape != (1, *shape):
        return f"shape {maps.shape[1:]}, not {shape}"
    if not np.isfinite(maps).all():
        return "not finite"
    return "" if np.ptp(maps) > 1e-3 * np.abs(maps).max() else "constant"


def sweep_network(name, send):
    """Explain one image by one network, and send what is found as parts of a row."""
    import torch

    from lookalike.core import registry
    from lookalike.core.errors import InputError
    from lookalike.models.layers import measure_layer
    from lookalike.models.networks import build_network, ready
    from lookalike.models.normalisation import normalisation_of

    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = build_network({"timm": name}, CLASSES).eval()
    side = accepted_side(net)
    send({"size": side})
    randomise(net, side)
    model = ready(net, *normalisation_of(net), [str(number) for number in range(CLASSES)], "cpu")
    image = real_network.load_photographs(["chelsea.png"], side)
    with torch.no_grad():
        classes = model.logits(image)[0].argsort(descending=True)
    shapes = dict.fromkeys(METHODS, (side, side))
    try:
        about = measure_layer(net, (side, side))
    except InputError as error:
        send({"gradcam": "refused", "reason": str(error)})
    else:
        shapes["gradcam"] = about["grid"]
        send({"layer": about["layer"], "grid": "{} x {}".format(*about["grid"])})
    for method, options in METHODS.items():
        for target in classes:
            try:
                maps, _ = registry.get("method", method)(model, image, target[None], [0], **options)
            except InputError as error:
                send({method: "refused", "reason": str(error)})
                break
            fault = fault_of(maps, shapes[method])
            send({method: fault or "valid"})
            if not (method == "gradcam" and fault == "constant"):
                break


def run_alone(name, connection, seconds, gigabytes):
    """Sweep a network within limits, in a process of its own."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_DATA, (gigabytes * 2**30,) * 2)
    try:
        sweep_network(name, connection.send)
    except Exception as error:
        text = " ".join(str(error).split())
        memory = isinstance(error, MemoryError) or "allocate memory" in text
        reason = f"needs over {gigabytes} GB" if memory else f"{type(error).__name__}: {text}"
        connection.send({"reason": reason[:300]})


def sweep_family(family, seconds, gigabytes):
    """Return the row of a family."""
    import timm

    name, parameters = smallest_network(family)
    row = {"timm": timm.__version__, "family": family, "network": name, "parameters": parameters}
    receiving, sending = multiprocessing.Pipe(duplex=False)
    # Forked, so that torch and timm need not be imported anew.
    process = multiprocessing.get_context("fork").Process(
        target=run_alone, args=(name, sending, seconds, gigabytes)
    )
    process.start()
    sending.close()
    process.join(5 * seconds)
    process.kill()
    process.join()
    while receiving.poll():
        try:
            row |= receiving.recv()
        except EOFError:
            break
    if process.exitcode:
        row.setdefault("reason", f"needs over {seconds} s")
    return {column: row.get(column, "") for column in COLUMNS}


def main():
    """Sweep the families, and write the table after each."""
    import timm

    for module in PRELOADED:
        importlib.import_module(module)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--families", nargs="+", default=timm.list_modules())
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--gigabytes", type=int, default=6)
    given = parser.parse_args()
    rows = {}
    if TABLE.is_file():
        with TABLE.open(newline="", encoding="utf-8") as file:
            rows = {row["family"]: row for row in csv.DictReader(file)}
    for family in given.families:
        rows[family] = sweep_family(family, given.seconds, given.gigabytes)
        print(*rows[family].values(), sep=" | ", flush=True)
        with TABLE.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows[name] for name in sorted(rows))
    valid = sum(all(row[method] == "valid" for method in METHODS) for row in rows.values())
    print(f"{valid} of {len(rows)} families give three valid maps")


if __name__ == "__main__":
    main()
