import jax
import numpy as np

from mtrl.mdp.linear.episodes import answer, draw
from mtrl.mdp.linear.problem import view
from mtrl.mdp.linear.uniform import uniform
from tests.helpers import assert_mean, compiled, host
from tests.mdp.linear.worlds import small


def test_mean_regret_is_that_of_the_uniform_policy():
    params = host(small(1))
    value = np.zeros((3, 4))
    for h in (2, 1, 0):
        value = (params.rewards[:, h] + np.einsum("msan,mn->msa", params.transitions[:, h], value)).mean(-1)
    algorithm = uniform()
    now = jax.jit(lambda key, params: draw(key, params, 0))(jax.random.key(0), params)
    state = algorithm.init(jax.random.key(0), view(small(1)))
    regret = compiled(jax.vmap(lambda key: answer(now, algorithm.select(key, state, now.view))[1].regret))
    start = np.asarray(now.view.start)
    expected = params.optimum[np.arange(3), 0, start] - value[np.arange(3), start]
    assert_mean("regret of uniform play", regret(jax.random.split(jax.random.key(1), 3000)), expected)
