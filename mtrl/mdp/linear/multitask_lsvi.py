"""Multitask LSVI: GFUCB for linear MDPs with a finite class of representations, practical form.

The theoretical algorithm (Lu, Zhao, Du and Huang, NeurIPS 2022) chooses representation and heads of all stages and tasks jointly,
as ELEANOR does, and cannot be computed in general (`eleanor` does it for tiny problems). Here, as in least-squares value
iteration, stage by stage:

1. targets `y = r + max_a Q_{h+1}(s', a)`;
2. for every phi_p in Phi and task i a ridge fit `w_{p,i}` with misfit `res_{p,i}`;
3. survivors: `sum_i res_{p,i} <= min_p' sum_i res_{p',i} + conf (M k + log|Phi|)`, ONE budget for all tasks;
4. `Q_{h,i} = clip(max over survivors of <phi_p, w_{p,i}> + beta ||phi_p||_{Lam_{p,i}^-1}, 0, H - h + 1)`.

Deviations from the theory: confidence sets are centred at targets built from the optimistic Q of the next stage instead of being optimised
jointly with it; the bonus is each task's own ellipsoid; beta and conf are free constants.
"""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.mdp.linear.planning import Counts, Plan, backward_induction, value_iteration
from mtrl.mdp.linear.problem import Table
from mtrl.mdp.linear.ridge import fit_cells
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_nonnegative, check_positive, check_whole
from mtrl.numerics.types import Scalar

Teams = Table | None


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
    same = (teams[:, None] == teams[None, :]).astype(misfit.dtype)
    pooled = misfit @ same
    budget = conf * (jnp.sum(same, axis=0) * rank + jnp.log(jnp.asarray(misfit.shape[0], misfit.dtype)))
    kept = pooled <= jnp.min(pooled, axis=0) + budget
    first = jnp.arange(misfit.shape[0])[:, None] == jnp.argmin(pooled, axis=0)
    return jnp.where(single, first, kept | first)


def plan_with_class(
    counts: Counts,
    returns: Float[Array, " stage"],
    candidates: Float[Array, "candidate state action rank"],
    teams: Int[Array, " task"],
    *,
    beta: Scalar,
    conf: Scalar,
    ridge: Scalar,
    single: bool | Bool[Array, ""] = False,
) -> Plan:
    """Steps 1 to 4."""
    phi = candidates.reshape(candidates.shape[0], -1, candidates.shape[-1])

    def index(_, visits, totals):
        fitted = fit_cells(phi, visits, totals, ridge)
        kept = survivors(fitted.misfit, teams, conf=conf, rank=phi.shape[-1], single=single)
        promised = fitted.values + beta * jnp.sqrt(fitted.squares)
        best = jnp.max(jnp.where(kept[:, :, None], promised, -jnp.inf), axis=0)
        return best, jnp.sum(kept, axis=0).astype(best.dtype), ()

    return backward_induction(counts, returns, index)


def multitask_lsvi(
    *,
    beta: Scalar = 0.1,
    conf: Scalar = 0.1,
    ridge: Scalar = 0.1,
    teams: Teams = None,
    single: bool | Bool[Array, ""] = False,
) -> Algorithm:
    """Multitask LSVI on the view's class.

    Args:
      beta: bonus multiplier.
      conf: scale of the survivors' budget.
      ridge: lam.
      teams: team number of every task; budgets and misfits are shared within a team. None is one team of all.
      single: keep the best-fitting candidate alone (ablation, see `argmin_only`).

    Raises:
      BadInput: beta or conf < 0, ridge <= 0, or team numbers that are no whole numbers.
    """
    check_nonnegative(beta=beta, hint="0 acts greedily")
    check_nonnegative(conf=conf, hint="0 keeps the best-fitting representations alone")
    check_positive(ridge=ridge)
    if teams is not None:
        check_whole(teams=teams, lower=0)

    def plan(counts, view, memory, episode):
        tasks = view.start.shape[0]
        team = jnp.broadcast_to(jnp.asarray(0 if teams is None else teams, jnp.int32), tasks)
        return plan_with_class(
            counts, view.returns, view.candidates, team, beta=beta, conf=conf, ridge=ridge, single=single
        )

    return value_iteration(plan)
