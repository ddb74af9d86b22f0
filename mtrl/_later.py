"""Modules that are imported at their first use, so that a command line is answered without loading JAX."""

import ast
import importlib
import importlib.util
import pathlib
from collections.abc import Callable
from types import ModuleType
from typing import Any


class Later(ModuleType):
    """Stands for a module until a name of it is asked for.

    It is never put where Python keeps its modules: a package that executes while a module of it is being imported runs that one twice.
    """

    def __getattr__(self, name: str) -> Any:
        """The name in the module itself."""
        return getattr(importlib.import_module(self.__name__), name)

    def __dir__(self) -> list[str]:
        """The names of the module itself."""
        return dir(importlib.import_module(self.__name__))


def inside(package: str) -> Callable[[str], ModuleType]:
    """`__getattr__` of a package: what is in it, imported at its first use."""

    def find(name: str) -> ModuleType:
        spec = None if name.startswith("_") else importlib.util.find_spec(f"{package}.{name}")
        if spec is None or spec.origin is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        words = ast.get_docstring(ast.parse(pathlib.Path(spec.origin).read_bytes()))  # for `help`
        return Later(spec.name, words)

    return find
