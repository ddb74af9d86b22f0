import jax
import jax.numpy as jnp
import numpy as np

from mtrl.mdp.linear.episodes import Info, answer, arrive, draw, follow, record
from mtrl.mdp.linear.planning import promise
from mtrl.numerics.algorithm import Step
from tests.helpers import assert_mean, compiled, host
from tests.mdp.linear.worlds import small

DRAW, FOLLOW, ANSWER = jax.jit(lambda key, params: draw(key, params, 0)), compiled(follow), jax.jit(answer)


def test_arrivals_follow_the_transitions():
    params = small(2)
    keys = jax.random.split(jax.random.key(0), 3000)
    arrivals = jax.jit(jax.vmap(lambda k: draw(k, params, 0).truth.arrivals[0, 0]))(keys)
    # The bias admits entries too rare to be seen at all: p = 20/3000 stays unseen with probability e^-20.
    seen = np.asarray(arrivals)[..., None] == np.arange(4)
    assert_mean("next states", seen, params.transitions[0, 0], bias=20 / 3000)


def test_arrive_never_leaves_the_states():
    thirds, come = np.full(3, 1 / 3), compiled(arrive)
    assert come(thirds, np.asarray(np.nextafter(1.0, 0.0))) == 2
    assert come(thirds, np.asarray(0.0)) == 0


def test_the_answer_follows_the_tables():
    now = host(DRAW(jax.random.key(4), small(2)))
    policy = np.random.default_rng(1).integers(0, 2, (3, 3, 4), np.int32)
    seen = FOLLOW(now, policy)
    for i in range(3):
        state = int(now.view.start[i])
        for h in range(3):
            action = int(policy[i, h, state])
            assert (int(seen.states[i, h]), int(seen.actions[i, h])) == (state, action)
            assert seen.rewards[i, h] == now.truth.rewards[i, h, state, action]
            state = int(now.truth.arrivals[i, h, state, action])
            assert int(seen.arrivals[i, h]) == state


def test_regret_of_the_optimal_policy_is_zero():
    params = host(small(2))
    now = DRAW(jax.random.key(4), params)
    following = np.concatenate([params.optimum[:, 1:], np.zeros((3, 1, 4))], axis=1)
    q = params.rewards + np.einsum("mhsan,mhn->mhsa", params.transitions, following)
    _, best = ANSWER(now, np.argmax(q, -1).astype(np.int32))
    _, worst = ANSWER(now, np.argmin(q, -1).astype(np.int32))
    assert np.allclose(best.regret, 0, atol=1e-12) and np.all(np.asarray(worst.regret) > 0)
    info = Info(jax.jit(promise)(q, now.view.start), jnp.ones((3, 3)))
    for outcome in (best, worst):
        kept = record(Step(params, None, now, None, info, outcome))
        assert np.allclose(kept.optimism, 0, atol=1e-12), "optimism compares the promise with V*, whatever is played"
    assert np.array_equal(kept.regret, worst.regret)


def test_reward_noise_has_the_declared_standard_deviation():
    params = small(2)
    observe = compiled(jax.vmap(lambda key: draw(key, params, 0).truth.rewards))
    scaled = (observe(jax.random.split(jax.random.key(6), 300)) - np.asarray(params.rewards)) / 0.2
    assert_mean("noise", scaled, np.zeros(params.rewards.shape))
    assert_mean("its square", (scaled**2).reshape(300, -1).mean(1), 1.0)
