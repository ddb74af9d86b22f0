import jax
import jax.numpy as jnp
import numpy as np

from mtrl.mdp.episodes import draw_episode
from mtrl.mdp.uniform import UNIFORM
from tests.helpers import assert_mean
from tests.mdp.worlds import small


def test_mean_regret_is_that_of_the_uniform_policy():
    params = small(1)
    value = np.zeros((3, 4))
    for h in (2, 1, 0):
        value = (params.world.rewards[:, h] + np.einsum("msan,mn->msa", params.world.transitions[:, h], value)).mean(-1)
    data = draw_episode(jax.random.key(0), params, 0)
    state = UNIFORM.init(jax.random.key(0), params)
    _, info = jax.jit(jax.vmap(lambda k: UNIFORM.step(k, state, data)))(jax.random.split(jax.random.key(1), 3000))
    start = np.asarray(data.start)
    expected = params.world.optimum[jnp.arange(3), 0, start] - value[np.arange(3), start]
    assert_mean("regret of uniform play", info.regret, expected)
