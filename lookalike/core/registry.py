"""The registry of metrics and explanation methods: name -> function with its card.

A thing is added as one file: `metrics/NAME.py` holds a function NAME under `@metric(...)`,
`methods/NAME.py` one under `@method(...)`. Nothing else is edited. The registry is listed without
importing SciPy, Numba or torch, because those files import what is heavy inside their functions.
"""

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args, get_origin

import numpy as np

from lookalike.core.errors import InputError, unknown
from lookalike.core.memoising import shared

# Options that are no user's choice.
GIVEN_BY_THE_WORKFLOW = ("data_range", "upper", "human", "reference")


@dataclass
class Metric:
    """A dissimilarity between stacks of maps of one image, with its card.

    Attributes
    ----------
    kernel : callable
        `kernel(x, y, **options) -> (a, b)` on prepared maps. Beside its own options it may take
        `data_range`, and `upper`: whether only the pairs above the diagonal are wanted, so that the
        others need not be computed.
    prepare : callable
        `prepare(maps, **options)` of (a, H, W) maps: what is computed once a map, for the kernel.
        Maps come as float32, as they lie on disk, or float64; the values must be those that the
        same maps in float64 would give.
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
        Of which maps it speaks.
    bounded : bool
        Whether the maps must lie within a known range, given as `data_range`.
    cost : {"product", "pairs"}
        Whether a block is one matrix product, or a loop over its pairs.
    reference : str
    saliencytools : str
        How it differs from the function of the `saliencytools` package that goes by its name; empty
        where there is none.
    """

    kernel: Callable
    prepare: Callable
    range: tuple
    raw: Callable
    raw_name: str
    formula: str
    ignores: tuple = ()
    triangle: bool = False
    undefined: str = ""
    views: str = "any"
    bounded: bool = False
    cost: str = "product"
    reference: str = ""
    saliencytools: str = ""

    def __call__(self, x, y, **options):
        """Return the dissimilarities, shape (a, b), of maps x (a, H, W) and y (b, H, W) of one
        image.
        """
        if np.ndim(x) != 3 or np.shape(x)[1:] != np.shape(y)[1:]:
            raise InputError(
                "maps to compare must have shapes (a, H, W) and (b, H, W), not "
                f"{np.shape(x)} and {np.shape(y)}"
            )
        return self.compare(self.prepared(x, **options), self.prepared(y, **options), **options)

    def prepared(self, maps, **options):
        """Return what is computed once a map, of maps (a, H, W)."""
        return self.prepare(checked(np.asarray(maps)), **taken_by(self.prepare, options))

    def compare(self, x, y, **options):
        """Return the dissimilarities, shape (a, b), of prepared maps: never negative, NaN where
        undefined.
        """
        return np.maximum(self.kernel(x, y, **taken_by(self.kernel, options)), 0.0)

    @property
    def options(self):
        """Names and defaults of the options that a user can set."""
        found = options_of(self.prepare) | options_of(self.kernel)
        return chosen_by_users(found)

    @property
    def choices(self):
        """Names of the options that are one of a few words, with these words."""
        return choices_of(self.prepare) | choices_of(self.kernel)


