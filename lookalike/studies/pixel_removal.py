"""What a network predicts when pixels are inserted or removed, in the order of a saliency map."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lookalike.core.seeding import rng_of
from lookalike.images.reading import load_images
from lookalike.maps.views import repair_cell, view
from lookalike.methods.baselines import blur
from lookalike.methods.explain import Targets
from lookalike.studies.explainer import Explainer

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel

# By score, whether a map is better where the score is higher, 1, or lower, -1.
SCORES = {"insertion": 1, "deletion": -1, "road": -1}
# Of ROAD: the noise's standard deviation, in normalised space, and a residual far below it.
NOISE, RESIDUAL = 0.01, 1e-4
# From images of some places, and which of their pixels are chosen, to inputs of the network.
Change = Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]
# From each method and model to its curves: probability and whether the class is the most probable
# one, by score (images, maps, steps), with two maps: the method's, and the same shifted.
Curves = Mapping[tuple[str, str], Mapping[str, tuple[np.ndarray, np.ndarray]]]


def score_maps(
    explainer: Explainer,
    model: "VisionModel",
    name: str,
    targets: Targets,
    methods: Mapping[str, tuple[Callable[[str], np.ndarray], Mapping[str, Any]]],
    steps: int,
) -> dict[tuple[str, str], dict[str, tuple[np.ndarray, np.ndarray]]]:
    """Remove and insert the pixels of each image in the order of the maps of all methods.

    Parameters
    ----------
    explainer : Explainer
    model : VisionModel
    name : str
        Of the model.
    targets : list of int
        Class of each image.
    methods : dict
        By name, a function from an image to its raw map, and the options of its view.
    steps : int

    Returns
    -------
    dict
        As `Curves`. ROAD ends one step before all pixels are removed.
    """
    import torch

    from lookalike.models.networks import to_tensor

    images = load_images(explainer.chosen, explainer.size, explainer.fit, explainer.threads)
    present = model.normalise(to_tensor(images, model.device))
    drawn = [
        rng_of(explainer.seed, "faithfulness", image).standard_normal(present.shape[1:])
        for image in explainer.images
    ]
    noise = NOISE * torch.as_tensor(np.stack(drawn)).to(present)
    orders = np.concatenate(
        [
            ordered_and_shifted(
                read(image),
                about,
                explainer.size,
                rng_of(explainer.seed, "faithfulness", method, name, image),
            )
            for method, (read, about) in methods.items()
            for image in explainer.images
        ]
    )
    shape = (len(methods), len(explainer.images), 2)
    owners = np.tile(np.repeat(np.arange(shape[1]), 2), len(methods))
    counts = counts_of(explainer.size**2, steps)
    found: dict[tuple[str, str], dict[str, tuple[np.ndarray, np.ndarray]]] = {
        (method, name): {} for method in methods
    }
    for score, change in changes(present, noise).items():
        chosen = counts[:-1] if score == "road" else counts
        values = [
            table.reshape(*shape, -1)
            for table in score_steps(model, targets, owners, orders, chosen, change)
        ]
        for own, *pair in zip(found.values(), *values, strict=True):
            own[score] = (pair[0], pair[1])
    return found


def ordered_and_shifted(
    raw: np.ndarray, options: Mapping[str, Any], size: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the order of the pixels of an image by a map, and by the same map shifted by chance.

    The map is shifted on its native grid, round the edges, before it is resized as raw maps are:
    thus both have the same grain, which noise of single pixels has not. Patches and scattered
    pixels of one area change a prediction by far different amounts, wherever they lie.

    Parameters
    ----------
    raw : ndarray, shape (h, w)
        On its native grid.
    options : dict
        Of the method's view; only the order counts, so that its size and scale do not.
    size : int
        Side of the image.
    rng : Generator

    Returns
    -------
    ndarray, shape (2, size, size), int
        As of `order_of`.
    """
    if options.get("repair"):
        raw = repair_cell(raw, *options["repair"])
    shifted = np.roll(raw, rng.integers(raw.shape), (0, 1))
    chosen = {**options, "size": size, "scale": "none", "repair": None}
    return np.stack([order_of(view(one, **chosen)) for one in (raw, shifted)])


def order_of(saliency: np.ndarray) -> np.ndarray:
    """Return the place of each pixel in the order of a map, from 0 for the most salient one.

    Ties are broken by position, row by row: the pixel further up, or left of it, comes first.
    """
    order = np.argsort(-saliency, axis=None, kind="stable")
    places = np.empty(saliency.size, np.int32)
    places[order] = np.arange(saliency.size)
    return places.reshape(saliency.shape)


def counts_of(pixels: int, steps: int) -> np.ndarray:
    """Return how many pixels are chosen at each of steps + 1 shares from none to all, evenly."""
    return pixels * np.arange(steps + 1) // steps


def changes(present: "torch.Tensor", noise: "torch.Tensor") -> dict[str, Change]:
    """Return how the chosen pixels change normalised images (n, c, H, W), by score.

    Parameters
    ----------
    present : Tensor, shape (n, c, H, W)
    noise : Tensor, shape (n, c, H, W)
        Of ROAD, the same at all steps and for all maps of an image.

    Returns
    -------
    dict
        `insertion` into the blurred image and `deletion` to 0, the mean colour (Petsiuk et al.
        2018, arXiv:1806.07421); `road`: noisy linear imputation (Rong et al. 2022,
        arXiv:2202.00449).
    """
    import torch

    blurred = blur(present)
    return {
        "insertion": lambda whose, chosen: torch.where(chosen, present[whose], blurred[whose]),
        "deletion": lambda whose, chosen: present[whose].masked_fill(chosen, 0),
        "road": lambda whose, chosen: torch.where(
            chosen, impute(present[whose], chosen) + noise[whose], present[whose]
        ),
    }


