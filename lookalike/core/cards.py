"""The cards of metrics and explanation methods: what each computes, and what is known of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lookalike.core.errors import InputError
from lookalike.core.memoising import shared
from lookalike.core.options import accepted_kwargs, choices_of, chosen_by_users, options_of

# What is computed once a map, for a kernel.
Prepared = np.ndarray | tuple[np.ndarray, ...]


@dataclass
class Metric:
    """A dissimilarity between stacks of maps of one image, with its card.

    Attributes
    ----------
    kernel : callable
        `kernel(x, y, **options) -> (a, b)` on prepared maps. Besides its own options it may take
        `data_range`, and `upper`: whether only the pairs above the diagonal are needed. A pair's
        value must not depend, to the bit, on the other pairs, nor on which of the two is `x`: so no
        matrix product (see `metrics/products.py`).
    prepare : callable
        `prepare(maps, **options)` of (a, H, W) maps: what is computed once a map, for the kernel;
        an array or a tuple of arrays, with the maps along the first axis. float32 maps, as they lie
        on disk, must give the values of the same maps in float64.
    range : (float, float)
        Of the dissimilarity.
    raw : callable
        From the dissimilarity to the value that goes by the metric's name in the field.
    raw_name : str
    formula : str
        Of the dissimilarity.
    ignores : tuple of str
        Of "offset", "scale", "sign", "place".
    triangle : bool
        Whether the triangle inequality holds.
    undefined : str
        For which maps the result is NaN; empty if it never is.
    views : {"any", "unsigned", "signed"}
        Which maps it takes.
    bounded : bool
        Whether the maps must lie within a known range, given as `data_range`.
    cost : {"product", "pairs"}
        Whether a pair costs one inner product, or more.
    law : {"product", "squares", "angles", ""}
        Of the dissimilarities of models that differ in nothing but the noise of their maps, as
        `compare/laws.py` says; empty where none is known. Then it cannot be tested whether there is
        structure beyond noise.
    reference : str
    saliencytools : str
        How it differs from the function of the `saliencytools` package that goes by its name; empty
        where there is none.
    """

    kernel: Callable[..., np.ndarray]
    prepare: Callable[..., Prepared]
    range: tuple[float, float]
    raw: Callable[[np.ndarray], np.ndarray]
    raw_name: str
    formula: str
    ignores: tuple[str, ...] = ()
    triangle: bool = False
    undefined: str = ""
    views: str = "any"
    bounded: bool = False
    cost: str = "product"
    law: str = ""
    reference: str = ""
    saliencytools: str = ""

    def __call__(self, x: ArrayLike, y: ArrayLike, **options: Any) -> np.ndarray:
        """Return the dissimilarities, shape (a, b), of maps x (a, H, W) and y (b, H, W) of one
        image; other shapes and values that are not finite are refused.
        """
        if np.ndim(x) != 3 or np.shape(x)[1:] != np.shape(y)[1:]:
            raise InputError(
                "maps to compare must have shapes (a, H, W) and (b, H, W), not "
                f"{np.shape(x)} and {np.shape(y)}"
            )
        if self.bounded and options.get("data_range") is None:
            options["data_range"] = known_range(
                self.kernel.__name__, [np.asarray(x), np.asarray(y)]
            )
        return self.compare(self.prepared(x, **options), self.prepared(y, **options), **options)

    def prepared(self, maps: ArrayLike, **options: Any) -> Prepared:
        """Return what is computed once a map, of maps (a, H, W)."""
        return self.prepare(checked(np.asarray(maps)), **accepted_kwargs(self.prepare, options))

    def compare(self, x: Prepared, y: Prepared, **options: Any) -> np.ndarray:
        """Return the dissimilarities, shape (a, b), of prepared maps: never negative, NaN where
        undefined.
        """
        if self.bounded and options.get("data_range") is None:
            raise InputError(
                f"{self.kernel.__name__} needs the range of the maps: give data_range=1 for "
                "unsigned maps, data_range=2 for signed ones"
            )
        return np.maximum(self.kernel(x, y, **accepted_kwargs(self.kernel, options)), 0.0)

    @property
    def options(self) -> dict[str, Any]:
        """Names and defaults of the options that a user can set."""
        found = options_of(self.prepare) | options_of(self.kernel)
        return chosen_by_users(found)

    @property
    def choices(self) -> dict[str, tuple[str, ...]]:
        """Names of the options that are one of a few words, with these words."""
        return choices_of(self.prepare) | choices_of(self.kernel)


def known_range(name: str, stacks: Iterable[np.ndarray]) -> float:
    """Return the range of maps whose values are at most 1: 2 if any is negative, else 1.

    Raises
    ------
    InputError
        If a value is larger, so that the range cannot be known.
    """
    stacks = list(stacks)
    largest = max(float(np.abs(stack).max(initial=0)) for stack in stacks)
    if largest > 1:
        raise InputError(
            f"{name} needs maps of a known range, and the largest value is {largest:g}; divide the "
            "maps by their largest absolute value, or give data_range"
        )
    return 2.0 if any((stack < 0).any() for stack in stacks) else 1.0


@shared
def checked(maps: np.ndarray) -> np.ndarray:
    """Return maps as float32 or float64; a value that is not finite is refused."""
    if maps.dtype not in (np.float32, np.float64):
        maps = maps.astype(np.float64)
    # In one order in memory, which sums depend on.
    maps = np.ascontiguousarray(maps)
    vectors = maps.reshape(len(maps), -1)
    # The sum of squares, which is fast, is not finite if a value is not; or if it is too large,
    # which the values themselves show.
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.vecdot(vectors, vectors)
    if not np.isfinite(squares).all() and not np.isfinite(maps).all():
        raise InputError("a map holds NaN or infinity; repair it or leave its image out")
    return maps


@dataclass
class Method:
    """An explanation method with its card.

    Attributes
    ----------
    explain : callable
        `explain(model, images, targets, seeds, **options) -> (maps, diagnostics)`: `images` a
        tensor (n, 3, H, W) in [0, 1], `targets` a number an image, `seeds` n integers, `maps` (n,
        h, w) float32 on the native grid, `diagnostics` a dict of arrays (n,).
    signed : bool
        Whether the maps can be negative.
    passes : str
        What a map costs, in forward and backward passes of the network for one image.
    needs_model : bool
    targets : {"classes", "scores", "similarity"}
        What is explained, and by which number: the logit of a class, by its index; the
        error of a predicted score, by the true score; or how alike images are, by the image's index
        in `human`, their human similarities (N, N), and `reference`, their features (N, F), which
        are then given by these names.
    class_specific : bool
        Whether the maps of a method that takes classes differ between them.
    again : dict, optional
        How a second run differs, whose distance from the first is the error of the explanation
        itself: options, each with the factor that a number is multiplied by, and the number that
        takes the place of a word such as "auto". The seed differs in any case, so that a method
        that draws at random needs none. None for a method whose second run is the same.
    reference : str
    """

    explain: Callable[..., tuple[Any, dict[str, Any]]]
    signed: bool
    passes: str
    needs_model: bool = True
    targets: str = "classes"
    class_specific: bool = True
    again: Mapping[str, tuple[float, int]] | None = None
    reference: str = ""

    def __call__(self, *inputs: Any, **options: Any) -> tuple[Any, dict[str, Any]]:
        """Explain."""
        return self.explain(*inputs, **options)

    @property
    def options(self) -> dict[str, Any]:
        """Names and defaults of the options that a user can set."""
        return chosen_by_users(options_of(self.explain))

    def options_again(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options of a second run, given those of the first."""
        changed = dict(options)
        for name, (factor, number) in (self.again or {}).items():
            given = options[name]
            changed[name] = number if isinstance(given, str) else max(1, int(given * factor))
        return changed

    @property
    def choices(self) -> dict[str, tuple[str, ...]]:
        """Names of the options that are one of a few words, with these words."""
        return choices_of(self.explain)
