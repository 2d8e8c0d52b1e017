"""Vision models: built by timm from a recipe, kept as weights with a JSON sidecar."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NotRequired, TypedDict, TypeVar, cast

import numpy as np
import torch

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.core.types import Row, StrPath
from lookalike.models.catalogue import check_name
from lookalike.models.classes import name_classes
from lookalike.models.compiler import import_timm
from lookalike.models.downloads import check_pretrained
from lookalike.models.normalisation import channels_of, normalisation_of, normalised
from lookalike.models.weights import check_values, write_weights

timm = import_timm()
Result = TypeVar("Result")

# Pixels in a batch. More is no faster: on a CPU, larger activations are requested from the system
# again at every layer.
PIXELS_AT_ONCE = {"cpu": 2**18, "cuda": 2**23}


class Recipe(TypedDict):
    """How timm builds a network: its name there, and timm's own keyword arguments."""

    timm: str
    options: NotRequired[dict[str, Any]]


class TimmNetwork(torch.nn.Module):
    """What a timm network offers besides a module's own methods; used for annotations."""

    num_classes: int
    num_features: int
    pretrained_cfg: dict[str, Any]
    forward_features: Callable[[torch.Tensor], torch.Tensor]
    forward_head: Callable[..., Any]
    get_classifier: Callable[[], torch.nn.Module | tuple[torch.nn.Module, ...]]


@dataclass
class VisionModel:
    """A network that takes RGB images in [0, 1] and knows its own normalisation: a classifier, or
    one with a regression head. A network of one channel sees them grey.

    Attributes
    ----------
    net : torch.nn.Module
        In evaluation mode, its parameters frozen.
    mean, std : Tensor, shape (1, 3, 1, 1)
        Of one channel where the network takes grey images.
    classes : list of str
        Names of the outputs; only `score` where the model predicts one.
    most : int, optional
        Images that go through the network at once at most, since more did not fit into the memory
        of the card.
    """

    net: TimmNetwork
    mean: torch.Tensor
    std: torch.Tensor
    classes: list[str]
    most: int | None = None

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.mean.device

    def batch(self, side: int) -> int:
        """Return how many images of a side in pixels go through the network at once."""
        usual = max(1, PIXELS_AT_ONCE[self.device.type] // side**2)
        return min(usual, self.most or usual)

    def in_batches(self, run: Callable[[slice], Result], n: int, side: int) -> Iterator[Result]:
        """Yield what `run` gives for one part of n images after the other. Where the card's memory
        is too small for a part, the batch is halved from then on.

        Raises
        ------
        InputError
            If the memory is too small for one image.
        """
        start = 0
        while start < n:
            part = slice(start, min(start + self.batch(side), n))
            try:
                found = run(part)
            except torch.OutOfMemoryError as error:
                self.halve(side, str(error).splitlines()[0])
            else:
                yield found
                start = part.stop

    def halve(self, side: int, reason: str) -> None:
        """Halve the batch, and say so."""
        batch = self.batch(side)
        if batch == 1:
            raise InputError(
                f"the card's memory is too small for one image of {side} x {side} ({reason}); set "
                "CUDA_VISIBLE_DEVICES= to compute without a card, or lower `images.size`"
            )
        self.most = batch // 2
        print(f"the card's memory is full: {self.most} images at once from now on, not {batch}")
        torch.cuda.empty_cache()

    def normalise(self, images: torch.Tensor) -> torch.Tensor:
        """Return images (n, 3, H, W) in [0, 1] as the network expects them."""
        return normalised(images, self.mean, self.std)

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logits, shape (n, classes), of images (n, 3, H, W) in [0, 1]."""
        return self.net(self.normalise(images))

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Return the penultimate features, shape (n, F), of images (n, 3, H, W) in [0, 1]."""
        return features_of(self.net, self.normalise(images))


def ready(
    net: TimmNetwork,
    mean: Sequence[float],
    std: Sequence[float],
    classes: list[str],
    device: torch.device | str,
) -> VisionModel:
    """Return a network as a `VisionModel`: on a device, in evaluation mode, its parameters frozen;
    mean and std hold a number for each channel.
    """
    centre, spread = (
        torch.tensor(values, device=device).view(1, -1, 1, 1) for values in (mean, std)
    )
    return VisionModel(net.eval().requires_grad_(False).to(device), centre, spread, classes)


def features_of(net: TimmNetwork, inputs: torch.Tensor) -> torch.Tensor:
    """Return the penultimate features, shape (n, F), of normalised images (n, 3, H, W): what the
    head of the network reads.
    """
    read = net.forward_head(net.forward_features(inputs), pre_logits=True)
    return torch.cat(
        [part.flatten(1) for part in (read if isinstance(read, list | tuple) else [read])], dim=1
    )


def build_network(
    recipe: Recipe, n_classes: int | None = None, pretrained: bool = False
) -> TimmNetwork:
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
        For a name or an option that timm does not have, or weights that cannot be obtained.
    """
    name = recipe["timm"]
    architecture, _, tag = name.partition(".")
    check_name(name)
    head: dict[str, Any] = {} if n_classes is None else {"num_classes": n_classes}
    options = recipe.get("options", {})
    try:
        if pretrained:
            source = timm.models.resolve_pretrained_cfg(
                architecture,
                tag or options.get("pretrained_cfg"),
                options.get("pretrained_cfg_overlay"),
            )
            check_pretrained(name, source.to_dict(), options.get("cache_dir"))
        net = timm.create_model(name, pretrained=pretrained, **head, **options)
        if pretrained:
            check_values(f"the pretrained weights of {name!r}", net.state_dict(), net.state_dict())
        return cast(TimmNetwork, net)  # timm annotates it as a plain module
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
            f"the pretrained weights of {name!r} cannot be loaded ({cause}); "
            + ("save them again" if is_local(options) else "clear the cache of them")
            + ", or give a file as `checkpoint:`"
        ) from None


def is_local(options: dict[str, Any]) -> bool:
    """Tell whether the pretrained weights are a file of the user's."""
    source = options.get("pretrained_cfg")
    return isinstance(source, dict) and bool(source.get("file"))


def save_model(path: StrPath, net: TimmNetwork, sidecar: Row) -> None:
    """Write the weights as .safetensors and, under the same name, the sidecar as .json, to which it
    adds what is measured on the network.
    """
    mean, std = normalisation_of(net)
    parameters = sum(parameter.numel() for parameter in net.parameters())
    write_weights(path, net.state_dict())
    measured = {"mean": mean, "std": std, "parameters": parameters, "features": net.num_features}
    io.write_json(Path(path).with_suffix(".json"), sidecar | measured)


@torch.no_grad()
def check_size(net: torch.nn.Module, size: int) -> None:
    """Refuse a network that does not accept images of a size, after one trial."""
    training, channels = net.training, channels_of(net)
    if channels not in (1, 3):
        raise InputError(
            f"{type(net).__name__} takes images of {channels} channels; images here have 3, or 1 "
            "in grey: leave out options: {in_chans}"
        )
    try:
        net.eval()(torch.zeros(1, channels, size, size, device=next(net.parameters()).device))
    except (AssertionError, RuntimeError) as error:
        cause = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"{type(net).__name__} takes no images of {size} x {size} ({cause}); set "
            f"images.size, or its options: {{img_size: {size}}}"
        ) from None
    finally:
        net.train(training)


