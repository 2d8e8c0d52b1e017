"""The sections of a resolved config, each a frozen dataclass: a new key is a new field here."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from lookalike.images.reading import Fit
from lookalike.inference.factors import UNKNOWN_FAMILY
from lookalike.models.catalogue import local_folder


@dataclass(frozen=True)
class Images:
    """`images` of the config; None where a key is not given."""

    source: str | None
    split: str
    n: int | Literal["all"]
    common: bool
    size: int
    fit: Fit
    demo: dict[str, int]
    near_copies: float | Literal[False]
    group: str | dict[str, str] | None = None
    checksum: str | None = None
    masks: str | None = None
    scores: str | None = None
    similarity: str | None = None


@dataclass(frozen=True)
class Model:
    """A model: computed here from a timm recipe, or known by its maps or matrices alone.

    `training` holds what its training takes; it is empty for a model that does not run here. `draw`
    is the number of a pruned variant: 0 by importance, from 1 on at random.
    """

    name: str
    family: str
    factors: dict[str, Any]
    maps: dict[str, str]
    finetune: bool
    timm: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    checkpoint: str | None = None
    training: dict[str, Any] = field(default_factory=dict)
    layer: str | None = None
    replicate_of: str | None = None
    pruned_from: str | None = None
    draw: int | None = None

    @property
    def recipe(self) -> dict[str, Any]:
        """What builds its network."""
        return {"timm": self.timm, "options": self.options}

    @property
    def files(self) -> list[str]:
        """User-supplied files and folders that its network comes from."""
        return [path for path in (self.checkpoint, local_folder(self.timm)) if path]

    def kind(self, column: str) -> str:
        """Return its family, or its value of another column of the config as figures name it."""
        if column == "family":
            return self.family
        value = self.factors.get(column)
        return UNKNOWN_FAMILY if value is None else f"{column}: {value}"

    @property
    def weights(self) -> str:
        """The name of the model whose weights it has: a pruned variant has its original's."""
        return self.pruned_from or self.name


@dataclass(frozen=True)
class Explanation:
    """An explanation run, which makes raw maps; `method` is None where all its maps are given.

    `signed` says whether its raw maps can be negative, `channels` how those of given maps are
    joined.
    """

    name: str
    method: str | None
    options: dict[str, Any]
    signed: bool
    channels: str | None = None


@dataclass(frozen=True)
class View:
    """How raw maps are brought to one grid; `repair` goes from a model to its `cell`."""

    size: int
    sign: str
    sobel: bool
    scale: str
    clip: list[float] | None = None
    repair: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def options(self, model: str) -> dict[str, Any]:
        """Return the options of the view for one model, which takes its own repair alone."""
        given = {key: value for key, value in asdict(self).items() if key != "repair"}
        given = {key: value for key, value in given.items() if value is not None}
        return given | ({"repair": self.repair[model]["cell"]} if model in self.repair else {})


@dataclass(frozen=True)
class Method:
    """A view of an explanation run, the models that have maps by it, and its subsets of images."""

    name: str
    explanation: str
    view: View
    models: list[str]
    subsets: list[str]


@dataclass(frozen=True)
class MetricChoice:
    """A metric of the registry with its options, under a name of the config."""

    name: str
    metric: str
    options: dict[str, Any]


@dataclass(frozen=True)
class Matrix:
    """A user-supplied matrix; None where a key is not given."""

    name: str
    path: str
    kind: str
    method: str
    metric: str
    names: list[str] | None = None
    n: int | None = None


@dataclass(frozen=True)
class Pruning:
    """`pruning` of the config."""

    by: str
    strategy: str
    random: int
    n: int


@dataclass(frozen=True)
class Inference:
    """`inference` of the config."""

    bootstrap: int
    permutations: int
    explained_again: int | Literal["auto"]
    hypotheses: list[dict[str, str]]
    population: Literal["images", "classes"]


@dataclass(frozen=True)
class Figures:
    """`figures` of the config; `width` in mm."""

    panels: int
    width: float
    png: bool
    colour_by: str
    over_image: bool
    display: float
    font: str | None = None


@dataclass(frozen=True)
class Groups:
    """`groups` of the config."""

    linkages: list[str]
    resolutions: list[float]
    louvain: str
