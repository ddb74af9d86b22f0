"""The three bonuses by name, and the baselines that use the same network."""

from collections.abc import Callable

from mtrl.bandits.checks import check_choice
from mtrl.bandits.neural.gradient import gradient
from mtrl.bandits.neural.last_layer import last_layer
from mtrl.bandits.neural.optimistic_net import optimistic_net
from mtrl.bandits.neural.state import Config
from mtrl.numerics.algorithm import Algorithm

BONUSES: dict[str, Callable[[Config], Algorithm]] = {
    "last_layer": last_layer,
    "gradient": gradient,
    "optimistic_net": optimistic_net,
}


def neural_gfucb(bonus: str, config: Config) -> Algorithm:
    """Neural GFUCB with a named bonus; `independent(neural_gfucb(...))` is the single-task baseline, `alpha = 0` the greedy one.

    Raises:
      BadInput: unknown bonus; lists the three.
    """
    check_choice("bonus", bonus, tuple(BONUSES))
    return BONUSES[bonus](config)
