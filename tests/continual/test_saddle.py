"""Solving for order parameters, on a linear map whose iterates are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.continual import saddle
from tests.helpers import assert_close

POINT, SLOPE = np.array([0.1, 0.2, 0.5]), 0.5  # q > r^2, though q < r


@pytest.fixture(scope="module")
def solved():
    """`G(x) = c + (x - c) / 2`, and beside it the place where it was taken, by damped steps and by Newton's."""

    def update(order):
        return POINT + SLOPE * (order - POINT), order

    def one(start, newton, cap):
        how = dict(damping=0.5, tolerance=1e-6, newton=newton, iterations=cap)
        return saddle.solve(update, start, **how)

    damped = jax.jit(jax.vmap(lambda start, cap: one(start, False, cap)))
    return damped, jax.jit(jax.vmap(lambda start, cap: one(start, True, cap)))


def test_damped_steps(solved):
    """`x <- x / 2 + G(x) / 2` leaves 3/4 of the way: the residual is half of that, whichever sign the way has."""
    ways = np.array([[0.02, 0.01, 0.1], [-0.02, -0.01, -0.1], [0.0, 0.0, 0.0], [-0.02, -0.01, -0.1]])
    found = solved[0](jnp.asarray(POINT + ways), jnp.array([100, 100, 100, 5]))
    written = [next(k for k in range(100) if 0.05 * 0.75**k <= 1e-6)] * 2 + [0, 4]
    assert found.iterations.tolist() == [k + 1 for k in written]
    assert found.converged.tolist() == [True, True, True, False]
    places = POINT + ways * 0.75 ** np.array(written)[:, None]
    assert_close("places", found.order, places, 1e-12)
    assert_close("residuals", found.residual, np.abs(places - POINT).max(1) / 2, 1e-9, 1e-15)
    assert_close("beside", found.beside, places, 1e-12)
    lost = solved[0](jnp.full((4, 3), jnp.nan), jnp.full(4, 100))
    assert not lost.converged.any()


def test_newton_steps(solved):
    """A linear map is solved by one of them, taken only where it moves by at most 0.1 and stays inside: 0 < r^2 < q < q* < 1."""
    ways = np.array([[0.02, 0.01, 0.09], [-0.02, -0.01, -0.09], [0.0, 0.1, 0.16], [0.02, 0.01, 0.1]])
    found = solved[1](jnp.asarray(POINT + ways), jnp.array([100, 100, 100, 1]))
    # The third is too far for one: 0.16 -> 0.12 -> 0.09 by damped steps.
    assert found.iterations.tolist() == [2, 2, 4, 1] and found.converged.tolist() == [True, True, True, False]
    assert_close("solution", found.order[:3], np.tile(POINT, (3, 1)), 1e-6)
    places = jnp.array([[0.1, 0.2, 0.5], [0.03, 0.2, 0.5], [0.6, 0.2, 0.5], [0.6, 0.2, 1.0], [-0.1, 0.0, 0.5]])
    assert jax.vmap(saddle.inside)(places).tolist() == [True, False, False, False, False]
