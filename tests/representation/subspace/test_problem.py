import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.numerics.moments import moments
from mtrl.representation import subspace
from mtrl.representation.subspace import problem
from tests.helpers import assert_close, assert_mean


def test_draws_follow_the_model(key):
    params = problem.sample(key, tasks=3, dim=6, rank=2, noise=0.5)
    assert_close("orthonormal", params.basis.T @ params.basis, np.eye(2), 1e-12)
    x, y = problem.draw(key, params, samples=20000, scale=2.0)
    theta = params.heads @ params.basis.T
    residual = y - jnp.einsum("tnd,td->tn", x, theta)
    assert_mean("noise variance", residual.ravel() ** 2, 0.25)
    assert_mean("input covariance", jnp.einsum("ni,nj->nij", x[0], x[0]), 4 * np.eye(6))
    x0, y0 = problem.draw_target(key, params, samples=20000)
    assert_mean("target noise", (y0 - x0 @ problem.target_weights(params)) ** 2, 0.25)


def test_heads_have_the_papers_law(key):
    heads = jax.vmap(lambda k: problem.sample(k, tasks=5, dim=4, rank=3).heads)(jax.random.split(key, 500))
    assert_mean("head second moment", jnp.einsum("sti,stj->sij", heads, heads) / 5, np.eye(3) / 3)
    unit = problem.sample_unit_rows(key, tasks=7, dim=4, rank=2)
    assert_close("unit rows", jnp.linalg.norm(unit.heads, axis=1), np.ones(7), 1e-12)
    assert_close("target", jnp.linalg.norm(unit.target_head), 1.0, 1e-12)


def test_diversity_weights_tasks_by_their_samples(key):
    heads = jax.random.normal(key, (3, 2))
    counts = jnp.array([1.0, 2.0, 5.0])
    repeated = np.repeat(np.asarray(heads), [1, 2, 5], axis=0)
    assert_close("weighted", problem.diversity(heads, counts), repeated.T @ repeated / 8, 1e-12)
    assert_close("equal", problem.diversity(heads), heads.T @ heads / 3, 1e-12)


def test_ranks_that_cannot_be_are_refused_where_they_enter(key):
    x, y = jax.numpy.ones((6, 5, 4)), jax.numpy.ones((6, 5))
    enter = {
        "sample": lambda rank: subspace.sample(key, tasks=6, dim=4, rank=rank),
        "sample_unit_rows": lambda rank: subspace.sample_unit_rows(key, tasks=6, dim=4, rank=rank),
        "method_of_moments": lambda rank: subspace.method_of_moments(x, y, rank=rank),
        "factored_least_squares": lambda rank: subspace.factored_least_squares(key, x, y, rank=rank),
        "ridge_start": lambda rank: subspace.ridge_start(moments(x, y), rank=rank, ridge=1.0),
        "iterative_hard_thresholding": lambda rank: subspace.iterative_hard_thresholding(moments(x, y), rank=rank),
        "reduced_rank_regression": lambda rank: subspace.reduced_rank_regression(x[0], y, rank=rank),
    }
    for call in enter.values():
        for rank in (-1, 0, 5):
            with pytest.raises(BadInput, match=f"rank got {rank}, but must lie between 1 and"):
                call(rank)
    with pytest.raises(BadInput, match="rank got 3, but must lie between 1 and the number of tasks, whose heads span"):
        subspace.check_identified(3, 10, 2)
    with pytest.warns(
        UserWarning, match="heads interpolate; least squares representation will be arbitrary, use method"
    ):
        subspace.check_identified(3, 10, 5, 2)
