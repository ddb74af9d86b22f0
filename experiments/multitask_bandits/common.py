"""What the figures share: the tuning protocol, the bookkeeping of regret, and what their claims compare.

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
REWARD = "reward per task"
# Numbers of runs whose code is not published; no paper gives numbers for these settings.
PROGRAM = "an independent program of these settings, written from the papers, not by their authors"


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


def most(config: Any) -> int:
    """The largest M of a configuration."""
    return max(config.tasks)


def fewest(config: Any) -> int:
    """The smallest M of a configuration."""
    return min(config.tasks)


def several_tasks(data: Any) -> bool:
    """Whether there are two M to compare."""
    return data.sizes["tasks"] > 1
