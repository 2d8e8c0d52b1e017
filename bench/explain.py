"""Time the explanation methods against pytorch-grad-cam, captum and shap, in CPU seconds.

    pip install --no-deps --target FOLDER grad-cam ttach opencv-python-headless shap slicer
    python bench/explain.py --peers FOLDER [--models resnet50 convnext_nano deit_small_patch16_224]
    [--images 4] [--rounds 3]

Random weights, 224 x 224, one thread. Each method runs once to warm up, then in turn with its peer,
which gets the same network, images, classes, layer and options, and its images in one batch where
it can. Times are medians over the rounds. `forwards`: CPU time of a method over that of one forward
pass of the same images. `ratio`: that of the peer over ours. `alike`: median correlation of both
maps over the images, for a peer of the same definition; ours are enlarged to the peer's size, or
the peer's averaged. Prints a table for bench/RESULTS.md; asserts nothing.
"""

import argparse
import copy
import statistics
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import real_network

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

MODELS = ("resnet18", "resnet50", "convnext_nano", "deit_small_patch16_224")
# Names of pytorch-grad-cam's classes.
CAMS = {
    "gradcam": "GradCAM",
    "gradcam_pp": "GradCAMPlusPlus",
    "hirescam": "HiResCAM",
    "xgradcam": "XGradCAM",
    "layercam": "LayerCAM",
    "eigencam": "EigenCAM",
}
# With a pass for each channel, or for each of many samples: one image.
SLOW = ("ablationcam", "scorecam", "kernelshap", "lime", "occlusion", "rise")
OPTIONS = {
    "integrated_gradients": {"steps": 16},
    "kernelshap": {"segments": 50, "samples": 64},
    "smoothgrad": {"samples": 8},
    "gradient_shap": {"samples": 8},
    "lime": {"segments": 50, "samples": 64},
    "occlusion": {"windows": [0.25]},
    "rise": {"samples": 64},
}


def cpu_seconds(function):
    """Return the CPU seconds of a call, and its result."""
    start = time.process_time()
    found = function()
    return time.process_time() - start, found


def cam_peer(model, layer, images, targets, kind):
    """Return a call of pytorch-grad-cam; a ViT needs to be told how its tokens lie on a grid."""
    import pytorch_grad_cam
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    from lookalike.models.grids import to_grid

    size = images.shape[2:]
    inputs = model.normalise(images)
    # It fails where weights need no gradient.
    net = copy.deepcopy(model.net).requires_grad_(True)
    explainer = getattr(pytorch_grad_cam, kind)(
        net,
        [net.get_submodule(layer)],
        reshape_transform=lambda found: to_grid(found, net, size),
    )
    chosen = [ClassifierOutputTarget(int(target)) for target in targets]
    return lambda: explainer(input_tensor=inputs.clone(), targets=chosen)


