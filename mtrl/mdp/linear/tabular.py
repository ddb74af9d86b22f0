"""LSVI-UCB with one-hot features in closed form: tabular optimistic value iteration.

With `phi(s,a) = e_(s,a)`, `Lam` is diagonal: `Q_h(s,a) = sum y / (lam + n) + beta / sqrt(lam + n)`, clipped to `[0, H - h + 1]`.
The baseline that uses no structure at all: it explores S A pairs instead of k directions.
"""

import jax.numpy as jnp

from mtrl.mdp.linear.planning import backward_induction, value_iteration
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_nonnegative, check_positive
from mtrl.numerics.types import Scalar


def tabular(*, beta: Scalar = 0.1, ridge: Scalar = 1.0) -> Algorithm:
    """Optimistic values of every pair by itself; arguments as in `lsvi_ucb`."""
    check_nonnegative(beta=beta, hint="0 acts greedily")
    check_positive(ridge=ridge)

    def index(_, visits, totals):
        q = totals / (ridge + visits) + beta / jnp.sqrt(ridge + visits)
        return q, jnp.ones(visits.shape[0], q.dtype), ()

    return value_iteration(lambda counts, view, memory, episode: backward_induction(counts, view.returns, index))
