"""MTLR-LSVI: multitask LSVI with a linear shared representation (Hu, Chen, Jin, Li and Wang, ICML 2021, Algorithm 2), practical form.

Raw inputs x(s,a) in R^D are known, `theta_{h,i} = B_h w_{h,i}` with an unknown subspace B_h (D, k) common to the tasks. The
paper's algorithm chooses all stages and tasks jointly over the set `sum_i ||B_hat w_hat_i - B w_i||^2_{V_i} <= L`, `L = ~O(M k +
k D)`, which cannot be computed. Here, stage by stage on the targets `y = r + max_a Q_{h+1}(s', a)`:

1. `min_{B, w} sum_i ||y_i - X_i B w_i||^2` by alternating ridge solves from the last episode's B (the ridge lam on the heads; on
   the basis a proximal term `lam mean(w^2) ||B - B_old||^2`, so that without data it stays); B is made orthonormal by QR after each sweep;
2. `Q_{h,i} = <B^T x, w_i> + beta sqrt(||B^T x||^2_{(B^T V_i B)^-1} + basis_bonus ||x||^2_{Vbar^-1})` with `V_i = X_i^T X_i`,
   `Vbar = sum_i V_i` (plus lam I): the first term is the error of a task's own k numbers, the second that of the subspace,
   learned from all tasks' data (the M k and k D of L); clipped to [0, H - h + 1].
"""

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.mdp.counts import Counts, add, no_counts
from mtrl.mdp.episodes import Episode, Info, play, report
from mtrl.mdp.planning import backward_induction
from mtrl.mdp.ridge import spd_inverse
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey, Scalar


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings fixed at compile time."""

    rank: int  # k, the dimension of the subspace
    sweeps: int = 2  # alternations per stage and episode


class State(NamedTuple):
    """Statistics and the subspaces found last."""

    counts: Counts
    basis: Float[Array, "stage dim rank"]  # B_h, orthonormal columns


class LowRankFit(NamedTuple):
    """A shared subspace and heads in it."""

    basis: Float[Array, "dim rank"]
    heads: Float[Array, "task rank"]
    inverse: Float[Array, "task rank rank"]  # (B^T V_i B + lam I)^-1


def init(key: PRNGKey, problem: Any, config: Config) -> State:
    """Random orthonormal subspaces, no data."""
    sizes = problem.sizes
    gaussian = jax.random.normal(key, (sizes.stages, sizes.dim, config.rank), sizes.dtype)
    return State(no_counts(sizes), jnp.linalg.qr(gaussian)[0])


def solve_heads(
    gram: Float[Array, "task dim dim"], moment: Float[Array, "task dim"], basis: Float[Array, "dim rank"], ridge: Scalar
) -> LowRankFit:
    """Ridge heads `w_i = (B^T V_i B + lam I)^-1 B^T b_i` in a fixed subspace."""
    inner = jnp.einsum("dk,mde,el->mkl", basis, gram, basis)
    inverse = spd_inverse(inner + ridge * jnp.eye(basis.shape[1], dtype=basis.dtype))
    return LowRankFit(basis, jnp.einsum("mkl,ml->mk", inverse, moment @ basis), inverse)


def solve_basis(
    gram: Float[Array, "task dim dim"], moment: Float[Array, "task dim"], found: LowRankFit, ridge: Scalar
) -> Float[Array, "dim rank"]:
    """Best basis for fixed heads near the old one, then orthonormal: one symmetric system of size k D.

    Heads and targets are divided by the heads' root mean square, so that the proximal term has the units of the loss.
    """
    dim, rank = found.basis.shape
    size = jnp.sqrt(jnp.mean(found.heads**2))
    size = jnp.where(size > 0, size, 1.0)
    heads, moment = found.heads / size, moment / size
    system = jnp.einsum("mk,ml,mde->kdle", heads, heads, gram).reshape(rank * dim, rank * dim)
    target = jnp.einsum("mk,md->kd", heads, moment) + ridge * found.basis.T
    system = system + ridge * jnp.eye(rank * dim, dtype=system.dtype)
    solved = jnp.linalg.solve(system, target.reshape(-1)).reshape(rank, dim).T
    return jnp.linalg.qr(solved)[0]


def alternate(
    gram: Float[Array, "task dim dim"],
    moment: Float[Array, "task dim"],
    basis: Float[Array, "dim rank"],
    ridge: Scalar,
    sweeps: int,
) -> LowRankFit:
    """Step 1: `sweeps` alternations from `basis`."""

    def sweep(found, _):
        return solve_heads(gram, moment, solve_basis(gram, moment, found, ridge), ridge), None

    return jax.lax.scan(sweep, solve_heads(gram, moment, basis, ridge), None, length=sweeps)[0]


def step(
    key: PRNGKey,
    state: State,
    data: Episode,
    *,
    beta: Scalar = 0.1,
    basis_bonus: Scalar = 1.0,
    ridge: Scalar = 0.1,
    sweeps: int = Config.sweeps,
) -> tuple[State, Info]:
    """Plan, play one episode of every task, count.

    Args:
      key: not used.
      state: statistics and subspaces.
      data: the episode.
      beta: bonus multiplier.
      basis_bonus: weight of the subspace's error in the squared bonus; 0 trusts the fitted subspace.
      ridge: lam.
      sweeps: alternations per stage (static).
    """
    del key
    x = data.known.inputs.reshape(-1, data.known.inputs.shape[-1])
    eye = jnp.eye(x.shape[1], dtype=x.dtype)

    def index(basis, visits, totals):
        gram = jnp.einsum("cd,mc,ce->mde", x, visits, x)
        found = alternate(gram, totals @ x, basis, ridge, sweeps)
        z = x @ found.basis
        pooled = jnp.linalg.inv(jnp.sum(gram, axis=0) + ridge * eye)
        head = jnp.einsum("ck,mkl,cl->mc", z, found.inverse, z)
        subspace = jnp.einsum("cd,de,ce->c", x, pooled, x)
        squares = jnp.maximum(head + basis_bonus * subspace, 0.0)
        return found.heads @ z.T + beta * jnp.sqrt(squares), (jnp.ones_like(totals[:, 0]), found.basis)

    planned = backward_induction(state.counts, index, state.basis)
    survivors, basis = planned.extra
    seen = play(data, planned.policy)
    info = report(data, planned.policy, jnp.max(planned.q[:, 0], axis=-1), survivors.T)
    return State(add(state.counts, seen), basis), info


MTLR_LSVI = Algorithm(init, step)
