"""LSVI-UCB (Jin, Yang, Wang and Jordan, COLT 2020, Algorithm 1): one task at a time with given features.

For h = H .. 1: `Lam_h = lam I + sum phi phi^T`, `w_h = Lam_h^-1 sum phi (r + max_a Q_{h+1}(s', a))`,
`Q_h = min(w_h^T phi + beta ||phi||_{Lam_h^-1}, H - h + 1)`; greedy. Also clipped below at 0 (values are never negative). Every
task learns alone. `LSVI_UCB` uses the raw inputs x(s, a) as features; `known_representation` the true phi; `tabular` the one-hot
code in closed form.
"""

import functools

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.mdp.counts import Counts, add
from mtrl.mdp.episodes import Episode, Info, play, report
from mtrl.mdp.multitask_lsvi import State, init
from mtrl.mdp.planning import Plan, backward_induction
from mtrl.mdp.ridge import fit
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey, Scalar


def plan(counts: Counts, features: Float[Array, "stage state action rank"], *, beta: Scalar, ridge: Scalar) -> Plan:
    """Optimistic values with known features."""
    phi = features.reshape(features.shape[0], -1, features.shape[-1])

    def index(phi_h, visits, totals):
        fitted = fit(phi_h[None], visits, totals, ridge)
        q = fitted.values[0] + beta * jnp.sqrt(fitted.squares[0])
        return q, jnp.ones(visits.shape[0], q.dtype)

    return backward_induction(counts, index, phi)


def step(
    key: PRNGKey, state: State, data: Episode, *, beta: Scalar = 0.1, ridge: Scalar = 1.0, source: str = "inputs"
) -> tuple[State, Info]:
    """Plan, play one episode of every task, count.

    Args:
      key: not used.
      state: statistics.
      data: the episode.
      beta: bonus multiplier; `theory.lsvi_ucb_beta` is the theorem's.
      ridge: lam; the paper's is 1.
      source: "inputs" for x(s, a), "features" for the true phi.
    """
    del key
    stages = data.arrivals.shape[1]
    known = data.known
    table = known.features if source == "features" else jnp.broadcast_to(known.inputs, (stages, *known.inputs.shape))
    planned = plan(state.counts, table, beta=beta, ridge=ridge)
    seen = play(data, planned.policy)
    info = report(data, planned.policy, jnp.max(planned.q[:, 0], axis=-1), planned.extra.T)
    return State(add(state.counts, seen)), info


LSVI_UCB = Algorithm(init, functools.partial(step, source="inputs"))
