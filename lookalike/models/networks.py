"""Vision models: built by timm from a recipe, kept as weights beside a JSON sidecar."""

from dataclasses import dataclass
from pathlib import Path

import timm
import torch

from lookalike.core import io
from lookalike.core.errors import InputError, unknown
from lookalike.models.weights import check_pretrained, write_weights

# More is no faster: on a CPU the activations of larger batches are memory that is asked anew of the
# system at every layer.
PIXELS_AT_ONCE = {"cpu": 2**18, "cuda": 2**23}


@dataclass
class VisionModel:
    """A network that takes RGB images in [0, 1] and knows its own normalisation: a classifier, or
    one with a regression head.

    Attributes
    ----------
    net : torch.nn.Module
        In evaluation mode, its parameters frozen.
    mean, std : Tensor, shape (1, 3, 1, 1)
    classes : list of str
        Of its outputs; `score` alone where it predicts one.
    """

    net: torch.nn.Module
    mean: torch.Tensor
    std: torch.Tensor
    classes: list

    @property
    def device(self):
        """Where the weights are."""
        return self.mean.device

    def batch(self, side):
        """Return how many images of a side in pixels go through the network at once."""
        return max(1, PIXELS_AT_ONCE[self.device.type] // side**2)

    def normalise(self, images):
        """Return images (n, 3, H, W) in [0, 1] as the network wants them."""
        return (images - self.mean) / self.std

    def logits(self, images):
        """Return the logits, shape (n, classes), of images (n, 3, H, W) in [0, 1]."""
        return self.net(self.normalise(images))

    def features(self, images):
        """Return the penultimate features, shape (n, F), of images (n, 3, H, W) in [0, 1]."""
        return features_of(self.net, self.normalise(images))


def ready(net, mean, std, classes, device):
    """Return a network as a `VisionModel`: on a device, in evaluation mode, its parameters frozen;
    mean and std are lists of 3.
    """
    mean, std = (torch.tensor(values, device=device).view(1, 3, 1, 1) for values in (mean, std))
    return VisionModel(net.eval().requires_grad_(False).to(device), mean, std, classes)


def features_of(net, inputs):
    """Return what the head of a timm network reads of normalised images (n, 3, H, W), shape (n,
    F).
    """
    read = net.forward_head(net.forward_features(inputs), pre_logits=True)
    return torch.cat(
        [part.flatten(1) for part in (read if isinstance(read, list | tuple) else [read])], dim=1
    )


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
    options = recipe.get("options", {})
    try:
        if pretrained:
            source = timm.models.resolve_pretrained_cfg(
                architecture,
                tag or options.get("pretrained_cfg"),
                options.get("pretrained_cfg_overlay"),
            )
            check_pretrained(name, source.to_dict(), options.get("cache_dir"))
        return timm.create_model(name, pretrained=pretrained, **head, **options)
    except InputError:
        raise
    except (TypeError, AssertionError) as error:
        raise InputError(
            f"timm model {name!r} does not take the options {options}: "
            f"{str(error) or 'a value is not supported'}"
        ) from None
    except Exception as error:
        if not pretrained:
            raise
        cause = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"the pretrained weights of {name!r} cannot be loaded ({cause}); clear the cache "
            "of them, or give a file as `checkpoint:`"
        ) from None


def normalisation_of(net):
    """Return mean and std of the data that a timm network was made for, each a list of 3."""
    config = timm.data.resolve_model_data_config(net)
    return list(config["mean"]), list(config["std"])


def save_model(path, net, sidecar):
    """Write the weights as .safetensors and the sidecar, with what is measured on the network, as
    .json.
    """
    mean, std = normalisation_of(net)
    parameters = sum(parameter.numel() for parameter in net.parameters())
    write_weights(path, net.state_dict())
    measured = {"mean": mean, "std": std, "parameters": parameters, "features": net.num_features}
    io.write_json(Path(path).with_suffix(".json"), sidecar | measured)


@torch.no_grad()
def check_size(net, size):
    """Refuse a network that does not take images of a size, after one trial."""
    training = net.training
    try:
        net.eval()(torch.zeros(1, 3, size, size, device=next(net.parameters()).device))
    except (AssertionError, RuntimeError) as error:
        cause = str(error).strip().splitlines()[0]
        raise InputError(
            f"{type(net).__name__} takes no images of {size} x {size} ({cause}); set "
            f"images.size, or its options: {{img_size: {size}}}"
        ) from None
    finally:
        net.train(training)


def describe_import(net, recipe, labels, path=None):
    """Return the sidecar of a model that is used as it is."""
    if not net.num_classes:
        raise InputError(
            f"timm model {recipe['timm']!r} has no classifier, so that it predicts nothing; "
            "fine-tune it"
        )
    source = str(path) if path else f"timm {recipe['timm']}"
    return {
        "recipe": recipe,
        "classes": name_classes(net, labels),
        "source": source,
        "accuracy": None,
        "epochs": [],
    }


def name_classes(net, labels):
    """Return the names of a network's classes: WordNet's if the labels are such, the labels if
    their number fits, else numbers.
    """
    subset = timm.data.infer_imagenet_subset(net)
    names = timm.data.ImageNetInfo(subset).label_names() if subset else []
    if set(labels) <= set(names):
        return names
    return (
        labels
        if net.num_classes == len(labels)
        else [str(index) for index in range(net.num_classes)]
    )


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
        raise InputError(
            f"target: label: model {name!r} has no class {missing[0]!r} among its "
            f"{len(place)}; fine-tune it (`finetune: true`), or use target: predicted"
        )
    return [place[label] for label in predictions["labels"].tolist()]


def to_tensor(images, device="cpu"):
    """Return uint8 images (n, H, W, 3) as a float tensor (n, 3, H, W) in [0, 1]."""
    return torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float() / 255


@torch.no_grad()
def in_batches(run, images, batch, device):
    """Return what `run` gives for uint8 images (n, H, W, 3), a batch of them at a time, as one
    ndarray (n, ...), float32.
    """
    parts = [
        run(to_tensor(images[start : start + batch], device))
        for start in range(0, len(images), batch)
    ]
    return torch.cat(parts).float().cpu().numpy()


def predict(model, images):
    """Return the logits of uint8 images (n, H, W, 3), ndarray of shape (n, classes), float32."""
    return in_batches(model.logits, images, model.batch(images.shape[2]), model.device)
