"""Linear worlds: sizes, norms, noise."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.bandits import problem
from tests.bandits.worlds import linear, linear_data
from tests.helpers import assert_close, assert_mean


def test_parameters_share_a_subspace_with_unit_norm(key):
    params = linear(key)
    assert_close("norms", jnp.linalg.norm(params.parameters, axis=1), np.ones(3), rtol=1e-12)
    assert np.linalg.matrix_rank(np.asarray(params.parameters)) == 2
    assert (params.tasks, params.dim, params.rank) == (3, 4, 2)


def test_rounds_are_consistent(key):
    params = linear(key, noise=0.4)
    rounds = jax.vmap(lambda t: linear_data(jax.random.fold_in(key, t), params, t))(jnp.arange(500))
    means = jnp.einsum("tmad,md->tma", rounds.contexts, params.parameters)
    assert_close("means", rounds.means, means, rtol=1e-10)
    assert_close("arms on the sphere", jnp.linalg.norm(rounds.contexts, axis=-1), np.ones((500, 3, 4)), rtol=1e-12)
    assert_mean("noise variance", ((rounds.rewards - rounds.means) ** 2).ravel(), 0.16)


def test_unit_of_zero_is_zero():
    assert np.array_equal(problem.unit(jnp.zeros((2, 3))), np.zeros((2, 3)))


def test_fixed_arms_stay_and_noise_does_not(key):
    params = problem.fixed_params(key, jnp.asarray(0.5), tasks=2, dim=3, rank=1, arms=4)
    first, second = (problem.fixed_round(jax.random.fold_in(key, t), params, t) for t in (0, 1))
    assert np.array_equal(first.contexts, second.contexts) and not np.array_equal(first.rewards, second.rewards)
    means = jnp.einsum("mad,md->ma", params.contexts, params.linear.parameters)
    assert_close("means of fixed arms", first.means, means, rtol=1e-12)
    assert (params.tasks, params.dim, params.rank) == (2, 3, 1)


def test_ellipsoid_is_a_ball_in_other_coordinates(key):
    """max over {L u} of <theta, a> is ||L^T theta||, and the parameters still share k dimensions."""
    factor = jnp.diag(jnp.array([1.0, 2.0, 0.5, 3.0])) + jnp.triu(jnp.full((4, 4), 0.3), 1)
    params = problem.EllipsoidParams(linear(key, noise=0.0), factor)
    data = problem.ellipsoid_round(key, params, 0)
    u = jax.random.normal(key, (1000, 4))
    best = jnp.max((u / jnp.linalg.norm(u, axis=1, keepdims=True)) @ factor.T @ params.linear.parameters.T, axis=0)
    top = jnp.linalg.norm(data.parameters, axis=1)
    assert bool(jnp.all(best <= top + 1e-12)) and bool(jnp.all(best >= 0.9 * top))
    assert np.allclose(data.parameters @ data.basis @ data.basis.T, data.parameters, atol=1e-12)
