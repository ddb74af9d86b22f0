"""IGB v2: loss weights chosen by a soft actor-critic agent (Dai, Fei and Lu, "Improvable Gap Balancing", UAI 2023, arXiv 2307.15429).

The agent sees the loss vector L (task,) and acts by u ~ N(mu, std) of its actor; the weights of the losses' logarithms are
w = T softmax(u). The reward of the action before is `(lr_0 / lr_now) min_i (L_i^prev - L_i^now) / L_i^b`: the smallest normalised
improvement. Constants as in the authors' program: two hidden layers of 128 with rectifiers, log std in [-20, 2], twin critics,
gamma 0.99, tau 0.005, learning rate 3e-4, temperature from 0.2 with target entropy -T, logarithm of the density with the tanh
correction although the action is a softmax, buffer of 1e4; while `explore` holds, weights are T softmax(N(0, I)); every 50 steps
int(50 k / 2) updates with batches of int(256 k / 2), k = 1 + share of the buffer that is filled. A batch has a fixed shape here: the
rows beyond int(256 k / 2) are masked, and so are the updates beyond int(50 k / 2).

Symbols: L^b -> base (task,); buffer -> ring of (L, u, r, L') rows. Everything is one pytree that goes through `lax.scan`:
a stretch of 50 steps, then `learn`, so that no step branches.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from mtrl import nn
from mtrl.descent.weightings.weighting import Weighting, check_losses, where_positive
from mtrl.numerics.checks import check_positive, check_share, check_whole, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar

LOG_STD = (-20.0, 2.0)


class Ring(NamedTuple):
    """The last transitions."""

    state: Float[Array, "row task"]
    action: Float[Array, "row task"]
    reward: Float[Array, " row"]
    after: Float[Array, "row task"]
    count: Int[Array, ""]  # transitions ever stored


class Agent(NamedTuple):
    """Networks, their optimisers, the buffer and what the last step left."""

    actor: Any
    critics: Any  # two, stacked
    targets: Any
    temperature: Float[Array, ""]  # log alpha
    memory: Any  # of the three optimisers
    ring: Ring
    last: Float[Array, " task"]  # losses that the last action answered
    action: Float[Array, " task"]  # u
    steps: Int[Array, ""]


class Choice(NamedTuple):
    """What a step gives."""

    weights: Float[Array, " task"]  # of log L_i; they sum to T
    reward: Float[Array, ""]  # of the action before; 0 at the first step


def reward(
    previous: Float[Array, " task"],
    now: Float[Array, " task"],
    base: Float[Array, " task"],
    *,
    rate_ratio: Scalar = 1.0,
) -> Any:
    """`(lr_0 / lr_now) min_i (L_i^prev - L_i^now) / L_i^b`."""
    return jnp.asarray(rate_ratio, now.dtype) * jnp.min((previous - now) / base)


def store(ring: Ring, state: Any, action: Any, value: Any, after: Any) -> Ring:
    """The ring with one more transition, over the oldest once it is full."""
    place = ring.count % ring.reward.shape[0]
    return Ring(
        ring.state.at[place].set(state), ring.action.at[place].set(action), ring.reward.at[place].set(value),
        ring.after.at[place].set(after), ring.count + 1,
    )  # fmt: skip


def filled(ring: Ring) -> Float[Array, ""]:
    """Share of the buffer that is filled."""
    size = ring.reward.shape[0]
    return (jnp.minimum(ring.count, size) / size).astype(ring.reward.dtype)


class IGBAgent(NamedTuple):
    """The agent's functions; `igb_agent` makes them."""

    init: Any  # (key, dtype) -> Agent
    step: Any  # (key, agent, losses, base, *, explore, rate_ratio) -> (agent, Choice)
    learn: Any  # (key, agent) -> agent, one round of updates: call it every `every` steps, between stretches of a scan


