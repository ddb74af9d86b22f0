"""Multitask LSVI that trusts the best-fitting representation alone: the ablation of the survivor set.

Without survivors a wrong phi that fits the few visited pairs need never be refuted, because the pairs which would refute it look bad under
it. How much that costs depends on the class and on chance between seeds; figure `regret` of the study shows it.
"""

from mtrl.mdp.linear.multitask_lsvi import Teams, multitask_lsvi
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import Scalar


def argmin_only(*, beta: Scalar = 0.1, ridge: Scalar = 0.1, teams: Teams = None) -> Algorithm:
    """`multitask_lsvi(single=True)`, whose other arguments these are."""
    return multitask_lsvi(beta=beta, ridge=ridge, teams=teams, single=True)
