"""The three bonuses by name."""

from collections.abc import Callable
from typing import Any

from mtrl.bandits.neural.gradient import gradient
from mtrl.bandits.neural.last_layer import last_layer
from mtrl.bandits.neural.optimistic_net import optimistic_net
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_choice

BONUSES: dict[str, Callable[..., Algorithm]] = {
    "last_layer": last_layer,
    "gradient": gradient,
    "optimistic_net": optimistic_net,
}


def neural_gfucb(*, bonus: str = "last_layer", **hyper: Any) -> Algorithm:
    """Neural GFUCB with a named bonus; `independent` of it is the single-task baseline, `alpha = 0` the greedy one.

    Args:
      bonus: `last_layer`, `gradient` or `optimistic_net`.
      **hyper: `alpha` and the others of that bonus, and those of `learner`.

    Raises:
      BadInput: unknown bonus; lists the three.
    """
    check_choice("bonus", bonus, tuple(BONUSES))
    return BONUSES[bonus](**hyper)
