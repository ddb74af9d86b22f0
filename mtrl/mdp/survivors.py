"""Which candidate representations are still plausible, with data pooled over teams of tasks."""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.numerics.types import Scalar


def team_matrix(teams: Int[Array, " task"], dtype: jnp.dtype) -> Float[Array, "task task"]:
    """1 where two tasks are in one team, else 0."""
    return (teams[:, None] == teams[None, :]).astype(dtype)


def survivors(
    misfit: Float[Array, "candidate task"],
    teams: Int[Array, " task"],
    *,
    conf: Scalar,
    rank: int,
    single: bool | Bool[Array, ""] = False,
) -> Bool[Array, "candidate task"]:
    """Candidates whose misfit, summed over the task's team, is within the team's budget of the smallest.

    `sum_{i in team} res_{p,i} <= min_p' sum_{i in team} res_{p',i} + conf (m k + log|Phi|)` for a team of m tasks: the practical form of
    the joint confidence set of GFUCB. One team of all M tasks pays log|Phi| once; teams of one pay it M times.

    Args:
      misfit: ridge misfit of every candidate on every task.
      teams: team number of every task.
      conf: scale of the budget.
      rank: k.
      single: true keeps nothing but the first candidate of smallest misfit.
    """
    same = team_matrix(teams, misfit.dtype)
    pooled = misfit @ same
    budget = conf * (jnp.sum(same, axis=0) * rank + jnp.log(jnp.asarray(misfit.shape[0], misfit.dtype)))
    kept = pooled <= jnp.min(pooled, axis=0) + budget
    first = jnp.arange(misfit.shape[0])[:, None] == jnp.argmin(pooled, axis=0)
    return jnp.where(single, first, kept | first)
