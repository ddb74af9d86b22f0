import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.optimization import igb_agent
from mtrl.optimization.igb_agent import Ring, check_base, filled, reward, store
from tests.helpers import assert_close

SMALL = dict(tasks=2, hidden=8, capacity=20, batch=8, every=4)
BASE = jnp.array([1.0, 2.0])


def test_reward():
    """Losses (1, 2) -> (0.9, 1.9) with bases (1, 2): the smaller normalised improvement, 0.05."""
    assert_close("reward", reward(jnp.array([1.0, 2.0]), jnp.array([0.9, 1.9]), BASE), 0.05, 1e-12)
    assert_close("slower", reward(jnp.array([1.0, 2.0]), jnp.array([0.9, 1.9]), BASE, rate_ratio=2.0), 0.1, 1e-12)


def test_ring_forgets_the_oldest():
    zeros = jnp.zeros((3, 1))
    ring = Ring(zeros, zeros, jnp.zeros(3), zeros, jnp.asarray(0, jnp.int32))
    for i in range(5):
        one = jnp.full(1, float(i))
        ring = store(ring, one, one, jnp.asarray(float(i)), one)
    assert np.asarray(ring.reward).tolist() == [3, 4, 2] and float(filled(ring)) == 1


def run(losses, *, explore=False, learning=True):
    agent = igb_agent(**SMALL)

    def step(state, at):
        key, now = at
        return agent.step(key, state, now, BASE, explore=explore, learning=learning)

    keys = jax.random.split(jax.random.key(1), len(losses))
    return jax.lax.scan(step, agent.init(jax.random.key(0)), (keys, losses))


def test_weights_sum_to_the_number_of_tasks_and_the_agent_learns_in_the_scan():
    losses = jnp.exp(-jnp.arange(12.0) / 10)[:, None] * BASE
    state, choices = run(losses)
    assert_close("sum", choices.weights.sum(1), np.full(12, 2.0), 1e-12)
    assert float(choices.reward[0]) == 0 and int(state.ring.count) == 11
    expected = ((losses[:-1] - losses[1:]) / BASE).min(1)
    assert_close("rewards", choices.reward[1:], expected, 1e-9)
    still, _ = run(losses, learning=False)
    moved = [not np.array_equal(a, b) for a, b in zip(*map(jax.tree.leaves, (state.actor, still.actor)), strict=True)]
    assert all(moved) and float(state.temperature) != float(still.temperature)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(state))


def test_exploring_weights_are_those_of_a_normal_logit():
    """Mean of T softmax(N(0, I)) is 1 a task; |z| below 5 on 400 draws with a fixed key, false-alarm rate 1e-6."""
    _, choices = run(jnp.ones((400, 2)), explore=True, learning=False)
    assert abs(float(choices.weights[:, 0].mean()) - 1) < 5 * float(choices.weights[:, 0].std()) / 20


def test_agent_prefers_what_is_rewarded():
    """A one-state bandit with reward w_1/2 - 1/2: the actor's first weight rises above its even share."""
    agent = igb_agent(
        **{**SMALL, "hidden": 16, "capacity": 200, "batch": 32, "every": 25, "learning_rate": 1e-2, "alpha": 0.01}
    )
    state, keys = agent.init(jax.random.key(0)), jax.random.split(jax.random.key(2), 200)
    u = jax.random.normal(keys[0], (200, 2))
    ones = jnp.ones((200, 2))
    ring = Ring(ones, u, jax.nn.softmax(u)[:, 0] - 0.5, ones, jnp.asarray(200, jnp.int32))
    state = state._replace(ring=ring, temperature=jnp.log(jnp.asarray(0.01)))
    state, _ = jax.lax.scan(lambda s, k: (agent.learn(k, s), None), state, keys[:4])

    def weights(key):
        return agent.step(key, state, jnp.ones(2), BASE, explore=False, learning=False)[1].weights[0]

    assert float(jax.vmap(weights)(keys).mean()) > 1.3


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (dict(tasks=1), "tasks got 1, but must be a whole number of at least 2; one loss needs no weight"),
        (dict(gamma=1.0), "gamma got 1, but must be strictly between 0 and 1"),
        (dict(alpha=0.0), "alpha got 0"),
        (dict(every=0), "every got 0"),
    ],
)
def test_bad_hyper(bad, message):
    with pytest.raises(BadInput, match=message):
        igb_agent(**{**SMALL, **bad})


def test_base_must_be_set_and_positive():
    with pytest.raises(BadInput, match="base got None, but IGB divides by the average losses of its base epoch"):
        check_base(None)
    with pytest.raises(BadInput, match="base of task 1 got -1, but IGB needs positive losses"):
        check_base(jnp.array([1.0, -1.0]))
