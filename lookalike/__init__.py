"""The science of lookalike: which vision models look at the same places.

    lookalike.compare_maps({"A": maps_a, "B": maps_b}, metric="cosine")
    lookalike.ssim(x, y)        and every other metric, of maps (a, H, W) and (b, H, W)

Everything is imported when it is first used.
"""

import importlib
import pkgutil
from typing import Any

__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    """Return `compare_maps`, a metric, or a package, and keep it."""
    if name == "compare_maps":
        from lookalike.notebook.from_maps import compare_maps as found
    elif name in [module.name for module in pkgutil.iter_modules(__path__)]:
        return importlib.import_module(f"{__name__}.{name}")
    elif name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    else:
        from lookalike.core import registry
        from lookalike.core.errors import InputError, near_names

        try:
            found = registry.get("metric", name)
        except InputError:
            near = near_names(name, __dir__())
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}{near}") from None
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the names of all metrics, of the packages, `compare_maps` and `__version__`."""
    from lookalike.core import registry

    packages = [module.name for module in pkgutil.iter_modules(__path__)]
    return sorted(["compare_maps", "__version__", *packages, *registry.names("metric")])
