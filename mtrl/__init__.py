"""Multitask theory in JAX.

Pure functions on arrays and PyTrees, by theory domain: `mtrl.random_matrix`, `mtrl.representation`, `mtrl.bandits`, `mtrl.mdp`,
`mtrl.forecasting`; `mtrl.numerics` is the ground floor they share, `mtrl.nn` the networks, `mtrl.data` the readers of files and
`mtrl.harness` the only part that touches flags, files and clocks.

`from mtrl import bandits` costs nothing until the first name of it is used: a command line is answered without loading JAX.
"""

import importlib.util
import sys
from types import ModuleType


def __getattr__(name: str) -> ModuleType:
    """A package of this one, executed at its first use."""
    full = f"{__name__}.{name}"
    spec = None if name.startswith("_") else importlib.util.find_spec(full)
    if spec is None or spec.loader is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if full in sys.modules:
        return sys.modules[full]
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = sys.modules[full] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
