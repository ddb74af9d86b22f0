import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.optimization import igb_agent
from mtrl.optimization.igb_agent import Ring, check_base, filled, reward, store
from tests.helpers import assert_close

SIZES = dict(tasks=2, hidden=16, capacity=500, batch=32, every=20, gamma=0.1, learning_rate=1e-2, alpha=0.01)
BASE = jnp.array([1.0, 2.0])
ROUNDS = 400


def test_reward():
    """Losses (1, 2) -> (0.9, 1.9) with bases (1, 2): the smaller normalised improvement, 0.05."""
    now = jnp.array([0.9, 1.9])
    assert_close("reward", reward(jnp.array([1.0, 2.0]), now, BASE), 0.05, 1e-12)
    assert_close("slower", reward(jnp.array([1.0, 2.0]), now, BASE, rate_ratio=2.0), 0.1, 1e-12)


def test_ring_forgets_the_oldest():
    zeros = jnp.zeros((3, 1))
    ring = Ring(zeros, zeros, jnp.zeros(3), zeros, jnp.asarray(0, jnp.int32))
    put = jax.jit(store)
    for i in range(5):
        one = jnp.full(1, float(i))
        ring = put(ring, one, one, jnp.asarray(float(i)), one)
    assert np.asarray(ring.reward).tolist() == [3, 4, 2] and float(filled(ring)) == 1


KEYS = jax.random.split(jax.random.key(0), (ROUNDS // SIZES["every"], SIZES["every"] + 1))


@functools.cache
def played():
    """A world whose losses fall in proportion to the first weight: random weights for 100 rounds, then the agent's."""
    agent = igb_agent(**SIZES)
    first = agent.init(jax.random.key(1))
    nothing = (jnp.full_like(rows, jnp.nan) for rows in first.ring[:4])  # which would show if it were ever drawn
    first = first._replace(ring=Ring(*nothing, first.ring.count))

    def step(carry, key):
        state, losses = carry
        state, choice = agent.step(key, state, losses, BASE, explore=state.steps < 100)
        return (state, losses - 0.02 * choice.weights[0] * BASE), (choice, losses)

    def stretch(carry, keys):
        (state, losses), seen = jax.lax.scan(step, carry, keys[1:])
        return (agent.learn(keys[0], state), losses), seen

    (state, _), seen = jax.jit(lambda keys: jax.lax.scan(stretch, (first, 10 * BASE), keys))(KEYS)
    choices, losses = jax.tree.map(lambda x: np.asarray(x).reshape(ROUNDS, *x.shape[2:]), seen)
    return first, state, choices, losses


def test_agent_finds_the_task_that_pays():
    """The reward is 0.02 w_1: the agent's first weight rises well above its even share."""
    first, state, choices, losses = played()
    assert float(choices.weights[-100:, 0].mean()) > 1.2
    assert abs(float(choices.weights[:100, 0].mean()) - 1) < 0.25, "explored around the even share"
    assert_close("sum", choices.weights.sum(1), np.full(ROUNDS, 2.0), 1e-12)
    gains = ((losses[:-1] - losses[1:]) / np.asarray(BASE)).min(1)
    assert_close("rewards", choices.reward, np.concatenate([[0.0], gains]), 1e-9, 1e-15)
    assert int(state.ring.count) == ROUNDS - 1 and float(state.temperature) != float(first.temperature)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(state._replace(ring=())))
    held = np.arange(SIZES["capacity"]) < ROUNDS - 1
    assert np.array_equal(np.isfinite(state.ring.reward), held), "rows that hold nothing yet taught nothing"


def test_exploring_weights_are_those_of_a_normal_logit():
    _, _, choices, _ = played()
    u = jax.random.normal(split_named(KEYS[0, 4], "random")["random"], (2,))
    assert_close("weights of the fourth round", choices.weights[3], 2 * jax.nn.softmax(u), 1e-12)


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
        igb_agent(**{**SIZES, **bad})


def test_base_must_be_set_and_positive():
    with pytest.raises(BadInput, match="base got None, but IGB divides by the average losses of its base epoch"):
        check_base(None)
    with pytest.raises(BadInput, match="base of task 1 got -1, but IGB needs positive losses"):
        check_base(jnp.array([1.0, -1.0]))
