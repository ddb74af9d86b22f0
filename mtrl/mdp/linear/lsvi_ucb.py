"""LSVI-UCB (Jin, Yang, Wang and Jordan, COLT 2020, Algorithm 1): one task at a time with given features.

For h = H .. 1: `Lam_h = lam I + sum phi phi^T`, `w_h = Lam_h^-1 sum phi (r + max_a Q_{h+1}(s', a))`,
`Q_h = min(w_h^T phi + beta ||phi||_{Lam_h^-1}, H - h + 1)`; greedy. Also clipped below at 0 (values are never negative). Every
task learns alone. `lsvi_ucb` uses the raw inputs x(s, a) as features; `known_representation` the true phi; `tabular` the one-hot
code in closed form.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.mdp.linear.planning import Counts, Plan, backward_induction, value_iteration
from mtrl.mdp.linear.ridge import fit_cells
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_nonnegative, check_positive
from mtrl.numerics.types import Scalar


def plan_with_features(
    counts: Counts,
    returns: Float[Array, " stage"],
    features: Float[Array, "stage state action rank"],
    *,
    beta: Scalar,
    ridge: Scalar,
) -> Plan:
    """Optimistic values with known features."""
    phi = features.reshape(features.shape[0], -1, features.shape[-1])

    def index(phi_h, visits, totals):
        fitted = fit_cells(phi_h[None], visits, totals, ridge)
        q = fitted.values[0] + beta * jnp.sqrt(fitted.squares[0])
        return q, jnp.ones(visits.shape[0], q.dtype), ()

    return backward_induction(counts, returns, index, phi)


def lsvi_ucb(*, beta: Scalar = 0.1, ridge: Scalar = 1.0) -> Algorithm:
    """LSVI-UCB on the inputs x(s, a).

    Args:
      beta: bonus multiplier; `theory.lsvi_ucb_beta` is the theorem's.
      ridge: lam; the paper's is 1. `beta / sqrt(lam)` is the bonus of a direction never visited: below H it may never be tried.

    Raises:
      BadInput: beta < 0 or ridge <= 0.
    """
    check_nonnegative(beta=beta, hint="0 acts greedily")
    check_positive(ridge=ridge)

    def plan(counts, view, memory, episode):
        features = jnp.broadcast_to(view.inputs, (view.returns.shape[0], *view.inputs.shape))
        return plan_with_features(counts, view.returns, features, beta=beta, ridge=ridge)

    return value_iteration(plan)
