import jax
import jax.numpy as jnp
import numpy as np

from mtrl.mdp.episodes import arrive, draw_episode, play, report
from tests.helpers import assert_mean
from tests.mdp.worlds import small


def test_arrivals_follow_the_transitions():
    params = small(2)
    keys = jax.random.split(jax.random.key(0), 3000)
    arrivals = jax.jit(jax.vmap(lambda k: draw_episode(k, params, 0).arrivals[0, 0]))(keys)
    # The bias admits entries too rare to be seen at all: p = 20/3000 stays unseen with probability e^-20.
    seen = arrivals[..., None] == jnp.arange(4)
    assert_mean("next states", seen, params.world.transitions[0, 0], bias=20 / 3000)


def test_arrive_never_leaves_the_states():
    thirds = jnp.full((3,), 1 / 3)
    assert int(arrive(thirds, jnp.asarray(np.nextafter(1.0, 0.0)))) == 2
    assert int(arrive(thirds, jnp.asarray(0.0))) == 0


def test_play_follows_the_tables():
    data = draw_episode(jax.random.key(4), small(2), 0)
    policy = jax.random.randint(jax.random.key(1), (3, 3, 4), 0, 2, jnp.int32)
    seen = play(data, policy)
    for i in range(3):
        state = int(data.start[i])
        for h in range(3):
            action = int(policy[i, h, state])
            assert (int(seen.states[i, h]), int(seen.actions[i, h])) == (state, action)
            assert seen.rewards[i, h] == data.rewards[i, h, state, action]
            state = int(data.arrivals[i, h, state, action])
            assert int(seen.arrivals[i, h]) == state


def test_regret_of_the_optimal_policy_is_zero():
    params = small(2)
    data = draw_episode(jax.random.key(4), params, 0)
    following = jnp.concatenate([params.world.optimum[:, 1:], jnp.zeros((3, 1, 4))], axis=1)
    q = params.world.rewards + jnp.einsum("mhsan,mhn->mhsa", params.world.transitions, following)
    best = report(data, jnp.argmax(q, -1).astype(jnp.int32), q[:, 0].max(-1), jnp.ones((3, 3)))
    worst = report(data, jnp.argmin(q, -1).astype(jnp.int32), q[:, 0].max(-1), jnp.ones((3, 3)))
    assert np.allclose(best.regret, 0, atol=1e-12) and np.allclose(best.optimism, 0, atol=1e-12)
    assert np.all(worst.regret > 0)
    assert np.allclose(worst.optimism, 0, atol=1e-12), "optimism compares the promise with V*, whatever is played"


def test_reward_noise_has_the_declared_standard_deviation():
    params = small(2)
    draw = jax.jit(jax.vmap(lambda key: draw_episode(key, params, 0).rewards))
    scaled = (draw(jax.random.split(jax.random.key(6), 300)) - params.world.rewards) / 0.2
    assert_mean("noise", scaled, 0 * params.world.rewards)
    assert_mean("its square", (scaled**2).reshape(300, -1).mean(1), 1.0)
