"""Neural multitask LSVI: GFUCB with a network as representation, stage by stage on fitted-Q targets.

Every `refit_every` episodes, for h = H .. 1, the stage's network (shared body, one linear head per task) is fitted by `steps`
Adam steps, warm started, on the targets `y = r + max_a Q_{h+1}(s', a)`; in between the features stay and only ridge heads and
bonuses follow the data. The index is one of `bonuses.BONUSES`, clipped to [0, H - h + 1].

`teams = M` gives every task a body of its own (independent learning) in the same program shape. Full batches: the tabular counts
are the buffer.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array

from mtrl.mdp.linear.neural import bonuses
from mtrl.mdp.linear.neural.network import Body, loss, network_init
from mtrl.mdp.linear.planning import backward_induction, value_iteration
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_choice, check_nonnegative, check_positive, check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Scalar


class Nets(NamedTuple):
    """Networks and their optimiser, leading axes (stage, team)."""

    params: Any
    momentum: Any


def train(
    body: Body,
    nets: Nets,
    x: Array,
    visits: Array,
    totals: Array,
    *,
    steps: int,
    learning_rate: Scalar,
    decay: Scalar,
) -> Nets:
    """`steps` Adam steps of one team's network; x (cell, dim), visits and totals (task, cell)."""
    optimiser = optax.adam(learning_rate)
    means = totals / jnp.maximum(visits, 1.0)

    def descend(nets, _):
        gradients = jax.grad(lambda p: loss(body, p, x, visits, means, decay))(nets.params)
        updates, momentum = optimiser.update(gradients, nets.momentum)
        return Nets(optax.apply_updates(nets.params, updates), momentum), None

    return jax.lax.scan(descend, nets, None, length=steps)[0]


def neural_lsvi(
    *,
    rank: int = 4,
    hidden: int = 32,
    teams: int = 1,
    refit_every: int = 10,
    steps: int = 100,
    learning_rate: Scalar = 1e-2,
    decay: Scalar = 1e-4,
    bonus: str = "last_layer",
    alpha: Scalar = 0.1,
    ridge: Scalar = 0.1,
    budget: Scalar = 0.1,
    multiplier: Scalar = 1.0,
) -> Algorithm:
    """Neural multitask LSVI on the inputs x(s, a).

    Args:
      rank: k, width of the last layer of the body (static).
      hidden: width of the body (static).
      teams: bodies: 1 shares one among all tasks, M gives each its own (static).
      refit_every: episodes between refits (static).
      steps: Adam steps per refit and stage (static).
      learning_rate: of Adam.
      decay: weight decay of the body; the heads' is divided by their number.
      bonus: one of `bonuses.BONUSES` (static).
      alpha, ridge: bonus multiplier and lam of `last_layer` and `gradient`.
      budget, multiplier: free squared distance and its price, for `optimistic_net`.

    Raises:
      BadInput: an unknown bonus, sizes below 1, a negative or zero constant; in `init`, teams that do not divide the tasks.
    """
    check_choice("bonus", bonus, bonuses.BONUSES)
    check_whole(rank=rank, hidden=hidden, teams=teams, refit_every=refit_every, steps=steps)
    check_positive(learning_rate=learning_rate, ridge=ridge)
    check_nonnegative(decay=decay, alpha=alpha, budget=budget, multiplier=multiplier)

    def begin(key, view):
        tasks, stages, dtype = view.start.shape[0], view.returns.shape[0], view.inputs.dtype
        if tasks % teams:
            raise BadInput(
                f"teams got {teams}, which does not divide {tasks} tasks; use 1 (shared) or {tasks} (one body per task)"
            )

        def one(key):
            params = network_init(key, Body(hidden, rank, dtype), tasks=tasks // teams, dim=view.inputs.shape[-1])
            return Nets(params, optax.adam(learning_rate).init(params))

        return jax.vmap(jax.vmap(one))(jax.random.split(key, (stages, teams)))

    def plan(counts, view, nets, episode):
        x = view.inputs.reshape(-1, view.inputs.shape[-1])
        states, body = view.inputs.shape[0], Body(hidden, rank, x.dtype)

        def one_team(nets, visits, totals):
            def refit(n):
                return train(body, n, x, visits, totals, steps=steps, learning_rate=learning_rate, decay=decay)

            if episode is not None:
                nets = jax.lax.cond(episode % refit_every == 0, refit, lambda n: n, nets)
            if bonus == "last_layer":
                q = bonuses.last_layer(body, nets.params, x, visits, totals, alpha=alpha, ridge=ridge)
            elif bonus == "gradient":
                q = bonuses.gradient(body, nets.params, x, visits, alpha=alpha, ridge=ridge)
            else:
                q = bonuses.optimistic_net(
                    body, nets.params, x, visits, states=states, budget=budget, multiplier=multiplier
                )
            return q, nets

        def index(nets, visits, totals):
            tasks = visits.shape[0]
            group = (teams, tasks // teams, -1)
            q, nets = jax.vmap(one_team)(nets, visits.reshape(group), totals.reshape(group))
            return q.reshape(tasks, -1), jnp.ones_like(visits[:, 0]), nets

        return backward_induction(counts, view.returns, index, nets)

    return value_iteration(plan, begin)
