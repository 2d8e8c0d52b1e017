"""Vision models: built by timm from a recipe, kept as weights beside a JSON sidecar."""

from dataclasses import dataclass
from pathlib import Path

import timm
import torch

from lookalike import io
from lookalike.errors import InputError, unknown
from lookalike.weights import read_weights, write_weights


@dataclass
class VisionModel:
    """A classifier that takes RGB images in [0, 1] and knows its own normalisation.

    Attributes
    ----------
    net : torch.nn.Module
        In evaluation mode, its parameters frozen.
    mean, std : Tensor, shape (1, 3, 1, 1)
    classes : list of str
    """

    net: torch.nn.Module
    mean: torch.Tensor
    std: torch.Tensor
    classes: list

    @property
    def device(self):
        """Where the weights are."""
        return self.mean.device

    @property
    def batch(self):
        """How many images go through the network at once."""
        return 64 if self.device.type == "cpu" else 256

    def normalise(self, images):
        """Return images (n, 3, H, W) in [0, 1] as the network wants them."""
        return (images - self.mean) / self.std

    def logits(self, images):
        """Return the logits, shape (n, classes), of images (n, 3, H, W) in [0, 1]."""
        return self.net(self.normalise(images))


def build_network(recipe, n_classes=None, pretrained=False):
    """Build a timm network.

    Parameters
    ----------
    recipe : dict
        `timm`, the name, and `options`, timm's own keyword arguments.
    n_classes : int, optional
        Size of a fresh head; None keeps the head of the pretrained weights.
    pretrained : bool
        Whether to load timm's weights, from its cache or over the network.

    Raises
    ------
    InputError
        For a name or an option that timm does not have, or weights that cannot be had.
    """
    name = recipe["timm"]
    architecture, _, tag = name.partition(".")
    if not timm.is_model(architecture):
        raise unknown("timm model", architecture, timm.list_models())
    tagged = timm.list_pretrained(f"{architecture}.*")
    if tag and name not in tagged:
        raise unknown("timm model", name, tagged)
    head = {} if n_classes is None else {"num_classes": n_classes}
    try:
        return timm.create_model(name, pretrained=pretrained, **head, **recipe.get("options", {}))
    except (TypeError, AssertionError) as error:
        raise InputError(f"timm model {name!r} does not take the options {recipe.get('options')}: {str(error) or 'a value is not supported'}") from None
    except (OSError, RuntimeError) as error:
        if not pretrained:
            raise
        cause = str(error).strip().splitlines()[0]
        raise InputError(
            f"the pretrained weights of {name!r} cannot be had ({cause}); download them into timm's cache, give `checkpoint:`, or set `pretrained: false`"
        ) from None


def normalisation_of(net):
    """Return mean and std of the data that a timm network was made for, each a list of 3."""
    config = timm.data.resolve_model_data_config(net)
    return list(config["mean"]), list(config["std"])


def save_model(path, net, sidecar):
    """Write the weights as .safetensors and the sidecar as .json."""
    mean, std = normalisation_of(net)
    parameters = sum(parameter.numel() for parameter in net.parameters())
    write_weights(path, net.state_dict())
    io.write_json(Path(path).with_suffix(".json"), sidecar | {"mean": mean, "std": std, "parameters": parameters})


def load_model(path, device="cpu"):
    """Return the `VisionModel` of a checkpoint that `save_model` wrote."""
    sidecar = io.read_json(Path(path).with_suffix(".json"))
    net = build_network(sidecar["recipe"], len(sidecar["classes"]))
    net.load_state_dict(read_weights(path))
    net.eval().requires_grad_(False).to(device)
    mean, std = (torch.tensor(sidecar[name], device=device).view(1, 3, 1, 1) for name in ("mean", "std"))
    return VisionModel(net, mean, std, sidecar["classes"])


def import_weights(recipe, weights, path):
    """Build the network of a recipe around the state dict of a file, whose head sets the number of classes.

    Raises
    ------
    InputError
        If a single name is missing, unexpected, or of another shape.
    """
    weights = {name.removeprefix("module."): tensor for name, tensor in weights.items()}
    net = build_network(recipe)
    classifier = net.pretrained_cfg["classifier"]
    # Distilled transformers have two, of one size.
    classifier = classifier if isinstance(classifier, str) else classifier[0]
    head = [f"{classifier}.weight", f"head.{classifier}.weight"]
    found = next((weights[name] for name in head if name in weights), None)
    if found is None:
        raise InputError(f"{path}: holds no classifier {head[0]!r}: is it of another architecture than {recipe['timm']!r}?")
    net = build_network(recipe, found.shape[0])
    expected = net.state_dict()
    missing, unexpected = sorted(expected.keys() - weights.keys()), sorted(weights.keys() - expected.keys())
    misshapen = [name for name in expected.keys() & weights.keys() if expected[name].shape != weights[name].shape]
    if missing or unexpected or misshapen:
        first = (missing + unexpected + sorted(misshapen))[0]
        counts = f"{len(missing)} weights missing, {len(unexpected)} unexpected, {len(misshapen)} of another shape"
        raise InputError(f"{path}: is no checkpoint of {recipe['timm']!r}: {counts}, for example {first!r}")
    net.load_state_dict(weights)
    return net


@torch.no_grad()
def check_size(net, size):
    """Refuse a network that does not take images of a size, after one trial."""
    training = net.training
    try:
        net.eval()(torch.zeros(1, 3, size, size, device=next(net.parameters()).device))
    except (AssertionError, RuntimeError) as error:
        cause = str(error).strip().splitlines()[0]
        raise InputError(f"{type(net).__name__} takes no images of {size} x {size} ({cause}); set images.size, or its options: {{img_size: {size}}}") from None
    finally:
        net.train(training)


def describe_import(net, recipe, labels, path=None):
    """Return the sidecar of a model that is used as it is; its classes are the images' labels if their number fits."""
    outputs = net.num_classes
    if not outputs:
        raise InputError(f"timm model {recipe['timm']!r} has no classifier, so that it predicts nothing; fine-tune it")
    classes = labels if outputs == len(labels) else [str(index) for index in range(outputs)]
    return {"recipe": recipe, "classes": classes, "source": str(path) if path else f"timm {recipe['timm']}", "accuracy": None, "epochs": []}


def targets_of(predictions, target, name):
    """Return the class index of every image that is to be explained.

    Parameters
    ----------
    predictions : dict of ndarray
        As `predict_images` wrote them.
    target : {"predicted", "label"}
    name : str
        Of the model, for the error.
    """
    if target == "predicted":
        return predictions["predicted"]
    place = {label: index for index, label in enumerate(predictions["classes"].tolist())}
    missing = sorted(set(predictions["labels"].tolist()) - place.keys())
    if missing:
        raise InputError(f"target: label: model {name!r} has no class {missing[0]!r}; use target: predicted")
    return [place[label] for label in predictions["labels"].tolist()]


def to_tensor(images, device="cpu"):
    """Return uint8 images (n, H, W, 3) as a float tensor (n, 3, H, W) in [0, 1]."""
    return torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float() / 255


@torch.no_grad()
def predict(model, images, batch=64):
    """Return the logits of uint8 images, ndarray of shape (n, classes), float32."""
    parts = [model.logits(to_tensor(images[start : start + batch], model.device)) for start in range(0, len(images), batch)]
    return torch.cat(parts).cpu().numpy()
