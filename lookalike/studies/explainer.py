"""Explanations of the sampled images that a study asks for, by one network after another."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lookalike.core import io
from lookalike.core.cards import Method
from lookalike.core.types import Row, StrPath
from lookalike.images.manifest import placed
from lookalike.images.reading import Fit, read_image
from lookalike.images.units import number_units
from lookalike.methods.explain import Targets, explain_images, resolve_targets
from lookalike.methods.second_runs import choose_again

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel


@dataclass(frozen=True)
class Explainer:
    """Explains images as the workflow does, by any network, under any options of a method.

    Attributes
    ----------
    rows : list of dict
        Of the manifest: all sampled images.
    places : list of int
        Which of them are explained.
    size : int
        Their side in pixels.
    fit : {"crop", "squash", "pad"}
        How they are brought to a square.
    target : {"predicted", "label", "consensus"}
        The class that is explained.
    seed : int
        The config's.
    device : torch.device
    threads : int
        For decoding images.
    consensus : path-like, optional
        Table of the classes that most models predict, for the target of that name.
    """

    rows: Sequence[Row]
    places: Sequence[int]
    size: int
    fit: Fit
    target: Literal["predicted", "label", "consensus"]
    seed: int
    device: "torch.device"
    threads: int = 1
    consensus: StrPath | None = None

    @classmethod
    def of(cls, read: Any, explaining: Mapping[str, Any], threads: int) -> "Explainer":
        """Return that of a study's job, of all images of its inputs `sample` and `images`; the
        other arguments are `EXPLAINING` of the rules, and the job's threads.
        """
        from lookalike.models.devices import claim_device

        rows = placed(io.read_table(read.sample), read.images)
        return cls(
            rows,
            range(len(rows)),
            device=claim_device(threads),
            threads=threads,
            consensus=read.consensus or None,
            **explaining,
        )

    def only(self, places: Sequence[int]) -> "Explainer":
        """Return one of some of the images."""
        return replace(self, places=places)

    def evenly(self, count: int) -> "Explainer":
        """Return one of so many of the images at most, evenly over the classes."""
        return self.only(choose_again(self.rows, count))

    @property
    def chosen(self) -> list[Row]:
        """Rows of the images that are explained."""
        return [self.rows[place] for place in self.places]

    def units(self, path: StrPath) -> np.ndarray:
        """Return the unit of each image that is explained, numbered from 0, by the table at a
        path.
        """
        numbers = number_units(io.read_table(path))
        return np.unique([numbers[image] for image in self.images], return_inverse=True)[1]

    def picture(self, index: int = 0) -> np.ndarray | None:
        """Return one of these images as an array; None where it has no file."""
        path = self.chosen[index]["path"]
        return read_image(path, self.size, self.fit) if path else None

    @property
    def images(self) -> list[str]:
        """Ids of the images that are explained."""
        return [row["image"] for row in self.chosen]

    def networks(
        self, names: Sequence[str], weights: Sequence[StrPath], sidecars: Sequence[StrPath]
    ) -> Iterator[tuple[str, "VisionModel"]]:
        """Yield the models of some names, each loaded when the one before has been used."""
        from lookalike.models.loading import load_model

        for name, path, sidecar in zip(names, weights, sidecars, strict=True):
            yield name, load_model(path, self.device, sidecar)

    def targets(self, method: Method, model: "VisionModel", name: str, path: StrPath) -> Targets:
        """Return the class of each image that the method explains, by the model's predictions at a
        path.
        """
        found, _ = resolve_targets(
            method,
            model,
            self.rows,
            io.read_arrays(path),
            target=self.target,
            consensus=self.consensus,
            size=self.size,
            fit=self.fit,
            name=name,
            threads=self.threads,
        )
        return [found[place] for place in self.places]

    def explain(
        self,
        method: Method,
        model: "VisionModel | None",
        targets: Targets,
        names: tuple[str, ...],
        options: Mapping[str, Any],
    ) -> list[np.ndarray]:
        """Return the raw map of each image, each of shape (h, w).

        `names` decide the seeds, together with the config's; the other arguments are as for
        `explain_images`.
        """
        explained = explain_images(
            method,
            model,
            self.chosen,
            targets,
            size=self.size,
            fit=self.fit,
            seed=self.seed,
            names=names,
            options=dict(options),
            threads=self.threads,
        )
        return [saliency for _, saliency, _ in explained]
