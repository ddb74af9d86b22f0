"""OFUL: its confidence set holds the truth, its radius is the theorem's."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.bandits import linucb, oful, theory
from mtrl.bandits.linear_stats import ridge_heads
from tests.bandits.worlds import linear, linear_data, rollout


def test_confidence_set_holds_the_truth(key):
    """40 of 40 runs of 60 rounds stay inside at delta = 0.05; the theorem lets 5 % fail, so 40 is what loose bounds give."""

    def run(key):
        params = linear(key, tasks=1, noise=0.3)
        state, _ = rollout(oful.OFUL, key, params, linear_data, 60, noise=0.3)
        gap = (ridge_heads(state) - params.parameters)[0]
        metric = jnp.linalg.inv(state.inverse[0])
        radius = theory.oful_radius(4, 60, noise=0.3, delta=0.05, norm_bound=1.0, input_bound=1.0, ridge=1.0)
        return jnp.sqrt(gap @ metric @ gap) / radius

    ratios = jax.vmap(run)(jax.random.split(key, 40))
    assert np.count_nonzero(np.asarray(ratios) <= 1.0) == 40


def test_radius_counts_the_observations(key):
    """Round t + 1 has t observations: LinUCB with alpha = `oful_radius(d, t)`, and d = 4, sigma = 1, S = 1 in the default."""
    params = linear(key, tasks=40)

    def one(state, t):
        data = linear_data(jax.random.fold_in(key, t), params, t)
        alpha = jnp.sqrt(4 * jnp.log((1.0 + t) / 0.05)) + 1.0
        return linucb.step(key, state, data, alpha=alpha)

    _, literal = jax.jit(lambda: jax.lax.scan(one, linucb.init(key, params), jnp.arange(10)))()
    _, ours = rollout(oful.OFUL, key, params, linear_data, 10)
    assert np.array_equal(ours.actions, literal.actions)


def test_scale_zero_is_greedy(key):
    from mtrl.bandits.greedy import GREEDY

    params = linear(key)
    _, ours = rollout(oful.OFUL, key, params, linear_data, 20, scale=0.0)
    _, greedy = rollout(GREEDY, key, params, linear_data, 20)
    assert np.array_equal(ours.actions, greedy.actions)
