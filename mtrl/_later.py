"""Packages and modules that are executed at their first use, so that a command line is answered without loading JAX."""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


def inside(package: str) -> Callable[[str], ModuleType]:
    """`__getattr__` of a package: what is in it, executed at its first use."""

    def find(name: str) -> ModuleType:
        full = f"{package}.{name}"
        if full in sys.modules:  # before anything asks the module itself, which would execute it
            return sys.modules[full]
        spec = None if name.startswith("_") else importlib.util.find_spec(full)
        if spec is None or spec.loader is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        spec.loader = importlib.util.LazyLoader(spec.loader)
        module = sys.modules[full] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return find


class Later(ModuleType):
    """A module of another project, imported when a name of it is first asked for."""

    def __getattr__(self, name: str) -> Any:
        """The name in the module itself."""
        return getattr(importlib.import_module(self.__name__), name)
