"""MTLR-LSVI: multitask LSVI with a linear shared representation (Hu, Chen, Jin, Li and Wang, ICML 2021, Algorithm 2), practical form.

Raw inputs x(s,a) in R^D are known, `theta_{h,i} = B_h w_{h,i}` with an unknown subspace B_h (D, k) common to the tasks. The
paper's algorithm chooses all stages and tasks jointly over the set `sum_i ||B_hat w_hat_i - B w_i||^2_{V_i} <= L`, `L = ~O(M k +
k D)`, which cannot be computed. Here, stage by stage on the targets `y = r + max_a Q_{h+1}(s', a)`:

1. `min_{B, w} sum_i ||y_i - X_i B w_i||^2` from the last episode's B by `sweeps` Gauss-Newton steps on B with the heads eliminated
   (variable projection; Golub and Pereyra 1973), made orthonormal by QR after each. `fit_ridge` on the heads and as damping only keeps
   the systems regular; lam is not part of the fit, as in the paper. (Targets have a mean of up to H - h + 1 and differ between
   actions by a tenth of that: a ridge of lam shrinks the mean where there is little data, and the second direction of B then fits that
   bias. Alternating solves need hundreds of sweeps for the second direction, whose heads are ten times smaller.)
2. `Q_{h,i} = <B^T x, w_i> + beta sqrt(||B^T x||^2_{(B^T V_i B)^-1} + basis_bonus ||x||^2_{Vbar^-1})` with `V_i = X_i^T X_i + lam I`,
   `Vbar = sum_i X_i^T X_i + lam I`: the first term is the error of a task's own k numbers, the second that of the subspace,
   learned from all tasks' data (the M k and k D of L); clipped to [0, H - h + 1].

Deviations: one stage after the other instead of jointly; the fit shares B, but the bonus is each task's own, not a joint budget; the
paper's norm bounds are replaced by clipping.
"""

import jax
import jax.numpy as jnp

from mtrl.mdp.linear.planning import backward_induction, value_iteration
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_nonnegative, check_positive, check_rank, check_whole
from mtrl.numerics.low_rank import best_heads, project_variables
from mtrl.numerics.moments import Moments
from mtrl.numerics.types import Scalar


def mtlr_lsvi(
    *,
    rank: int,
    sweeps: int = 5,
    beta: Scalar = 0.1,
    basis_bonus: Scalar = 1.0,
    ridge: Scalar = 0.1,
    fit_ridge: Scalar = 1e-3,
) -> Algorithm:
    """MTLR-LSVI on the inputs x(s, a), from random orthonormal subspaces.

    Args:
      rank: k, the dimension of the subspace (static).
      sweeps: Gauss-Newton steps per stage and episode (static).
      beta: bonus multiplier.
      basis_bonus: weight of the subspace's error in the squared bonus; 0 trusts the fitted subspace.
      ridge: lam, of the bonus.
      fit_ridge: regularity of the fit, positive; small beside one visit's `||x||^2`.

    Raises:
      BadInput: beta or basis_bonus < 0, ridge or fit_ridge <= 0, sweeps < 1; in `init`, a rank outside 1 .. D.
    """
    check_nonnegative(beta=beta, hint="0 acts greedily")
    check_nonnegative(basis_bonus=basis_bonus, hint="0 trusts the fitted subspace")
    check_positive(ridge=ridge, fit_ridge=fit_ridge)
    check_whole(sweeps=sweeps, rank=rank)

    def begin(key, view):
        dim = view.inputs.shape[-1]
        check_rank(rank, dim, what="the dimension of the inputs")
        return jnp.linalg.qr(jax.random.normal(key, (view.returns.shape[0], dim, rank), view.inputs.dtype))[0]

    def plan(counts, view, bases, episode):
        x = view.inputs.reshape(-1, view.inputs.shape[-1])
        eye = jnp.eye(x.shape[1], dtype=x.dtype)

        def index(basis, visits, totals):
            gram = jnp.einsum("cd,mc,ce->mde", x, visits, x)
            nothing = jnp.zeros_like(visits[:, 0])  # squares do not enter the fit
            data = Moments(gram, totals @ x, nothing, jnp.sum(visits, axis=1))
            found = project_variables(data, basis, ridge=fit_ridge, steps=sweeps)
            inverse = best_heads(data, found.basis, ridge).inverse  # (B^T V_i B)^-1
            z = x @ found.basis
            pooled = jnp.linalg.inv(jnp.sum(gram, axis=0) + ridge * eye)
            head = jnp.einsum("ck,mkl,cl->mc", z, inverse, z)
            subspace = jnp.einsum("cd,de,ce->c", x, pooled, x)
            squares = jnp.maximum(head + basis_bonus * subspace, 0.0)
            return found.heads @ z.T + beta * jnp.sqrt(squares), jnp.ones_like(nothing), found.basis

        return backward_induction(counts, view.returns, index, bases)

    return value_iteration(plan, begin)
