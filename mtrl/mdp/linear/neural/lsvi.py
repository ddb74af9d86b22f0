"""Neural multitask LSVI: GFUCB with a network as representation, stage by stage on fitted-Q targets.

Every `refit_every` episodes, for h = H .. 1, the stage's network (shared body, one linear head per task) is fitted by `steps`
Adam steps, warm started, on the targets `y = r + max_a Q_{h+1}(s', a)`; in between the features stay and only ridge heads and
bonuses follow the data. The index is one of `bonuses.BONUSES`, clipped to [0, H - h + 1].

`teams = M` gives every task a body of its own (independent learning) in the same program shape. Full batches: the tabular counts
are the buffer.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl import nn
from mtrl.mdp.linear.neural import bonuses
from mtrl.mdp.linear.planning import backward_induction, value_iteration
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_choice, check_nonnegative, check_positive, check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Scalar


def buffer_loss(
    body: nn.Body,
    network: nn.Network,
    x: Float[Array, "cell dim"],
    visits: Float[Array, "task cell"],
    totals: Float[Array, "task cell"],
) -> Float[Array, ""]:
    """Mean squared error on the buffer, `sum n (ybar - f)^2 / sum n`.

    Pairs (s, a) weighted by visits n with mean target ybar are the buffer itself, up to a constant.
    """
    means = totals / jnp.maximum(visits, 1.0)
    return jnp.sum(visits * (means - bonuses.values(body, network, x)) ** 2) / jnp.maximum(jnp.sum(visits), 1.0)


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
    body = nn.Body(features=rank, hidden=(hidden,), activation=jnp.tanh)

    def begin(key, view):
        tasks, stages, dtype = view.start.shape[0], view.returns.shape[0], view.inputs.dtype
        if tasks % teams:
            raise BadInput(
                f"teams got {teams}, which does not divide {tasks} tasks; use 1 (shared) or {tasks} (one body per task)"
            )

        def one(key):
            body_key, head_key = jax.random.split(key)
            weights = body.init(body_key, jnp.zeros((1, view.inputs.shape[-1]), dtype))
            heads = nn.draw_heads(head_key, tasks=tasks // teams, rank=rank, dtype=dtype)
            return nn.start(nn.Network(weights, heads), nn.adam(learning_rate))

        return jax.vmap(jax.vmap(one))(jax.random.split(key, (stages, teams)))

    def plan(counts, view, nets, episode):
        x = view.inputs.reshape(-1, view.inputs.shape[-1])
        tasks = view.start.shape[0]
        optimiser = nn.adam(learning_rate, decay=nn.shared_decay(decay, tasks // teams))

        def one_team(nets, visits, totals):
            def refit(nets):
                def loss(network, _):
                    return buffer_loss(body, network, x, visits, totals)

                return nn.descend(nets, jnp.arange(steps), loss=loss, optimiser=optimiser)[0]

            if episode is not None:
                nets = jax.lax.cond(episode % refit_every == 0, refit, lambda nets: nets, nets)
            network = nets.params
            if bonus == "last_layer":
                q = bonuses.last_layer(body, network, x, visits, totals, alpha=alpha, ridge=ridge)
            elif bonus == "gradient":
                q = bonuses.gradient(body, network, x, visits, alpha=alpha, ridge=ridge)
            else:
                states = view.inputs.shape[0]
                q = bonuses.optimistic_net(
                    body, network, x, visits, states=states, budget=budget, multiplier=multiplier
                )
            return q, nets

        def index(nets, visits, totals):
            group = (teams, tasks // teams, -1)
            q, nets = jax.vmap(one_team)(nets, visits.reshape(group), totals.reshape(group))
            return q.reshape(tasks, -1), jnp.ones_like(visits[:, 0]), nets

        return backward_induction(counts, view.returns, index, nets)

    return value_iteration(plan, begin)
