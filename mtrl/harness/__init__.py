"""The only part that touches the world: flags, files, clock, devices. Studies import from here; the library never does."""

from mtrl.harness import style, timing
from mtrl.harness.claims import (
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
from mtrl.harness.cli import main
from mtrl.harness.config import BaseConfig, field
from mtrl.harness.driver import Entrant, Result, compete, compilations, evaluate, grid, over_seeds, simulate
from mtrl.harness.study import Figure, Study
from mtrl.numerics.algorithm import Algorithm, Iteration, Problem, Round, Step
from mtrl.numerics.errors import BadInput

__all__ = [
    "Algorithm",
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
    "evaluate",
    "exact",
    "field",
    "grid",
    "less_than_zero",
    "main",
    "mean_interval",
    "over_seeds",
    "proportion_interval",
    "simulate",
    "style",
    "timing",
]
