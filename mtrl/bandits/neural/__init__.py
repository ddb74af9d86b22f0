"""Practical neural GFUCB: a network shared by the tasks, refitted as the game goes on, with three optimistic bonuses.

`last_layer`, `gradient` and `optimistic_net` differ in their confidence set only and share `learner` (network, buffer, refits);
`neural_gfucb(bonus=...)` takes one by name.
"""

from mtrl.bandits.neural.bonuses import BONUSES, neural_gfucb
from mtrl.bandits.neural.gradient import gradient
from mtrl.bandits.neural.last_layer import last_layer
from mtrl.bandits.neural.learner import learner
from mtrl.bandits.neural.optimistic_net import optimistic_net

__all__ = ["BONUSES", "gradient", "last_layer", "learner", "neural_gfucb", "optimistic_net"]
