"""The oracle: LSVI-UCB with the true feature map, the floor which shared learning approaches as M grows."""

import functools

from mtrl.mdp.lsvi_ucb import init, step
from mtrl.numerics.algorithm import Algorithm

KNOWN_REPRESENTATION = Algorithm(init, functools.partial(step, source="features"))