def igb_agent(
    *, tasks: int, hidden: int = 128, capacity: int = 10_000, batch: int = 256, every: int = 50, gamma: Scalar = 0.99,
    tau: Scalar = 0.005, learning_rate: Scalar = 3e-4, alpha: Scalar = 0.2,
) -> IGBAgent:  # fmt: skip
    """The soft actor-critic agent of IGB v2.

    Args:
      tasks: T.
      hidden, capacity, batch, every: sizes (widths, rows of the buffer, k = 2 batch, steps between rounds of updates).
      gamma, tau, learning_rate, alpha: discount, speed of the target critics, Adam's rate, first temperature.

    Raises:
      BadInput: fewer than two tasks, a size below 1, a discount or a speed outside (0, 1), a rate or temperature that is not positive.
    """
    check_whole(tasks=tasks, lower=2, hint="one loss needs no weight")
    check_whole(hidden=hidden, capacity=capacity, batch=batch, every=every)
    check_share(gamma=gamma, tau=tau)
    check_positive(learning_rate=learning_rate, alpha=alpha)
    actor, critic = nn.Body(features=2 * tasks, hidden=(hidden, hidden)), nn.Body(features=1, hidden=(hidden, hidden))
    optimiser = nn.adam(learning_rate)

    def init(key: PRNGKey, dtype: Any = float) -> Agent:
        keys = split_named(key, "actor", "critics")
        state, both = jnp.zeros((1, tasks), dtype), jnp.zeros((1, 2 * tasks), dtype)
        weights = actor.init(keys["actor"], state)
        critics = jax.vmap(lambda k: critic.init(k, both))(jax.random.split(keys["critics"], 2))
        heat = jnp.log(jnp.asarray(alpha, dtype))
        zeros = jnp.zeros((capacity, tasks), dtype)
        ring = Ring(zeros, zeros, jnp.zeros(capacity, dtype), zeros, jnp.asarray(0, jnp.int32))
        memory = optimiser.init(weights), optimiser.init(critics), optimiser.init(heat)
        none = jnp.zeros(tasks, dtype)
        return Agent(weights, critics, critics, heat, memory, ring, none, none, jnp.asarray(0, jnp.int32))

    def act(key, weights, state):
        """(u, log density with the tanh correction)."""
        mu, log_std = jnp.split(actor.apply(weights, state), 2, axis=-1)
        log_std = jnp.clip(log_std, *LOG_STD)
        u = mu + jnp.exp(log_std) * jax.random.normal(key, mu.shape, mu.dtype)
        normal = -0.5 * ((u - mu) / jnp.exp(log_std)) ** 2 - log_std - 0.5 * jnp.log(2 * jnp.pi)
        return u, jnp.sum(normal - 2 * (jnp.log(2.0) - u - jax.nn.softplus(-2 * u)), axis=-1)

    def values(critics, state, action):
        both = jnp.concatenate([state, jax.nn.softmax(action) * tasks], axis=-1)
        return jax.vmap(lambda weights: critic.apply(weights, both)[..., 0])(critics)

    def least(pair):
        return jnp.minimum(
            pair[0], pair[1]
        )  # the derivative of a reduction asks for equality, which rounding may not give

    def one_update(key, agent, rows, mask):
        keys, ring = split_named(key, "after", "now"), agent.ring
        state, action, gain, after = ring.state[rows], ring.action[rows], ring.reward[rows], ring.after[rows]
        heat, mean = jnp.exp(agent.temperature), lambda x: jnp.sum(x * mask) / jnp.sum(mask)
        next_u, next_log = act(keys["after"], agent.actor, after)
        worth = least(values(agent.targets, after, next_u)) - heat * next_log
        target = jax.lax.stop_gradient(gain + jnp.asarray(gamma, gain.dtype) * worth)

        def critic_loss(critics):
            return jnp.sum(jax.vmap(lambda q: mean((q - target) ** 2))(values(critics, state, action)))

        slope = jax.grad(critic_loss)(agent.critics)
        change, memory_q = optimiser.update(slope, agent.memory[1], agent.critics)
        critics = optax.apply_updates(agent.critics, change)

        def actor_loss(weights):
            u, log_density = act(keys["now"], weights, state)
            return mean(heat * log_density - least(values(critics, state, u))), mean(log_density)

        slope, log_density = jax.grad(actor_loss, has_aux=True)(agent.actor)
        change, memory_pi = optimiser.update(slope, agent.memory[0], agent.actor)
        weights = optax.apply_updates(agent.actor, change)
        slope = -(log_density - tasks)  # of -log alpha (log density + target entropy), target entropy -T
        change, memory_a = optimiser.update(slope, agent.memory[2], agent.temperature)
        speed = tau
        targets = jax.tree.map(
            lambda new, old: old + jnp.asarray(speed, old.dtype) * (new - old), critics, agent.targets
        )
        return agent._replace(
            actor=weights, critics=critics, targets=targets, temperature=agent.temperature + change,
            memory=(memory_pi, memory_q, memory_a),
        )  # fmt: skip

    def learn(key: PRNGKey, agent: Agent) -> Agent:
        share = 1 + filled(agent.ring)
        updates, width = jnp.floor(every * share / 2), jnp.floor(batch * share / 2)
        mask = (jnp.arange(batch, dtype=width.dtype) < width).astype(width.dtype)
        limit = jnp.maximum(jnp.minimum(agent.ring.count, capacity), 1)

        def once(agent, i):
            keys = split_named(jax.random.fold_in(key, i), "rows", "noise")
            uniform = jax.random.uniform(keys["rows"], (batch,), agent.ring.reward.dtype)
            rows = jnp.minimum(jnp.floor(uniform * limit.astype(uniform.dtype)).astype(jnp.int32), limit - 1)
            after = one_update(keys["noise"], agent, rows, mask)
            on = i.astype(updates.dtype) < updates
            return jax.tree.map(lambda new, old: jnp.where(on, new, old), after, agent), None

        return jax.lax.scan(once, agent, jnp.arange(every))[0]

    def step(key: PRNGKey, agent: Agent, losses: Any, base: Any, *, explore: Any, rate_ratio: Scalar = 1.0) -> Any:
        check_base(base)
        keys = split_named(key, "act", "random")
        first = agent.steps == 0
        gain = jnp.where(first, 0.0, reward(agent.last, losses, base, rate_ratio=rate_ratio))
        ring = jax.tree.map(
            lambda new, old: jnp.where(first, old, new),
            store(agent.ring, agent.last, agent.action, gain, losses),
            agent.ring,
        )
        agent = agent._replace(ring=ring)
        u, _ = act(keys["act"], agent.actor, losses)
        u = jnp.where(explore, jax.random.normal(keys["random"], u.shape, u.dtype), u)
        return agent._replace(last=losses, action=u, steps=agent.steps + 1), Choice(tasks * jax.nn.softmax(u), gain)

    return IGBAgent(init, step, learn)


