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

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.mdp.counts import Counts, add, no_counts
from mtrl.mdp.episodes import Episode, Info, play, report
from mtrl.mdp.planning import backward_induction
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.linalg import elimination
from mtrl.numerics.types import PRNGKey, Scalar


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings fixed at compile time."""

    rank: int  # k, the dimension of the subspace
    sweeps: int = 5  # Gauss-Newton steps per stage and episode


class State(NamedTuple):
    """Statistics and the subspaces found last."""

    counts: Counts
    basis: Float[Array, "stage dim rank"]  # B_h, orthonormal columns


class LowRankFit(NamedTuple):
    """A shared subspace and heads in it."""

    basis: Float[Array, "dim rank"]
    heads: Float[Array, "task rank"]
    inverse: Float[Array, "task rank rank"]  # (B^T X_i^T X_i B + ridge I)^-1


def init(key: PRNGKey, problem: Any, config: Config) -> State:
    """Random orthonormal subspaces, no data."""
    sizes = problem.sizes
    gaussian = jax.random.normal(key, (sizes.stages, sizes.dim, config.rank), sizes.dtype)
    return State(no_counts(sizes), jnp.linalg.qr(gaussian)[0])


def solve_heads(
    gram: Float[Array, "task dim dim"], moment: Float[Array, "task dim"], basis: Float[Array, "dim rank"], ridge: Scalar
) -> LowRankFit:
    """Ridge heads `w_i = (B^T G_i B + ridge I)^-1 B^T b_i` in a fixed subspace, `G_i = X_i^T X_i`, `b_i = X_i^T y_i`."""
    inner = jnp.einsum("dk,mde,el->mkl", basis, gram, basis)
    inverse = elimination.inverse(inner + ridge * jnp.eye(basis.shape[1], dtype=basis.dtype))
    return LowRankFit(basis, jnp.einsum("mkl,ml->mk", inverse, moment @ basis), inverse)


def basis_step(
    gram: Float[Array, "task dim dim"], moment: Float[Array, "task dim"], found: LowRankFit, ridge: Scalar
) -> Float[Array, "dim rank"]:
    """The Gauss-Newton step dB for `theta_i = B w_i + dB w_i + B dw_i` with the heads' best answers dw_i put in.

    `sum_i S_i dB w_i w_i^T + ridge dB = sum_i (b_i - G_i B w_i) w_i^T`, `S_i = G_i - G_i B (B^T G_i B + ridge I)^-1 B^T G_i`, for heads
    that are best for B. Heads and moments are divided by the heads' root mean square, so that the damping has the units of the loss.
    """
    dim, rank = found.basis.shape
    size = jnp.sqrt(jnp.mean(found.heads**2))
    size = jnp.where(size > 0, size, 1.0)
    heads, moment = found.heads / size, moment / size
    pulled = gram @ found.basis  # G_i B
    left = gram - jnp.einsum("mdk,mkl,mel->mde", pulled, found.inverse, pulled)  # S_i
    system = jnp.einsum("mk,ml,mde->kdle", heads, heads, left).reshape(rank * dim, rank * dim)
    system = system + ridge * jnp.eye(rank * dim, dtype=system.dtype)
    missing = moment - jnp.einsum("mdk,mk->md", pulled, heads)
    target = jnp.einsum("mk,md->kd", heads, missing)
    return jnp.linalg.solve(system, target.reshape(-1)).reshape(rank, dim).T


def low_rank_fit(
    gram: Float[Array, "task dim dim"],
    moment: Float[Array, "task dim"],
    basis: Float[Array, "dim rank"],
    ridge: Scalar,
    sweeps: int,
) -> LowRankFit:
    """Step 1: `sweeps` Gauss-Newton steps from `basis`; without data it stays."""

    def sweep(found, _):
        basis, _ = jnp.linalg.qr(found.basis + basis_step(gram, moment, found, ridge))
        return solve_heads(gram, moment, basis, ridge), None

    return jax.lax.scan(sweep, solve_heads(gram, moment, basis, ridge), None, length=sweeps)[0]


def step(
    key: PRNGKey,
    state: State,
    data: Episode,
    *,
    beta: Scalar = 0.1,
    basis_bonus: Scalar = 1.0,
    ridge: Scalar = 0.1,
    fit_ridge: Scalar = 1e-3,
    sweeps: int = Config.sweeps,
) -> tuple[State, Info]:
    """Plan, play one episode of every task, count.

    Args:
      key: not used.
      state: statistics and subspaces.
      data: the episode.
      beta: bonus multiplier.
      basis_bonus: weight of the subspace's error in the squared bonus; 0 trusts the fitted subspace.
      ridge: lam, of the bonus.
      fit_ridge: regularity of the fit, positive; small beside one visit's `||x||^2`.
      sweeps: Gauss-Newton steps per stage (static).
    """
    del key
    x = data.known.inputs.reshape(-1, data.known.inputs.shape[-1])
    eye = jnp.eye(x.shape[1], dtype=x.dtype)

    def index(basis, visits, totals):
        gram = jnp.einsum("cd,mc,ce->mde", x, visits, x)
        found = low_rank_fit(gram, totals @ x, basis, fit_ridge, sweeps)
        inverse = solve_heads(gram, totals @ x, found.basis, ridge).inverse  # (B^T V_i B)^-1
        z = x @ found.basis
        pooled = jnp.linalg.inv(jnp.sum(gram, axis=0) + ridge * eye)
        head = jnp.einsum("ck,mkl,cl->mc", z, inverse, z)
        subspace = jnp.einsum("cd,de,ce->c", x, pooled, x)
        squares = jnp.maximum(head + basis_bonus * subspace, 0.0)
        return found.heads @ z.T + beta * jnp.sqrt(squares), (jnp.ones_like(totals[:, 0]), found.basis)

    planned = backward_induction(state.counts, index, state.basis)
    survivors, basis = planned.extra
    seen = play(data, planned.policy)
    info = report(data, planned.policy, jnp.max(planned.q[:, 0], axis=-1), survivors.T)
    return State(add(state.counts, seen), basis), info


MTLR_LSVI = Algorithm(init, step)
