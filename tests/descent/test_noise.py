"""Annealed gradient noise: the paper's rule, bit for bit optax's where optax has it, and its controls."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mtrl.descent import noise
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

KEY = jax.random.key(0)


class Ab(NamedTuple):
    a: jax.Array
    b: jax.Array


class Ba(NamedTuple):
    b: jax.Array
    a: jax.Array


def one_update(rule, gradient, state=None):
    return rule.update(gradient, rule.init(gradient) if state is None else state)


def test_standard_deviations_of_the_paper():
    assert_close(
        "sigma_0",
        jnp.sqrt(jnp.stack([noise.noise_variance(0, eta=e) for e in (0.01, 0.3, 1.0)])),
        [0.1, 0.5477, 1.0],
        rtol=1e-4,
    )
    later = jnp.sqrt(noise.noise_variance([100, 1000, 10_000, 100_000], eta=0.01))
    assert_close("sigma_t", later, [0.02811, 0.01496, 0.00794, 0.00422], atol=5e-6)


def test_rule_is_optaxs():
    """The same draws as `optax.add_noise`, whose first update has variance eta: 10^5 entries, false-alarm rate 1e-6 at 1.1 %."""
    zero = jnp.zeros(100_000, jnp.float32)
    ours, theirs = noise.annealed_noise(KEY, eta=0.01), optax.add_noise(0.01, 0.55, KEY)
    with jax.numpy_dtype_promotion("standard"):
        first, state = one_update(theirs, zero)
        second, _ = one_update(theirs, zero, state)
    got, state = one_update(ours, zero)
    np.testing.assert_allclose(got, first, rtol=1e-6)
    np.testing.assert_allclose(one_update(ours, zero, state)[0], second, rtol=1e-6)
    assert_close("first update has standard deviation sqrt(eta)", got.std(), 0.1, rtol=0.011)
    assert_close("second update", second.std(), 0.1 * 2**-0.275, rtol=0.011)


def test_draws_follow_names_and_leave_dtypes():
    a, b = jnp.zeros((2, 3)), jnp.ones(4, jnp.float32)
    one, _ = one_update(noise.annealed_noise(KEY, eta=1.0), Ab(a, b))
    two, _ = one_update(noise.annealed_noise(KEY, eta=1.0), Ba(b, a))
    np.testing.assert_array_equal(one.a, two.a)
    np.testing.assert_array_equal(one.b, two.b)
    assert (one.a.dtype, one.b.dtype) == (jnp.float64, jnp.float32)


def test_no_noise_changes_no_bit():
    gradient = {"w": jax.random.normal(KEY, (50,)) * 1e-30, "b": jax.random.normal(KEY, (3,), jnp.float32)}
    got = jax.vmap(lambda eta: one_update(noise.annealed_noise(KEY, eta=eta), gradient)[0])(jnp.array([0.0, 1.0]))
    for name in gradient:
        np.testing.assert_array_equal(got[name][0], gradient[name])
        assert (got[name][1] != gradient[name]).all()


def test_noise_comes_after_clipping():
    """`E|g|^2 = c^2 + P sigma_0^2` for gradients far longer than the threshold c; 2.5 % are 5 standard errors of P = 10^5 entries."""
    c, entries, eta = 10.0, 100_000, 0.01
    gradient = jnp.full(entries, 5.0)
    got, _ = one_update(noise.clipped_noise(KEY, eta=eta, clip=c), gradient)
    assert_close("|g|^2 after clipping and noise", jnp.sum(got**2), c**2 + entries * eta, rtol=0.025)
    short, _ = one_update(noise.clipped_noise(KEY, eta=0.0, clip=c), {"w": jnp.ones(4)})
    np.testing.assert_array_equal(short["w"], jnp.ones(4))
    free, _ = one_update(noise.clipped_noise(KEY, eta=0.0), gradient)
    np.testing.assert_array_equal(free, gradient)
    with pytest.raises(BadInput, match="stages got noise, clip, sgd, but noise before clipping"):
        noise.noisy_chain(
            ("noise", noise.annealed_noise(KEY, eta=eta)),
            ("clip", optax.clip_by_global_norm(c)),
            ("sgd", optax.sgd(0.1)),
        )
    right = noise.noisy_chain(("clip", optax.clip_by_global_norm(c)), ("noise", noise.annealed_noise(KEY, eta=eta)))
    assert jnp.linalg.norm(one_update(right, gradient)[0]) > 2 * c


def test_controls():
    """Three deviations of 10^5 draws within five standard errors: false-alarm rate 2e-6."""
    gradient = jnp.zeros(100_000)
    rule = noise.fixed_noise(KEY, sigma=0.2)
    first, state = one_update(rule, gradient)
    second, _ = one_update(rule, gradient, state)
    assert_close("fixed noise stays", jnp.stack([first.std(), second.std()]), [0.2, 0.2], rtol=0.011)
    assert_close("noisy weights", (noise.noisy_weights(KEY, gradient + 1, sigma=0.2) - 1).std(), 0.2, rtol=0.011)


def test_a_resumed_descent_is_the_whole():
    gradient = jnp.zeros(5)
    rule = noise.annealed_noise(KEY, eta=0.3)
    state = rule.init(gradient)
    for _ in range(3):
        _, state = one_update(rule, gradient, state)
    noise.check_continues({"memory": state}, 3)
    whole, _ = one_update(rule, gradient, state)
    stored = optax.AddNoiseState(
        jnp.asarray(np.asarray(state.count)), jax.random.wrap_key_data(np.asarray(jax.random.key_data(state.rng_key)))
    )
    np.testing.assert_array_equal(one_update(rule, gradient, stored)[0], whole)
    with pytest.raises(BadInput, match="the noise schedule stands at update 0, but the weights have had 3"):
        noise.check_continues(rule.init(gradient), 3)


def test_noise_alone_is_a_random_walk():
    """2000 steps on 5000 weights: std lr sqrt(eta H_T) = 0.0814 to 3 %, three standard errors (false-alarm rate 0.3 %)."""
    rule, weights = optax.chain(noise.annealed_noise(KEY, eta=0.01), optax.sgd(0.1)), jnp.zeros(5000, jnp.float32)

    def step(carry, _):
        w, state = carry
        move, state = rule.update(jnp.zeros_like(w), state)
        return (w + move, state), None

    (end, _), _ = jax.lax.scan(step, (weights, rule.init(weights)), length=2000)
    assert_close("random walk of weights", end.std(), 0.0814, rtol=0.03)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: noise.annealed_noise(KEY, eta=-0.1), "eta got -0.1, but must be .*at least 0; eta is a variance"),
        (lambda: noise.annealed_noise(KEY, eta=0.1, gamma=-1.0), "gamma got -1"),
        (lambda: noise.noise_variance(-1, eta=0.1), "step got -1, .*first update is step 0"),
        (lambda: noise.fixed_noise(KEY, sigma=-1.0), "sigma got -1"),
        (lambda: noise.noisy_weights(KEY, jnp.zeros(2), sigma=math.nan), "sigma got nan"),
        (lambda: noise.clipped_noise(KEY, eta=0.1, clip=0.0), "clip got 0, .*leave it out"),
    ],
)  # fmt: skip
def test_bad_input(call, message):
    with pytest.raises(BadInput, match=message):
        call()


def test_finite_total_noise_is_warned_of():
    with pytest.warns(UserWarning, match="gamma got 1.5: above 1 the total noise is finite") as said:
        noise.annealed_noise(KEY, eta=0.1, gamma=1.5)
    assert len(said) == 1