def captum_peer(model, images, targets, name):
    """Return a call of captum."""
    from captum import attr

    from lookalike.methods.kernelshap import superpixels

    inputs = model.normalise(images)
    options = OPTIONS.get(name, {})
    if name in ("saliency", "input_x_gradient", "guided_backprop", "deeplift"):
        kinds = {
            "saliency": attr.Saliency,
            "input_x_gradient": attr.InputXGradient,
            "guided_backprop": attr.GuidedBackprop,
            "deeplift": attr.DeepLift,
        }
        return lambda: kinds[name](model.net).attribute(
            inputs.clone().requires_grad_(), target=targets
        )
    if name == "integrated_gradients":
        return lambda: attr.IntegratedGradients(model.net).attribute(
            inputs, target=targets, n_steps=options["steps"], internal_batch_size=len(inputs)
        )
    if name == "smoothgrad":
        return lambda: attr.NoiseTunnel(attr.Saliency(model.net)).attribute(
            inputs.clone().requires_grad_(),
            nt_type="smoothgrad",
            nt_samples=options["samples"],
            nt_samples_batch_size=1,
            target=targets,
        )
    if name == "gradient_shap":
        return lambda: attr.GradientShap(model.net).attribute(
            inputs, inputs * 0, n_samples=options["samples"], target=targets
        )
    if name == "occlusion":
        side = round(options["windows"][0] * images.shape[2])
        return lambda: attr.Occlusion(model.net).attribute(
            inputs,
            (3, side, side),
            (3, side // 2, side // 2),
            target=targets,
            perturbations_per_eval=model.batch(images.shape[2]),
        )
    import torch

    labels = torch.tensor(superpixels(images[0].permute(1, 2, 0).numpy(), options["segments"]))
    kind = {"kernelshap": attr.KernelShap, "lime": attr.Lime}[name]
    return lambda: kind(model.net).attribute(
        inputs,
        target=targets,
        feature_mask=labels[None, None],
        n_samples=options["samples"],
        perturbations_per_eval=model.batch(images.shape[2]),
    )


def shap_peer(model, images, targets):
    """Return a call of shap's KernelExplainer on superpixels."""
    import shap
    import torch

    from lookalike.methods.kernelshap import superpixels

    options = OPTIONS["kernelshap"]
    inputs = model.normalise(images)
    labels = superpixels(images[0].permute(1, 2, 0).numpy(), options["segments"])
    count = int(labels.max()) + 1

    def score(shown):
        found = []
        for some in np.array_split(shown, max(1, len(shown) // model.batch(images.shape[2]))):
            kept = torch.tensor(some[:, labels], dtype=torch.bool)[:, None]
            with torch.no_grad():
                found.append(model.net(torch.where(kept, inputs, 0 * inputs))[:, int(targets[0])])
        return torch.cat(found).double().numpy()

    explainer = shap.KernelExplainer(score, np.zeros((1, count)))
    return lambda: explainer.shap_values(
        np.ones((1, count)), nsamples=options["samples"], silent=True
    )


def peers_of(name, model, layer, images, targets):
    """Return the calls of others that do what a method does, by package."""
    if name in CAMS:
        return {"pytorch-grad-cam": cam_peer(model, layer, images, targets, CAMS[name])}
    if name in ("ablationcam", "scorecam"):
        kind = {"ablationcam": "AblationCAM", "scorecam": "ScoreCAM"}[name]
        return {"pytorch-grad-cam": cam_peer(model, layer, images, targets, kind)}
    if name in ("fullgrad", "rise"):
        return {}
    found = {"captum": captum_peer(model, images, targets, name)}
    if name == "kernelshap":
        found["shap"] = shap_peer(model, images, targets)
    return found


def likeness(ours, theirs):
    """Return the median correlation of two stacks of maps."""
    import torch

    if not isinstance(theirs, np.ndarray) or theirs.ndim != 3:
        return None
    enlarged = torch.nn.functional.interpolate(
        torch.tensor(ours)[:, None], theirs.shape[1:], mode="bilinear"
    )[:, 0].numpy()
    pairs = zip(enlarged, theirs, strict=True)
    return statistics.median(float(np.corrcoef(a.ravel(), b.ravel())[0, 1]) for a, b in pairs)


def rows_of(name, given, methods):
    """Return the rows of one network."""
    import torch

    from lookalike.core import registry
    from lookalike.core.errors import InputError
    from lookalike.models.layers import target_layer
    from lookalike.models.networks import VisionModel, build_network, normalisation_of

    torch.manual_seed(0)
    net = build_network({"timm": name}, 1000).eval().requires_grad_(False)
    mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in normalisation_of(net))
    model = VisionModel(net, mean, std, [str(number) for number in range(1000)])
    chosen = target_layer(net, size=(224, 224))
    layer = next(path for path, module in net.named_modules() if module is chosen)
    rows = []
    for method in methods:
        count = 1 if method in SLOW else given.images
        images = real_network.load_photographs(real_network.OF_SCIKIT_IMAGE[:count])
        targets = torch.arange(count)
        card, options = registry.get("method", method), OPTIONS.get(method, {})

        def ours(card=card, options=options, images=images, targets=targets):
            return card(model, images, targets, list(range(len(images))), **options)[0]

        def forward(images=images):
            with torch.no_grad():
                return model.logits(images)

        try:
            ours()
        except InputError as error:
            print(f"{name}, {method}: {error}", file=sys.stderr)
            continue
        others, refused = {}, {}
        for package, call in peers_of(method, model, layer, images, targets).items():
            try:
                call()
                others[package] = call
            except Exception as error:
                refused[package] = type(error).__name__
        times = {key: [] for key in ("forward", "ours", *others)}
        found = {}
        for _ in range(given.rounds):
            for key, call in {"forward": forward, "ours": ours, **others}.items():
                seconds, found[key] = cpu_seconds(call)
                times[key].append(seconds)
        middle = {key: statistics.median(all_) for key, all_ in times.items()}
        for package in others or {"": None}:
            alike = likeness(found["ours"], found[package]) if package else None
            rows.append(
                (
                    name,
                    method,
                    f"{middle['ours'] / middle['forward']:.2f}",
                    package or "–",
                    f"{middle[package] / middle['ours']:.2f}" if package else "–",
                    "–" if alike is None else f"{alike:.4f}",
                )
            )
            print("| " + " | ".join(rows[-1]) + " |", flush=True)
        for package, reason in refused.items():
            print(f"| {name} | {method} | | {package} | fails: {reason} | – |", flush=True)
    return rows


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--methods", nargs="+")
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    sys.path.append(str(given.peers))
    warnings.simplefilter("ignore")
    import torch

    from lookalike.core import registry

    torch.set_num_threads(1)
    every = [
        name
        for name in registry.names("method")
        if (card := registry.get("method", name)).needs_model
        and card.targets == "classes"
        and not name.startswith("attention_")
    ]
    print("| network | method | forwards | peer | ratio | alike |\n|---|---|---|---|---|---|")
    for name in given.models:
        rows_of(name, given, given.methods or every)


if __name__ == "__main__":
    main()
