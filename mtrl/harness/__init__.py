"""The only part that touches the world: flags, files, clock, devices. Studies import from here; the library never does.

`config`, `flags`, `study`, `cli`: from a command line to validated configurations. `run`: cells, driver, engines, files. `judge`: measures
and claims. `picture`: the house style. `gallery`: what is published.
"""

from mtrl.harness.cli import main
from mtrl.harness.config import BaseConfig, field
from mtrl.harness.dataset import Axis, dataset
from mtrl.harness.driver import Entrant, Result, compete, compilations, evaluate, grid, over_seeds, simulate, spread
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
from mtrl.harness.study import Figure, Study
from mtrl.numerics.algorithm import Algorithm, Iteration, Problem, Round, Step
from mtrl.numerics.errors import BadInput

__all__ = [
    "Algorithm",
    "Axis",
    "BadInput",
    "BaseConfig",
    "Claim",
    "Entrant",
    "Figure",
    "Interval",
    "Iteration",
    "Problem",
    "Result",
    "Round",
    "Step",
    "Study",
    "at_least",
    "at_most",
    "between",
    "compete",
    "compilations",
    "dataset",
    "evaluate",
    "exact",
    "field",
    "grid",
    "less_than_zero",
    "main",
    "mean_interval",
    "measures",
    "over_seeds",
    "plots",
    "proportion_interval",
    "simulate",
    "spread",
    "style",
    "timing",
]
