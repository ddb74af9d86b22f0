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

from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.mdp.counts import Counts, add, no_counts
from mtrl.mdp.episodes import Episode, Info, play, report
from mtrl.mdp.planning import Plan, backward_induction
from mtrl.mdp.ridge import fit
from mtrl.mdp.survivors import survivors
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey, Scalar


class State(NamedTuple):
    """Statistics of all tasks."""

    counts: Counts


def init(key: PRNGKey, problem: Any, config: None = None) -> State:
    """Start without data; `problem` is anything with `sizes`."""
    del key, config
    return State(no_counts(problem.sizes))


def plan(
    counts: Counts,
    candidates: Float[Array, "candidate state action rank"],
    teams: Int[Array, " task"],
    *,
    beta: Scalar,
    conf: Scalar,
    ridge: Scalar,
    single: bool | Bool[Array, ""] = False,
) -> Plan:
    """Steps 1 to 4; `extra` is the number of survivors (stage, task)."""
    phi = candidates.reshape(candidates.shape[0], -1, candidates.shape[-1])

    def index(_, visits, totals):
        fitted = fit(phi, visits, totals, ridge)
        kept = survivors(fitted.misfit, teams, conf=conf, rank=phi.shape[-1], single=single)
        promise = fitted.values + beta * jnp.sqrt(fitted.squares)
        best = jnp.max(jnp.where(kept[:, :, None], promise, -jnp.inf), axis=0)
        return best, jnp.sum(kept, axis=0).astype(best.dtype)

    return backward_induction(counts, index)


def step(
    key: PRNGKey,
    state: State,
    data: Episode,
    *,
    beta: Scalar = 0.1,
    conf: Scalar = 0.1,
    ridge: Scalar = 0.1,
    teams: Int[Array, " task"] | None = None,
    single: bool | Bool[Array, ""] = False,
) -> tuple[State, Info]:
    """Plan, play one episode of every task, count.

    Args:
      key: not used.
      state: statistics.
      data: the episode.
      beta: bonus multiplier.
      conf: scale of the survivors' budget.
      ridge: lam.
      teams: team of every task; budgets and misfits are shared within a team. None is one team of all.
      single: keep the best-fitting candidate alone (ablation, see `argmin_only`).
    """
    del key
    tasks = data.start.shape[0]
    teams = jnp.zeros(tasks, jnp.int32) if teams is None else teams
    planned = plan(state.counts, data.known.candidates, teams, beta=beta, conf=conf, ridge=ridge, single=single)
    seen = play(data, planned.policy)
    info = report(data, planned.policy, jnp.max(planned.q[:, 0], axis=-1), planned.extra.T)
    return State(add(state.counts, seen)), info


MULTITASK_LSVI = Algorithm(init, step)
