"""Neural multitask LSVI: GFUCB with a network as representation, stage by stage on fitted-Q targets.

Every `refit_every` episodes, for h = H .. 1, the stage's network (shared body, one linear head per task) is fitted by `steps`
Adam steps, warm started, on the targets `y = r + max_a Q_{h+1}(s', a)`; in between the features stay and only ridge heads and
bonuses follow the data. The index is one of `neural_bonus.BONUSES`, clipped to [0, H - h + 1].

`teams = M` gives every task a body of its own (independent learning) in the same program shape. Full batches: the tabular counts
are the buffer.
"""

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Int

from mtrl.mdp import neural_bonus
from mtrl.mdp.checks import check_choice, check_teams
from mtrl.mdp.counts import Counts, add, no_counts
from mtrl.mdp.episodes import Episode, Info, play, report
from mtrl.mdp.network import Body, loss, network_init
from mtrl.mdp.planning import backward_induction
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey, Scalar


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings fixed at compile time."""

    rank: int = 4  # k, width of the last layer of the body
    hidden: int = 32  # width of the body
    teams: int = 1  # bodies: 1 shares one among all tasks, M gives each its own
    refit_every: int = 10  # episodes
    steps: int = 100  # Adam steps per refit and stage
    learning_rate: float = 1e-2
    bonus: str = "last_layer"


class Nets(NamedTuple):
    """Networks and their optimiser, leading axes (stage, team)."""

    params: Any
    momentum: Any


class State(NamedTuple):
    """Statistics and networks."""

    counts: Counts
    nets: Nets
    episode: Int[Array, ""]


def init(key: PRNGKey, problem: Any, config: Config) -> State:
    """Random networks, no data.

    Raises:
      BadInput: an unknown bonus, or a number of teams that does not divide the tasks.
    """
    check_choice("bonus", config.bonus, neural_bonus.BONUSES)
    sizes = problem.sizes
    check_teams(config.teams, sizes.tasks)
    body = Body(config.hidden, config.rank, sizes.dtype)

    def one(key):
        params = network_init(key, body, tasks=sizes.tasks // config.teams, dim=sizes.dim)
        return Nets(params, optax.adam(config.learning_rate).init(params))

    nets = jax.vmap(jax.vmap(one))(jax.random.split(key, (sizes.stages, config.teams)))
    return State(no_counts(sizes), nets, jnp.zeros((), jnp.int32))


def train(body: Body, nets: Nets, x: Array, visits: Array, totals: Array, *, config: Config, decay: Scalar) -> Nets:
    """`config.steps` Adam steps of one team's network; x (cell, dim), visits and totals (task, cell)."""
    optimiser = optax.adam(config.learning_rate)
    means = totals / jnp.maximum(visits, 1.0)

    def descend(nets, _):
        gradients = jax.grad(lambda p: loss(body, p, x, visits, means, decay))(nets.params)
        updates, momentum = optimiser.update(gradients, nets.momentum)
        return Nets(optax.apply_updates(nets.params, updates), momentum), None

    return jax.lax.scan(descend, nets, None, length=config.steps)[0]


def step(
    key: PRNGKey,
    state: State,
    data: Episode,
    *,
    config: Config = Config(),
    alpha: Scalar = 0.1,
    ridge: Scalar = 0.1,
    decay: Scalar = 1e-4,
    budget: Scalar = 0.1,
    multiplier: Scalar = 1.0,
) -> tuple[State, Info]:
    """Refit if it is time, plan, play one episode of every task, count.

    Args:
      key: not used.
      state: statistics and networks.
      data: the episode.
      config: as given to `init` (static).
      alpha: bonus multiplier of `last_layer` and `gradient`.
      ridge: lam.
      decay: weight decay of the body; the heads' is divided by their number.
      budget, multiplier: free squared distance and its price, for `optimistic_net`.
    """
    del key
    tasks, _, states, _ = data.arrivals.shape
    x = data.known.inputs.reshape(-1, data.known.inputs.shape[-1])
    body = Body(config.hidden, config.rank, x.dtype)
    refit = (state.episode > 0) & (state.episode % config.refit_every == 0)

    def one_team(nets, visits, totals):
        nets = jax.lax.cond(
            refit, lambda n: train(body, n, x, visits, totals, config=config, decay=decay), lambda n: n, nets
        )
        if config.bonus == "last_layer":
            q = neural_bonus.last_layer(body, nets.params, x, visits, totals, alpha=alpha, ridge=ridge)
        elif config.bonus == "gradient":
            q = neural_bonus.gradient(body, nets.params, x, visits, alpha=alpha, ridge=ridge)
        else:
            q = neural_bonus.optimistic_net(
                body, nets.params, x, visits, states=states, budget=budget, multiplier=multiplier
            )
        return q, nets

    def index(nets, visits, totals):
        group = (config.teams, tasks // config.teams, -1)
        q, nets = jax.vmap(one_team)(nets, visits.reshape(group), totals.reshape(group))
        return q.reshape(tasks, -1), (jnp.ones_like(visits[:, 0]), nets)

    planned = backward_induction(state.counts, index, state.nets)
    survivors, nets = planned.extra
    seen = play(data, planned.policy)
    info = report(data, planned.policy, jnp.max(planned.q[:, 0], axis=-1), survivors.T)
    return State(add(state.counts, seen), nets, state.episode + 1), info


NEURAL_LSVI = Algorithm(init, step)