def igb_v2(*, tasks: int, steps_per_epoch: int, key: Any = None, **agent: Any) -> Weighting:
    """IGB v2 in the shape of `mtrl.descent.weightings`: weights `w_t / L_t` of the losses, so that `sum_t w_t log L_t` falls.

    Weights of the logarithms are 1 until the base epoch (the second one) is over, random through the fifth, the agent's after it; the agent
    stores every step from the base epoch on and learns every 50 steps from the fourth epoch on. The step decides by
    `lax.cond`, which `vmap` would turn into both branches where the number of the step differed between runs.

    Args:
      tasks: T.
      steps_per_epoch: steps of an epoch.
      key: of the networks and the actions, `jax.random.key(0)` when None.
      **agent: to `igb_agent`.

    Raises:
      BadInput: see `igb_agent`; a loss that is not above 0.
    """
    check_whole(steps_per_epoch=steps_per_epoch)
    made, every = igb_agent(tasks=tasks, **agent), agent.get("every", 50)
    start = jax.random.key(0) if key is None else key

    def init():
        keys = split_named(start, "agent", "steps")
        return made.init(keys["agent"]), keys["steps"], jnp.asarray(0, jnp.int32), jnp.zeros(tasks)

    def update(losses, state, **extra):
        check_losses(losses, tasks, positive=True)
        player, luck, count, total = state
        keys, now = split_named(jax.random.fold_in(luck, count), "step", "learn"), losses.astype(total.dtype)
        epoch = count // steps_per_epoch
        total = total + jnp.where(epoch == 1, now, 0.0)
        base = total / steps_per_epoch

        def play(player):
            after, choice = made.step(keys["step"], player, now, base, explore=epoch < 5)
            due = (epoch >= 3) & (count % every == every - 1)
            return jax.lax.cond(due, lambda p: made.learn(keys["learn"], p), lambda p: p, after), choice.weights

        player, weights = jax.lax.cond(epoch >= 2, play, lambda p: (p, jnp.ones_like(now)), player)
        return where_positive(losses, weights.astype(losses.dtype) / losses), (player, luck, count + 1, total)

    return Weighting(init, update)


def check_base(base: Any) -> None:
    """Check the base losses of IGB.

    Raises:
      BadInput: they are not set yet, or one is not a positive number.
    """
    if base is None:
        raise BadInput(
            "base got None, but IGB divides by the average losses of its base epoch; train that epoch with weights 1 first"
        )
    told = known(base)
    if told is not None and not (told > 0).all():
        task = int(jnp.argmin(jnp.asarray(told > 0)))
        raise BadInput(
            f"base of task {task} got {told[task]:g}, but IGB needs positive losses; shift the loss or leave the task out"
        )
