import jax
import jax.numpy as jnp
import numpy as np

from mtrl.mdp.linear.episodes import Info, answer, arrive, draw, follow, record
from mtrl.mdp.linear.planning import promise
from mtrl.numerics.algorithm import Step
from tests.helpers import assert_mean
from tests.mdp.linear.worlds import small


def test_arrivals_follow_the_transitions():
    params = small(2)
    keys = jax.random.split(jax.random.key(0), 3000)
    arrivals = jax.jit(jax.vmap(lambda k: draw(k, params, 0).truth.arrivals[0, 0]))(keys)
    # The bias admits entries too rare to be seen at all: p = 20/3000 stays unseen with probability e^-20.
    seen = np.asarray(arrivals)[..., None] == np.arange(4)
    assert_mean("next states", seen, params.transitions[0, 0], bias=20 / 3000)


def test_arrive_never_leaves_the_states():
    thirds = jnp.full((3,), 1 / 3)
    assert int(arrive(thirds, jnp.asarray(np.nextafter(1.0, 0.0)))) == 2
    assert int(arrive(thirds, jnp.asarray(0.0))) == 0


def test_the_answer_follows_the_tables():
    now = draw(jax.random.key(4), small(2), 0)
    policy = jax.random.randint(jax.random.key(1), (3, 3, 4), 0, 2, jnp.int32)
    seen = follow(now, policy)
    for i in range(3):
        state = int(now.view.start[i])
        for h in range(3):
            action = int(policy[i, h, state])
            assert (int(seen.states[i, h]), int(seen.actions[i, h])) == (state, action)
            assert seen.rewards[i, h] == now.truth.rewards[i, h, state, action]
            state = int(now.truth.arrivals[i, h, state, action])
            assert int(seen.arrivals[i, h]) == state


def test_regret_of_the_optimal_policy_is_zero():
    params = small(2)
    now = draw(jax.random.key(4), params, 0)
    following = jnp.concatenate([params.optimum[:, 1:], jnp.zeros((3, 1, 4))], axis=1)
    q = params.rewards + jnp.einsum("mhsan,mhn->mhsa", params.transitions, following)
    _, best = answer(now, jnp.argmax(q, -1).astype(jnp.int32))
    _, worst = answer(now, jnp.argmin(q, -1).astype(jnp.int32))
    assert np.allclose(best.regret, 0, atol=1e-12) and np.all(worst.regret > 0)
    info = Info(promise(q, now.view.start), jnp.ones((3, 3)))
    for outcome in (best, worst):
        kept = record(Step(params, None, now, None, info, outcome))
        assert np.allclose(kept.optimism, 0, atol=1e-12), "optimism compares the promise with V*, whatever is played"
    assert np.array_equal(kept.regret, worst.regret)


def test_reward_noise_has_the_declared_standard_deviation():
    params = small(2)
    observe = jax.jit(jax.vmap(lambda key: draw(key, params, 0).truth.rewards))
    scaled = (observe(jax.random.split(jax.random.key(6), 300)) - params.rewards) / 0.2
    assert_mean("noise", scaled, 0 * params.rewards)
    assert_mean("its square", (scaled**2).reshape(300, -1).mean(1), 1.0)
