"""Predictions for equal tasks of one cosine, against the one scalar equation that they solve and the paper's fractions."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.random_matrix.regression import (
    aligned_energies,
    aligned_path,
    best_shared,
    best_shared_along,
    excess_over_best,
    leading_order_path,
    risk_exchangeable,
)
from tests.helpers import assert_close

LAMS = jnp.array([0.0, 0.5, 3.0])


def test_the_path_solves_the_scalar_equation():
    """Three equal tasks are exchangeable: test and train risk by `risk_exchangeable`, which never forms a T x T matrix."""
    path = jax.jit(lambda lams: aligned_path(0.4, 0.7, 0.3, lams, 1.2, tasks=3))(LAMS)
    energies = aligned_energies(0.4, 3)
    expected = jax.jit(jax.vmap(lambda lam: risk_exchangeable(energies, gamma=0.7, lam=lam, noise=0.3, ratio=1.2).test))
    assert_close("test risk", path.test, expected(LAMS), rtol=1e-9)
    assert_close("its terms and the noise variance", path.self_ + path.cross + path.noise + 0.3, path.test, rtol=1e-9)


def test_best_strengths_are_the_published_ones():
    """Exact minimisers of an independent program (two decimals) at n_t/d = .5, 1.5, 2.5, and the formula's 4.5."""
    one, ratios = jnp.ones(3), jnp.array([0.5, 1.5, 2.5])
    exact, formula = jax.jit(best_shared_along)(0.9 * one, 10.0 * one, 0.1 * one, ratios)
    assert_close("exact lam*", exact, [22.64, 6.71, 5.04], rtol=4e-3)
    assert_close("large-n formula", formula, 4.5 * one, rtol=1e-12)


def test_excess_is_zero_at_the_best_strength_alone():
    at = (0.5, 3.0, 0.2, 1.5)
    best = jax.jit(lambda: best_shared(*at))()
    excess = np.asarray(jax.jit(lambda lams: excess_over_best(*at, lams))(jnp.array([0.0, best.argument, 20.0])))
    assert abs(excess[1]) < 1e-9 and excess[0] > 1e-3 and excess[2] > 1e-3


def test_leading_order_is_the_papers_fractions():
    """D_IL and C_MTL of two tasks as the paper prints them, and the noise term of the same approximation."""
    alpha, gamma, noise, ratio, lam = 0.9, 2.0, 0.3, 1.5, np.asarray(LAMS)
    c, g = ratio / 2, gamma + lam
    determinant = (c * g + 1) ** 2 - (c * lam) ** 2
    own = ((c * g + 1) ** 2 + (c * lam) ** 2) / determinant**2
    cross = -2 * c * lam * 2 * (c * g + 1) / determinant**2
    p_own, p_other = (g * (c * g + 1) - c * lam**2) / determinant, lam / determinant
    fitted = noise * c * (p_own**2 + p_other**2) / 2
    # gram = [[1, alpha], [alpha, 1]]/2; averages over the two tasks
    expected = own / 2 + cross * alpha / 4 + fitted + noise
    found = jax.jit(lambda lams: leading_order_path(alpha, gamma, noise, lams, ratio))(LAMS)
    assert_close("leading order", found, expected, rtol=1e-10)