def describe_import(
    net: TimmNetwork, recipe: Recipe, labels: list[str], path: StrPath | None = None
) -> Row:
    """Return the sidecar of a model that is used as it is."""
    if not net.num_classes:
        raise InputError(
            f"timm model {recipe['timm']!r} has no classifier and so predicts nothing; fine-tune it"
        )
    source = str(path) if path else f"timm {recipe['timm']}"
    return {
        "recipe": recipe,
        "classes": name_classes(
            net.num_classes, labels, net.pretrained_cfg.get("label_names"), own=path is not None
        ),
        "source": source,
        "accuracy": None,
        "epochs": [],
    }


def to_tensor(images: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
    """Return uint8 images (n, H, W, 3) as a float tensor (n, 3, H, W) in [0, 1]."""
    return torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float() / 255


@torch.no_grad()
def in_batches(
    model: VisionModel, run: Callable[[torch.Tensor], torch.Tensor], images: np.ndarray
) -> np.ndarray:
    """Apply `run` to uint8 images (n, H, W, 3) a batch at a time; return an ndarray (n, ...) of
    float32.
    """
    parts = model.in_batches(
        lambda part: run(to_tensor(images[part], model.device)), len(images), images.shape[2]
    )
    return torch.cat(list(parts)).float().cpu().numpy()


def predict(model: VisionModel, images: np.ndarray) -> np.ndarray:
    """Return the logits of uint8 images (n, H, W, 3), ndarray of shape (n, classes), float32."""
    return in_batches(model, model.logits, images)
