import jax
import jax.numpy as jnp
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.numerics.linalg.subspaces import projector, sin_theta
from mtrl.numerics.moments import moments, no_moments
from mtrl.representation.subspace import (
    alternating_minimisation,
    alternating_minimisation_fresh,
    fresh_iterations,
    problem,
)
from mtrl.representation.subspace.method_of_moments import method_of_moments
from tests.helpers import assert_close


def test_slices_are_used_once_each_and_in_order(key):
    params = problem.sample(key, tasks=40, dim=6, rank=2, noise=0.1)
    x, y = problem.draw(jax.random.key(1), params, samples=10)
    data = moments(x, y)
    start = method_of_moments(x, y, rank=2)
    fit = alternating_minimisation_fresh(data, start, iterations=2)
    half = lambda part: jax.tree.map(lambda v: v[part], data)  # noqa: E731
    first = alternating_minimisation(half(slice(0, 20)), start, iterations=1)
    second = alternating_minimisation(half(slice(20, 40)), first.basis, iterations=1)
    assert_close("two slices", projector(fit.basis), projector(second.basis), 1e-9)
    assert float(sin_theta(params.basis, fit.basis)) < float(sin_theta(params.basis, start))


def test_bad_slices_are_refused_and_the_error_halves_per_round():
    with pytest.raises(BadInput, match="iterations=7 does not divide the 40 tasks"):
        alternating_minimisation_fresh(no_moments(40, 2), jnp.eye(2)[:, :1], iterations=7)
    assert float(fresh_iterations(0.01, 0.64)) == 6
