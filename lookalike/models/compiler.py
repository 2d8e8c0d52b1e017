"""timm without the compiler of torch, whose import takes longer than that of timm, in every job.

timm and torchvision need it at import for one mark on a function and one name. No network is
compiled here.
"""

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch

COMPILER = "torch._dynamo"


def import_timm() -> ModuleType:
    """Import timm; the compiler itself is imported where it is first used."""
    names = (COMPILER, f"{COMPILER}.utils")
    absent = [name for name in names if name not in sys.modules]
    sys.modules |= {name: Placeholder(name) for name in absent}
    try:
        import timm

        return timm
    finally:
        for name in absent:
            if isinstance(sys.modules.get(name), Placeholder):
                del sys.modules[name]


class Placeholder(ModuleType):
    """Stands for a module of the compiler, and imports it when more of it is needed."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if isinstance(sys.modules.get(self.__name__), Placeholder):
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)

    @staticmethod
    def disable(
        function: Callable[..., Any] | None = None, recursive: bool = True, **_: Any
    ) -> Callable[..., Any]:
        """Mark a function as not to be compiled, as torch does for its own functions."""
        return torch._disable_dynamo(function, recursive)

    @staticmethod
    def is_compile_supported(device: Any) -> bool:
        """Ask the compiler."""
        return importlib.import_module(f"{COMPILER}.utils").is_compile_supported(device)
