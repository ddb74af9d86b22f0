"""Multitask LSVI that trusts the best-fitting representation alone: an ablation that FAILS.

Without the set of survivors a wrong phi that fits the few visited pairs is never refuted, because the pairs which would refute it look bad
under it; regret grows linearly, shared or not.
"""

import functools

from mtrl.mdp.multitask_lsvi import init, step
from mtrl.numerics.algorithm import Algorithm

ARGMIN_ONLY = Algorithm(init, functools.partial(step, single=True))
