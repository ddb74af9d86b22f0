"""GFUCB for a finite class of representations, exactly.

Lu, Zhao, Du and Huang, "Provable general function class representation learning in multitask bandits and MDPs",
NeurIPS 2022, Algorithm 1, for `Phi = {phi_1, ..., phi_P}` known to the learner. For one phi_p the confidence set is
an ellipsoid in the heads; with `F_{p,i}` (t - 1, k) the features of the played inputs and `V_{p,i} = F^T F + lam I`:

1. joint fit: ridge heads `theta_{p,i}` for every p, summed squared loss, `q = argmin_p`; fitted values `fhat_i =
   F_{q,i} theta_{q,i}`;
2. confidence set: centre `c_{p,i} = V_{p,i}^-1 F_{p,i}^T fhat_i`, `slack_p = beta - sum_i ||F_{p,i} c_{p,i} -
   fhat_i||^2`; phi_p is out when slack < 0;
3. optimism: `sum_i <phi_p(x_i), c_{p,i}> + sqrt(slack_p sum_i ||phi_p(x_i)||^2_{V^-1})`, maximised over one arm per
   task (`joint_argmax`) and over the surviving p: ONE representation and one budget for all tasks.

Histories are not kept: cross Gram matrices `F_p^T F_q` for all pairs suffice. phi_q itself is in the set with centre
theta_q and the whole of beta (its residual is zero but for the ridge), so the set is never empty and |Phi| = 1 is
LinUCB. The paper's constraint `|f| <= 1` is not imposed.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.bandits.problem import ClassView, check_tasks, first_best, take_arm
from mtrl.bandits.regret.joint_index import joint_argmax
from mtrl.bandits.regret.ridge_statistics import squared_widths
from mtrl.bandits.theory import gfucb_schedule
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_nonnegative, check_positive, check_whole
from mtrl.numerics.linalg import elimination
from mtrl.numerics.types import Scalar


class State(NamedTuple):
    """Sufficient statistics of every candidate and every pair of candidates."""

    gram: Float[Array, "candidate candidate task rank rank"]  # F_p^T F_q per task
    cross: Float[Array, "candidate task rank"]  # F_p^T y
    square: Float[Array, " task"]  # y^T y
    round: Int[Array, ""]


class ConfidenceSet(NamedTuple):
    """The joint least-squares confidence set, candidate by candidate."""

    best: Int[Array, ""]  # q, the joint fit's candidate
    losses: Float[Array, " candidate"]  # summed squared loss of the fit
    centres: Float[Array, "candidate task rank"]  # c_{p,i}
    inverse: Float[Array, "candidate task rank rank"]  # V_{p,i}^-1
    residuals: Float[Array, " candidate"]  # sum_i ||F_p c_p - fhat||^2
    slack: Float[Array, " candidate"]  # beta - residual
    survives: Bool[Array, " candidate"]


def confidence_set(state: State, beta: Scalar, ridge: Scalar) -> ConfidenceSet:
    """Steps 1 and 2."""
    count = state.cross.shape[0]
    own = state.gram[jnp.arange(count), jnp.arange(count)]  # (candidate, task, rank, rank)
    eye = jnp.eye(own.shape[-1], dtype=own.dtype)
    inverse = elimination.inverse(own + ridge * eye)
    heads = jnp.einsum("pmkl,pml->pmk", inverse, state.cross)
    fitted = jnp.einsum("pmk,pmkl,pml->p", heads, own, heads)
    losses = jnp.sum(state.square) - 2.0 * jnp.sum(heads * state.cross, axis=(1, 2)) + fitted
    best = first_best(-losses, jnp.sum(state.square))
    pulled = jnp.einsum("pmkl,ml->pmk", state.gram[:, best], heads[best])  # F_p^T fhat
    is_best = jnp.arange(count, dtype=best.dtype) == best
    centres = jnp.where(is_best[:, None, None], heads, jnp.einsum("pmkl,pml->pmk", inverse, pulled))
    residuals = (
        jnp.einsum("pmk,pmkl,pml->p", centres, own, centres)
        - 2.0 * jnp.sum(centres * pulled, axis=(1, 2))
        + fitted[best]
    )
    residuals = jnp.where(is_best, 0.0, jnp.maximum(residuals, 0.0))
    slack = jnp.asarray(beta, residuals.dtype) - residuals
    return ConfidenceSet(best, losses, centres, inverse, residuals, slack, slack >= 0.0)


def choose(
    found: ConfidenceSet, candidates: Float[Array, "candidate task arm rank"]
) -> tuple[Int[Array, " task"], Float[Array, ""], Int[Array, ""]]:
    """Step 3: the optimistic arms, their value and the candidate that promises it."""
    values = jnp.einsum("pmak,pmk->pma", candidates, found.centres)
    squares = jax.vmap(squared_widths)(found.inverse, candidates)
    choices = jax.vmap(joint_argmax)(values, squares, jnp.maximum(found.slack, 0.0))
    totals = jnp.where(found.survives, choices.value, -jnp.inf)
    promise = first_best(totals)
    return choices.arms[promise], totals[promise], promise


def observe(state: State, view: ClassView, arms: Int[Array, " task"], rewards: Float[Array, " task"]) -> State:
    """Add one observation per task to the statistics of every pair of candidates."""
    features = jax.vmap(lambda table: take_arm(table, arms))(view.candidates)  # (candidate, task, rank)
    return State(
        state.gram + jnp.einsum("pmk,qml->pqmkl", features, features),
        state.cross + features * rewards[:, None],
        state.square + rewards**2,
        state.round + 1,
    )


def gfucb_finite(*, scale: Scalar = 0.5, noise: Scalar = 1.0, beta: Scalar = 0.0, ridge: Scalar = 0.1) -> Algorithm:
    """GFUCB on a finite class: the jointly optimistic arms.

    Args:
      scale: squared radius `scale sigma^2 (M k + log|Phi|) log(t + 2)`; 0 with beta = 0 is greedy on the fit. The squared error of the
        fit is about `sigma^2 M k`.
      noise: sigma.
      beta: added constant squared radius (e.g. the theorem's, `theory.gfucb_radius`).
      ridge: lam, above 0.

    Raises:
      BadInput: a radius is negative or the ridge not positive, or one is not a finite number; in `init` a problem without candidates.
    """
    check_nonnegative(scale=scale, noise=noise, beta=beta, hint="0 acts greedily")
    check_positive(ridge=ridge)

    def init(key, view):
        del key
        check_whole(candidates=view.candidates)
        count, tasks, rank, dtype = view.candidates, view.tasks, view.rank, view.dtype
        return State(
            jnp.zeros((count, count, tasks, rank, rank), dtype),
            jnp.zeros((count, tasks, rank), dtype),
            jnp.zeros(tasks, dtype),
            jnp.zeros((), jnp.int32),
        )

    def select(key, state, view):
        del key
        check_tasks(view.candidates[0], state.square)
        count, tasks, rank = state.cross.shape
        dtype = state.cross.dtype
        squared_radius = jnp.asarray(beta, dtype) + gfucb_schedule(
            state.round.astype(dtype),
            tasks=tasks,
            rank=rank,
            log_covering=jnp.log(jnp.asarray(count, dtype)),
            scale=jnp.asarray(scale, dtype) * jnp.asarray(noise, dtype) ** 2,
        )
        return choose(confidence_set(state, squared_radius, jnp.asarray(ridge, dtype)), view.candidates)[0]

    def update(key, state, view, action, feedback):
        del key
        return observe(state, view, action, feedback), ()

    return Algorithm(init, select, update)
