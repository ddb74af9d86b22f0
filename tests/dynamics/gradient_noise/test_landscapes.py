"""Scalar landscapes against their closed forms."""

import jax
import jax.numpy as jnp
import pytest

from mtrl.dynamics.gradient_noise import landscapes, theory
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

KEY = jax.random.key(0)


def test_escape_from_a_saddle():
    """5000 runs: median 88.4 to 2 steps, five standard errors (0.4 steps)."""
    setting = dict(curvature=0.5, lr=0.1)
    found = jax.jit(lambda eta: landscapes.saddle_escapes(KEY, eta=eta, runs=5000, **setting))
    noisy = found(0.01)
    assert_close("formula", theory.median_escape(eta=0.01, **setting), 88.4, atol=0.05)
    assert noisy.escaped.all()
    assert_close("median escape", jnp.median(noisy.step), 88.4, atol=2.0)
    assert not found(0.0).escaped.any()


def test_variance_in_a_basin():
    """Runs' variance averaged over the last 1000 steps (time of correlation 20 steps): 6 % are above 10 standard errors."""
    h, lr, eta, steps = 1.0, 0.1, 0.3, 20_000

    def spread(gamma):
        _, kept = landscapes.descend(
            KEY,
            landscapes.basin(h),
            jnp.zeros(500, jnp.float32),
            lr=lr,
            eta=eta,
            gamma=gamma,
            steps=steps,
            record=lambda y: jnp.mean(y**2),
        )
        return kept[-1000:].mean()

    fixed, annealed = jax.vmap(spread)(jnp.array([0.0, 0.55]))
    assert_close("fixed noise", fixed, 0.01579, rtol=0.06)
    assert_close("fixed noise, formula", theory.basin_variance(eta, curvature=h, lr=lr), 0.01579, rtol=1e-3)
    assert_close("annealed noise", annealed, 6.80e-5, rtol=0.06)


def test_products_of_scalars():
    """Solved shares of 200 runs after 4000 steps; 0.64 to 0.14, four standard errors."""
    depths, etas = jnp.array([3, 4, 6, 4, 6, 4]), jnp.array([0.01, 0.01, 0.01, 0.3, 0.3, 0.0])
    found = jax.vmap(lambda d, e: landscapes.solved_products(KEY, depth=d, lr=0.1, eta=e).mean())(depths, etas)
    assert_close("solved shares", found, [1, 0.64, 0, 1, 0.93, 0], atol=0.14)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: landscapes.saddle_escapes(KEY, curvature=1.0, lr=0.0, eta=0.1), "lr got 0"),
        (lambda: landscapes.saddle_escapes(KEY, curvature=1.0, lr=0.1, eta=0.1, bound=0.0), "bound got 0"),
        (lambda: landscapes.descend(KEY, landscapes.flat, jnp.zeros(2), lr=0.1, eta=0.1, steps=0), "steps got 0"),
        (lambda: landscapes.solved_products(KEY, depth=0, lr=0.1, eta=0.1), "depth got 0"),
        (lambda: landscapes.solved_products(KEY, depth=2, lr=0.1, eta=0.1, tolerance=0.0), "tolerance got 0, .*it is a loss"),
    ],
)  # fmt: skip
def test_bad_input(call, message):
    with pytest.raises(BadInput, match=message):
        call()
