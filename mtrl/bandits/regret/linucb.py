"""LinUCB, one per task: ridge regression with a constant multiplier of the width; greedy is its limit of no width.

Li, Chu, Langford and Schapire, "A contextual-bandit approach to personalized news article recommendation", WWW 2010,
Algorithm 1. Per task: `V = lam I + sum x x^T`, `theta = V^-1 sum x r`, index `<x, theta> + alpha ||x||_{V^-1}`. OFUL
is the same rule with the multiplier of its confidence theorem (`oful`).
"""

from mtrl.bandits.regret.ridge_statistics import index_algorithm
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_nonnegative
from mtrl.numerics.types import Scalar


def linucb(*, alpha: Scalar = 1.0, ridge: Scalar = 1.0) -> Algorithm:
    """LinUCB.

    Args:
      alpha: multiplier of the width, at least 0.
      ridge: lam, above 0.

    Raises:
      BadInput: alpha is negative or the ridge not positive, or one is not a finite number.
    """
    check_nonnegative(alpha=alpha, hint="0 acts greedily")
    return index_algorithm(lambda rounds, dim: alpha, ridge)


def greedy(*, ridge: Scalar = 1.0) -> Algorithm:
    """The ridge estimate's best arm, without exploration: LinUCB with alpha = 0.

    Raises:
      BadInput: the ridge is not positive.
    """
    return index_algorithm(lambda rounds, dim: 0.0, ridge)
