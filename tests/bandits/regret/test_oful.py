"""OFUL: its confidence set holds the truth, its radius is the theorem's; the oracle plays it on the true features."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.bandits import greedy, known_representation, linucb, oful, theory
from mtrl.bandits.regret.ridge_statistics import ridge_heads
from mtrl.numerics.algorithm import begin, take
from tests.bandits.worlds import ARMS, linear, rollout
from tests.helpers import assert_below


def test_confidence_set_holds_the_truth(key):
    """40 of 40 runs of 60 rounds stay inside at delta = 0.05; the theorem lets 5 % fail, so 40 is what loose bounds give."""

    def run(key):
        params = linear(key, tasks=1, noise=0.3)
        state, _ = rollout(oful(noise=0.3), key, params, ARMS, 60)
        gap = (ridge_heads(state) - params.parameters)[0]
        metric = jnp.linalg.inv(state.inverse[0])
        radius = theory.oful_radius(4, 60, noise=0.3, delta=0.05, norm_bound=1.0, input_bound=1.0, ridge=1.0)
        return jnp.sqrt(gap @ metric @ gap) / radius

    ratios = jax.jit(jax.vmap(run))(jax.random.split(key, 40))
    assert np.count_nonzero(np.asarray(ratios) <= 1.0) == 40


def test_radius_counts_the_observations(key):
    """Round t + 1 has t observations: LinUCB with alpha = `oful_radius(d, t)`, and d = 4, sigma = 1, S = 1 in the default."""
    params = linear(key, tasks=40)

    def one(state, t):
        now = ARMS.draw(jax.random.fold_in(key, t), params, t)
        alpha = jnp.sqrt(4 * jnp.log((1.0 + t.astype(float)) / 0.05)) + 1.0
        step = take(linucb(alpha=alpha), key, ARMS, params, state, now)
        return step.state, step.action

    start = begin(linucb(), key, ARMS, params)
    _, literal = jax.jit(lambda: jax.lax.scan(one, start, jnp.arange(10)))()
    _, ours = rollout(oful(), key, params, ARMS, 10)
    assert np.array_equal(ours.actions, literal)


def test_scale_zero_is_greedy(key):
    params = linear(key)
    _, ours = rollout(oful(scale=0.0), key, params, ARMS, 20)
    _, plain = rollout(greedy(), key, params, ARMS, 20)
    assert np.array_equal(ours.actions, plain.actions)


def test_known_features_replace_inputs_and_help(key):
    params = linear(key, tasks=30, dim=6, rank=1, noise=0.3)
    state, known = rollout(known_representation(scale=0.3, noise=0.3), key, params, ARMS, 60)
    assert state.inverse.shape == (30, 1, 1)
    _, blind = rollout(oful(scale=0.3, noise=0.3), key, params, ARMS, 60)
    assert_below("known features", known.regret.sum(0), blind.regret.sum(0))
