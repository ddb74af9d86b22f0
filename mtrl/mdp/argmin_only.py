"""Multitask LSVI that trusts the best-fitting representation alone: the ablation of the survivor set.

Without survivors a wrong phi that fits the few visited pairs need never be refuted, because the pairs which would refute it look bad under
it. How much that costs depends on the class and on chance between seeds; figure `regret` of the study shows it.
"""

import functools

from mtrl.mdp.multitask_lsvi import init, step
from mtrl.numerics.algorithm import Algorithm

ARGMIN_ONLY = Algorithm(init, functools.partial(step, single=True))
