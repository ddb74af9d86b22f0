"""What the figures share: the tuning protocol and the bookkeeping of regret.

Tuning protocol, the same for every method with a confidence radius: the squared radius (or the width) is `scale`
times the shape its theory gives it, `scale` comes from the grid `--scales`, and is the one with the least mean total
regret on as many TUNING seeds (the reported ones plus 1,000,003, never reported). A grid of one value switches tuning
off. Methods without a radius (greedy, MLinGreedy, E2TC, PEGE) have nothing to tune: their schedules are the theory's.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mtrl.harness import compete

TUNING_OFFSET = 1_000_003


def keep_regret(step: Any) -> Any:
    """Record regret per task, averaged over the tasks of the round."""
    return step.outcome.regret.mean()


def tuned(entrants: Sequence[Any], problem: Any, seeds: Any, **keywords: Any) -> tuple[dict, dict]:
    """Cumulative Reg/M (seed, round) of every entrant at what the tuning seeds prefer, and the hyper-parameters it played with.

    Args:
      entrants: `Entrant`s, all on the same worlds.
      problem: what is played on.
      seeds: reported seeds.
      **keywords: of `compete`.
    """
    others = np.asarray(seeds) + TUNING_OFFSET
    results = compete(entrants, problem, seeds=seeds, tuning_seeds=others, record=keep_regret, **keywords)
    curves = {name: np.cumsum(np.asarray(r.record, dtype=float), axis=1) for name, r in results.items()}
    return curves, {name: result.chosen for name, result in results.items()}


def paired(data: Any, variable: str, left: dict[str, Any], right: dict[str, Any]) -> np.ndarray:
    """Seed by seed difference left - right of a variable."""
    return data[variable].sel(left).values - data[variable].sel(right).values
