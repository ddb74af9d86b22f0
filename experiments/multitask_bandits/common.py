"""What the figures share: the tuning protocol and the bookkeeping of regret.

Tuning protocol, the same for every method with a confidence radius: the squared radius (or the width) is `scale`
times the shape its theory gives it, `scale` comes from the grid `--scales`, and is the one with the least mean total
regret on as many TUNING seeds (the reported ones plus 1,000,003, never reported). A grid of one value switches tuning
off. Methods without a radius (greedy, MLinGreedy, E2TC, PEGE) have nothing to tune: their schedules are the theory's.
"""

from typing import Any

import numpy as np

from mtrl.harness import simulate

TUNING_OFFSET = 1_000_003


def keep_regret(params: Any, state: Any, batch: Any, info: Any) -> Any:
    """Record regret per task, averaged over the tasks of the round."""
    return info.regret.mean()


def regret_per_task(algorithm: Any, seeds: Any, **keywords: Any) -> np.ndarray:
    """Cumulative Reg/M of a simulation, (seed, round)."""
    regret, _ = simulate(algorithm, seeds=seeds, record=keep_regret, **keywords)
    return np.cumsum(np.asarray(regret, dtype=float), axis=1)


def tuned(
    algorithm: Any, seeds: Any, grid: tuple[float, ...], name: str, hyper: dict[str, Any], **keywords: Any
) -> tuple[np.ndarray, float]:
    """Cumulative Reg/M (seed, round) at the scale that the tuning seeds prefer, and that scale.

    Args:
      algorithm: the algorithm.
      seeds: reported seeds.
      grid: scales tried.
      name: hyper-parameter that is tuned.
      hyper: the others.
      **keywords: of `simulate`.
    """
    chosen = grid[0]
    if len(grid) > 1:
        others = np.asarray(seeds) + TUNING_OFFSET
        finals = [regret_per_task(algorithm, others, hyper={**hyper, name: s}, **keywords)[:, -1].mean() for s in grid]
        chosen = grid[int(np.argmin(finals))]
    return regret_per_task(algorithm, seeds, hyper={**hyper, name: chosen}, **keywords), chosen


def paired(data: Any, variable: str, left: dict[str, Any], right: dict[str, Any]) -> np.ndarray:
    """Seed by seed difference left - right of a variable."""
    return data[variable].sel(left).values - data[variable].sel(right).values
