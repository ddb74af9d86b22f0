"""LSVI-UCB with one-hot features in closed form: tabular optimistic value iteration.

With `phi(s,a) = e_(s,a)`, `Lam` is diagonal: `Q_h(s,a) = sum y / (lam + n) + beta / sqrt(lam + n)`, clipped to `[0, H - h + 1]`.
The baseline that
uses no structure at all: it explores S A pairs instead of k directions.
"""

import jax.numpy as jnp

from mtrl.mdp.counts import Counts, add
from mtrl.mdp.episodes import Episode, Info, play, report
from mtrl.mdp.multitask_lsvi import State, init
from mtrl.mdp.planning import Plan, backward_induction
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey, Scalar


def plan(counts: Counts, *, beta: Scalar, ridge: Scalar) -> Plan:
    """Optimistic values of every pair by itself."""

    def index(_, visits, totals):
        q = totals / (ridge + visits) + beta / jnp.sqrt(ridge + visits)
        return q, jnp.ones(visits.shape[0], q.dtype)

    return backward_induction(counts, index)


def step(key: PRNGKey, state: State, data: Episode, *, beta: Scalar = 0.1, ridge: Scalar = 1.0) -> tuple[State, Info]:
    """Plan, play one episode of every task, count; hyper-parameters as in `lsvi_ucb`."""
    del key
    planned = plan(state.counts, beta=beta, ridge=ridge)
    seen = play(data, planned.policy)
    info = report(data, planned.policy, jnp.max(planned.q[:, 0], axis=-1), planned.extra.T)
    return State(add(state.counts, seen)), info


TABULAR = Algorithm(init, step)