@shared
def checked(maps):
    """Return maps as float32 or float64; a value that is not finite is refused."""
    if maps.dtype not in (np.float32, np.float64):
        maps = maps.astype(np.float64)
    vectors = maps.reshape(len(maps), -1)
    # The sum of squares, which is fast, is not finite if a value is not; or if it is too large,
    # which the values must tell.
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
    needs_model : bool
    targets : {"classes", "scores", "similarity"}
        What is explained, and which number stands for it: the logit of a class, by its index; the
        error of a predicted score, by the true score; or how alike images are, by the image's place
        in `human`, their human similarities (N, N), and `reference`, their features (N, F), which
        are then given by these names.
    reference : str
    """

    explain: Callable
    signed: bool
    needs_model: bool = True
    targets: str = "classes"
    reference: str = ""

    def __call__(self, *inputs, **options):
        """Explain."""
        return self.explain(*inputs, **options)

    @property
    def options(self):
        """Names and defaults of the options that a user can set."""
        return chosen_by_users(options_of(self.explain))

    @property
    def choices(self):
        """Names of the options that are one of a few words, with these words."""
        return choices_of(self.explain)


def metric(**card):
    """Register the decorated kernel as the metric of its module; the arguments are `Metric`'s
    attributes.
    """
    return lambda kernel: functools.update_wrapper(Metric(kernel, **card), kernel)


def method(**card):
    """Register the decorated function as the method of its module; the arguments are `Method`'s
    attributes.
    """
    return lambda explain: functools.update_wrapper(Method(explain, **card), explain)


KINDS = {"metric": Metric, "method": Method}


def get(kind, name):
    """Return the metric or method of a name.

    Raises
    ------
    InputError
        If there is none, naming the near ones.
    """
    module = f"lookalike.{kind}s.{name}"
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as error:
        # Part of the name asked for is missing, or something that the file itself imports.
        if not f"{module}.".startswith(f"{error.name}."):
            raise
        found = None
    if not isinstance(found, KINDS[kind]):
        raise unknown(kind, name, names(kind))
    return found


def names(kind):
    """Return the names of all metrics or methods, sorted."""
    package = importlib.import_module(f"lookalike.{kind}s")
    modules = [found.name for found in pkgutil.iter_modules(package.__path__)]
    return sorted(
        name
        for name in modules
        if isinstance(
            getattr(importlib.import_module(f"{package.__name__}.{name}"), name, None), KINDS[kind]
        )
    )


def with_defaults(kind, name, options):
    """Return the options of a metric or method, completed; an unknown one is refused."""
    card = get(kind, name)
    known = card.options
    for option, value in options.items():
        if option not in known:
            raise unknown(f"option of {kind} {name!r}", option, known)
        check_option(f"{kind} {name!r}: {option}", value, known[option])
        allowed = card.choices.get(option)
        if allowed and value not in allowed:
            raise unknown(f"{option} of {kind} {name!r}", value, allowed)
    return known | options


def check_option(place, value, default):
    """Refuse an option of another kind than its default; numbers must be positive, or may be 0
    where the default is.
    """
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise InputError(f"{place} must be true or false, not {value!r}")
        return
    if isinstance(default, str) and not isinstance(value, str):
        raise InputError(f"{place} must be text such as {default!r}, not {value!r}")
    if isinstance(default, tuple):
        if not isinstance(value, list | tuple) or not value:
            raise InputError(f"{place} must be a list such as {list(default)}, not {value!r}")
        for one in value:
            check_option(place, one, default[0])
    if isinstance(default, int | float):
        wanted = int if isinstance(default, int) else int | float
        if (
            not isinstance(value, wanted)
            or isinstance(value, bool)
            or value < 0
            or (value == 0 and default != 0)
        ):
            raise InputError(
                f"{place} must be a {'whole ' if wanted is int else ''}number such as "
                f"{default}, not {value!r}"
            )


@functools.cache
def options_of(function):
    """Return names and defaults of a function's keyword-only parameters."""
    parameters = inspect.signature(function).parameters.values()
    return {
        parameter.name: parameter.default
        for parameter in parameters
        if parameter.kind is parameter.KEYWORD_ONLY
    }


@functools.cache
def choices_of(function):
    """Return the keyword-only parameters of a function that are annotated as a `Literal`, with its
    values.
    """
    parameters = inspect.signature(function).parameters.values()
    return {
        parameter.name: get_args(parameter.annotation)
        for parameter in parameters
        if get_origin(parameter.annotation) is Literal
    }


def chosen_by_users(options):
    """Return the options without those that the workflow gives."""
    return {name: default for name, default in options.items() if name not in GIVEN_BY_THE_WORKFLOW}


def taken_by(function, options):
    """Return those of the options that a function takes."""
    return {name: options[name] for name in options_of(function) if name in options}
