"""The only part that touches the world: flags, files, clock, devices. Studies import from here; the library never does.

`config`, `flags`, `study`, `cli`: from a command line to validated configurations. `run`: cells, driver, engines, files. `judge`: measures
and claims. `picture`: the house style. `gallery`: what is published.

`from mtrl.harness import jax, jnp` in a study is JAX, loaded when a cell runs.
"""

import importlib
from typing import TYPE_CHECKING, Any

from mtrl._later import Later
from mtrl.harness.cli import main
from mtrl.harness.config import BaseConfig, OwnDataConfig, field
from mtrl.harness.dataset import Axis, dataset
from mtrl.harness.judge import measures, timing
from mtrl.harness.judge.claims import (
    Claim,
    Interval,
    at_least,
    at_most,
    between,
    exact,
    less_than_zero,
    mean_interval,
    proportion_interval,
)
from mtrl.harness.picture import plots, style
from mtrl.harness.study import Figure, Paper, Study
from mtrl.numerics.algorithm import Algorithm, Iteration, Problem, Round, Step
from mtrl.numerics.errors import BadInput

if TYPE_CHECKING:
    import jax
    import jax.numpy as jnp
else:
    jax, jnp = Later("jax"), Later("jax.numpy")


def _later(room: str, name: str) -> Any:
    """A name of a module that loads JAX when it is called, so that a command line is answered without."""

    def call(*args: Any, **keywords: Any) -> Any:
        return getattr(importlib.import_module(f"mtrl.{room}"), name)(*args, **keywords)

    call.__name__, call.__doc__ = name, f"See `mtrl.{room}.{name}`."
    return call


Entrant, compete, grid, simulate = (
    _later("harness.simulation", name) for name in ("Entrant", "compete", "grid", "simulate")
)
compilations, evaluate = _later("harness.driver", "compilations"), _later("harness.driver", "evaluate")
over_seeds, spread = _later("harness.driver", "over_seeds"), _later("harness.driver", "spread")
split_named = _later("numerics.keys", "split_named")

__all__ = [
    "Algorithm", "Axis", "BadInput", "BaseConfig", "Claim", "Entrant", "Figure", "Interval", "Iteration", "Paper", "Problem",
    "Round", "Step", "Study", "OwnDataConfig", "at_least", "at_most", "between", "compete", "compilations",
    "dataset", "evaluate", "exact", "field", "grid", "jax", "jnp", "less_than_zero", "main", "mean_interval", "measures",
    "over_seeds", "plots", "proportion_interval", "simulate", "split_named", "spread", "style", "timing",
]  # fmt: skip
