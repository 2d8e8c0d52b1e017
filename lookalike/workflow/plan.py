"""The plan: everything that a config asks for, and what the rules ask of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lookalike.compare.dissimilarities import Key
from lookalike.core import registry
from lookalike.inference.significance import enough_permutations
from lookalike.maps.signs import are_signed
from lookalike.workflow.config import resolve
from lookalike.workflow.limits import limited
from lookalike.workflow.sections import (
    Explanation,
    Figures,
    Groups,
    Images,
    Inference,
    Matrix,
    Method,
    MetricChoice,
    Model,
    Pruning,
    View,
)


@dataclass(frozen=True)
class Plan:
    """Everything that the config asks for, complete and checked.

    Dictionaries go from the names of the config to what they stand for. `comparisons` are the pairs
    of method and metric that make sense, `left_out` says why others do not, `archives` is as of
    `find_archive`, and `paths` goes from a place in the config to what must exist.
    """

    seed: int
    images: Images
    models: dict[str, Model]
    task: str
    pruning: Pruning | None
    target: str
    explanations: dict[str, Explanation]
    methods: dict[str, Method]
    map_size: int
    metrics: dict[str, MetricChoice]
    comparisons: list[tuple[str, str]]
    left_out: list[str]
    matrices: dict[str, Matrix]
    block: int | str
    aggregate: str
    groups: Groups
    inference: Inference
    figures: Figures
    megabytes: float
    studies: dict[str, dict[str, Any]]
    archives: dict[str, dict[str, Any]]
    paths: dict[str, str]

    @property
    def panels(self) -> int:
        """Number of images that are shown with all maps."""
        return self.figures.panels

    @cached_property
    def given(self) -> list[str]:
        """Models whose maps are user-supplied."""
        return [name for name, model in self.models.items() if model.maps]

    @cached_property
    def computed(self) -> list[str]:
        """Models that run here."""
        return [name for name, model in self.models.items() if model.timm]

    @cached_property
    def pruned(self) -> list[str]:
        """Variants of models without some of their channels."""
        return [name for name in self.computed if self.models[name].pruned_from]

    @cached_property
    def variants(self) -> dict[str, dict[str, Any]]:
        """From a pruned variant to its original and its draw."""
        pruned = {name: self.models[name] for name in self.pruned}
        return {
            name: {"pruned_from": model.pruned_from, "draw": model.draw}
            for name, model in pruned.items()
        }

    @cached_property
    def trained(self) -> list[str]:
        """Models that are trained here."""
        return [
            name for name in self.computed if self.models[name].finetune and name not in self.pruned
        ]

    @cached_property
    def imported(self) -> list[str]:
        """Models that are used as they come."""
        return [name for name in self.computed if name not in self.trained + self.pruned]

    @property
    def draws_classes(self) -> bool:
        """Whether all images of a class belong together."""
        return self.images.group == "class" or self.inference.population == "classes"

    @property
    def group_table(self) -> tuple[str | None, str]:
        """The table that says which images belong together, if one does, and its column."""
        group = self.images.group
        if self.draws_classes or not isinstance(group, dict):
            return None, ""
        return group["table"], group["column"]

    @property
    def predicts_scores(self) -> bool:
        """Whether models predict a score, and not a class."""
        return self.task == "regression"

    @property
    def headed(self) -> list[str]:
        """Models with a regression head that is trained here."""
        return self.trained if self.predicts_scores else []

    @property
    def finetuned(self) -> list[str]:
        """Classifiers that are trained here."""
        return [] if self.predicts_scores else self.trained

    @cached_property
    def origins(self) -> dict[str, str]:
        """From a model to the one that it is a replicate or a variant of, or to itself."""
        nearest = {
            name: model.replicate_of or model.pruned_from or name
            for name, model in self.models.items()
        }
        # A variant of a replicate is of that one's original.
        return {name: nearest[origin] for name, origin in nearest.items()}

    @cached_property
    def replicates(self) -> dict[str, str]:
        """From a replicate to its original."""
        found = {name: model.replicate_of for name, model in self.models.items()}
        return {name: original for name, original in found.items() if original}

    @cached_property
    def dependent(self) -> list[str]:
        """Models that are not independent of another: replicates and pruned variants."""
        return [name for name in self.models if self.origins[name] != name]

    @cached_property
    def predicting(self) -> list[str]:
        """Independent models of which predictions are known."""
        return [name for name in self.computed if name not in self.dependent]

    @cached_property
    def factors(self) -> list[str]:
        """Names of all factors that the config gives, in their order."""
        return list(dict.fromkeys(key for model in self.models.values() for key in model.factors))

    @cached_property
    def of_different_maps(self) -> list[str]:
        """Methods, but one alone of those that are views of the same raw maps."""
        methods = self.methods.values()
        first = {(one.explanation, str(one.view.repair)): one.name for one in reversed(methods)}
        return [one.name for one in methods if one.name in first.values()]

    @cached_property
    def explained(self) -> dict[str, list[str]]:
        """From an explanation run whose maps are made here to its models."""
        return {
            name: [model for model in self.methods[name].models if model in self.computed]
            for name, run in self.explanations.items()
            if run.method
        }

    @cached_property
    def explained_again(self) -> dict[str, list[str]]:
        """From an explanation run whose second run gives other maps to its methods."""
        if not (self.computed and self.inference.explained_again):
            return {}
        found: dict[str, list[str]] = {}
        for name, method in self.methods.items():
            run = self.explanations[method.explanation]
            if run.method and registry.get("method", run.method).again is not None:
                found.setdefault(run.name, []).append(name)
        return found

    @cached_property
    def keys(self) -> list[Key]:
        """Every matrix: those computed here, and user-supplied ones."""
        computed = [
            Key(method, metric, subset)
            for method, metric in self.comparisons
            for subset in self.methods[method].subsets
        ]
        return [*computed, *self.given_keys]

    @cached_property
    def given_keys(self) -> dict[Key, Matrix]:
        """User-supplied matrices, by what they are about."""
        return {Key(one.method, one.metric): one for one in self.matrices.values()}

    @cached_property
    def subsets(self) -> Counter[str]:
        """Number of matrices over each subset of the images."""
        return Counter(key.subset for key in self.keys)

    @property
    def first_subset(self) -> str:
        """The subset that findings speak of: all images, where matrices over them are asked for."""
        return "all" if "all" in self.subsets else next(iter(self.subsets), "all")

    @property
    def compared_subsets(self) -> list[str]:
        """Subsets with more than one matrix, which may agree or not."""
        return [subset for subset, count in self.subsets.items() if count > 1]

    @cached_property
    def permutations(self) -> int:
        """Permutations of the tests of structure: enough for the correction over all matrices of a
        subset.
        """
        most = max(self.subsets.values(), default=1)
        return enough_permutations(self.inference.permutations, most)

    def keys_of(self, *, computed: bool = False, subset: str | None = None) -> list[Key]:
        """Return the matrices that are computed here, or that are over one subset."""
        return [
            key
            for key in self.keys
            if not (computed and key in self.given_keys) and subset in (None, key.subset)
        ]

    def metrics_of(self, method: str) -> list[str]:
        """Return the metrics that go together with a method."""
        return [metric for name, metric in self.comparisons if name == method]


def make_plan(config: dict[str, Any], signed: Callable[..., bool] = are_signed) -> Plan:
    """Return the plan of a config as read from YAML, which is not changed.

    `signed` tells whether the existing maps at a path are signed.

    Raises
    ------
    InputError
        On the first thing that is wrong, with its place and the remedy.
    """
    found = limited(resolve(config, signed))
    return Plan(
        seed=found["seed"],
        images=Images(**found["images"]),
        models=named(Model, found["models"]),
        task=found["finetuning"]["task"],
        pruning=Pruning(**found["pruning"]) if "pruning" in found else None,
        target=found["target"],
        explanations=named(Explanation, found["explanations"]),
        methods={
            name: Method(name, **about | {"view": View(**about["view"])})
            for name, about in found["methods"].items()
        },
        map_size=found["maps"]["size"],
        metrics=named(MetricChoice, found["metrics"]),
        comparisons=found["comparisons"],
        left_out=found["left_out"],
        matrices=named(Matrix, found["matrices"]),
        block=found["compare"]["block"],
        aggregate=found["aggregate"],
        groups=Groups(**found["groups"]),
        inference=Inference(**found["inference"]),
        figures=Figures(**found["figures"]),
        megabytes=found["report"]["megabytes"],
        studies={name: found[name] for name in found["studies"]},
        archives=found["archives"],
        paths=found["paths"],
    )


def named(kind: Any, sections: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return sections of the config as objects that know their names."""
    return {name: kind(name=name, **about) for name, about in sections.items()}


def text_of(keys: Iterable[Key]) -> list[list[str]]:
    """Return keys as lists of text, as parameters of rules hold them."""
    return [list(key) for key in keys]