def impute(
    images: "torch.Tensor", removed: "torch.Tensor", residual: float = RESIDUAL
) -> "torch.Tensor":
    """Return images whose removed pixels are the weighted means of their eight neighbours, which
    are found for all pixels at once by conjugate gradients.

    Neighbours in a row or a column weigh twice as much as those on a diagonal; pixels outside the
    image weigh nothing.

    Parameters
    ----------
    images : Tensor, shape (n, c, H, W)
    removed : Tensor, shape (n, 1, H, W), bool
        At least one pixel of each image must stay.
    residual : float
        Norm of what is left of each equation system, as a share of its right-hand side's.
    """
    import torch

    sums = neighbours(torch.ones_like(images[:1, :1]))
    unknown, products = removed.to(images), torch.empty_like(images)

    def apply(x: torch.Tensor) -> torch.Tensor:
        return neighbours(x).neg_().addcmul_(sums, x).mul_(unknown)

    def dot(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return torch.mul(x, y, out=products).sum(dim=(2, 3), keepdim=True)

    known = images * (1 - unknown)
    wanted = unknown * neighbours(known)
    # The mean of what is known is near the solution in the middle of what is removed.
    found = unknown * known.sum(dim=(2, 3), keepdim=True) / (1 - unknown).sum((2, 3), keepdim=True)
    rest = wanted - apply(found)
    direction, square, least = rest.clone(), dot(rest, rest), residual**2 * dot(wanted, wanted)
    tiny = torch.finfo(images.dtype).tiny
    # Rounding may keep a residual from ever being so small.
    for _ in range(10 * sum(images.shape[2:])):
        # What is found stays as it is, so that images do not depend on those next to them.
        going = square > least
        if not going.any():
            break
        applied = apply(direction)
        step = going * square / dot(direction, applied).clamp_min(tiny)
        found.addcmul_(step, direction)
        rest.addcmul_(step, applied, value=-1)
        after = dot(rest, rest)
        direction.mul_(after / square.clamp_min(tiny)).add_(rest)
        square = after
    return torch.where(removed, found, images)


def neighbours(x: "torch.Tensor") -> "torch.Tensor":
    """Return the weighted sum of the eight neighbours of each pixel, of maps (n, c, H, W)."""
    import torch

    # In place where possible: fresh memory took most of the time.
    wide = torch.nn.functional.pad(x, (1, 1, 1, 1))
    rows = (wide[:, :, :-2] + wide[:, :, 2:]).add_(wide[:, :, 1:-1], alpha=2)
    found = (rows[..., :-2] + rows[..., 2:]).add_(rows[..., 1:-1], alpha=2)
    return found.sub_(x, alpha=4).div_(12)


def score_steps(
    model: "VisionModel",
    targets: Targets,
    owners: Sequence[int] | np.ndarray,
    orders: np.ndarray,
    counts: np.ndarray,
    change: Change,
) -> tuple[np.ndarray, np.ndarray]:
    """Return what a network predicts when so many pixels are changed, the most salient ones first.

    Batches hold steps of several images, so that they are full.

    Parameters
    ----------
    model : VisionModel
    targets : list of int, shape (n,)
        Class of each image.
    owners : list of int, shape (m,)
        The image of each map.
    orders : ndarray, shape (m, H, W), int
        As of `order_of`.
    counts : ndarray, shape (steps,), int
    change : callable
        As of `changes`.

    Returns
    -------
    probabilities : ndarray, shape (m, steps), float64
        Of the image's class.
    correct : ndarray, shape (m, steps), bool
        Whether that class is the most probable one.
    """
    import torch

    device, maps = model.device, len(orders)
    places = torch.as_tensor(orders, device=device)[:, None]
    least, whose, classes = (
        torch.as_tensor(np.asarray(values), device=device) for values in (counts, owners, targets)
    )

    def run(part: slice) -> torch.Tensor:
        items = torch.arange(part.start, part.stop, device=device)
        own, step = items // len(counts), items % len(counts)
        chosen = places[own] < least[step].view(-1, 1, 1, 1)
        logits = model.net(change(whose[own], chosen)).double()
        wanted = classes[whose[own]]
        found = logits.softmax(dim=1).gather(1, wanted[:, None])[:, 0]
        return torch.stack([found, (logits.argmax(dim=1) == wanted).double()], dim=1).cpu()

    with torch.no_grad():
        parts = list(model.in_batches(run, maps * len(counts), orders.shape[2]))
    found = torch.cat(parts).numpy().reshape(maps, len(counts), 2)
    return found[..., 0], found[..., 1].astype(bool)


def areas(probabilities: np.ndarray) -> np.ndarray:
    """Return the area under each curve (..., steps) over equal steps, by the trapezoidal rule, as a
    share of the width: the mean height.
    """
    return np.trapezoid(probabilities, axis=-1) / (probabilities.shape[-1] - 1)
