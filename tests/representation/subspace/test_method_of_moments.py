import jax
import jax.numpy as jnp
import numpy as np

from mtrl.numerics.linalg.subspaces import projector, sin_theta
from mtrl.representation.subspace import problem, theory
from mtrl.representation.subspace.method_of_moments import method_of_moments, second_moment
from tests.helpers import assert_close


def test_population_moment(key):
    # E M = (sigma^2 + tr Gam) I + 2 B Gam B^T; 800 000 draws in 6 dimensions.
    params = problem.sample(key, tasks=8, dim=6, rank=2, noise=0.7)
    x, y = problem.draw(jax.random.key(1), params, samples=100000)
    gamma = problem.diversity(params.heads)
    expected = (0.49 + jnp.trace(gamma)) * jnp.eye(6) + 2 * params.basis @ gamma @ params.basis.T
    assert float(jnp.max(jnp.abs(second_moment(x, y) - expected))) < 0.04


def test_stream_and_mask_and_a_literal_loop_agree(key):
    x, y = jax.random.normal(key, (3, 5, 4)), jax.random.normal(jax.random.key(2), (3, 5))
    mask = jnp.arange(5)[None] < jnp.array([5, 2, 3])[:, None]
    total, count = np.zeros((4, 4)), 0
    for t in range(3):
        for i in range(int(mask[t].sum())):
            total += float(y[t, i]) ** 2 * np.outer(x[t, i], x[t, i])
            count += 1
    for stream in (False, True):
        assert_close("masked", second_moment(x, y, mask, stream=stream), total / count, 1e-12)
    plain = method_of_moments(x, y, rank=2)
    assert_close("streamed basis", projector(method_of_moments(x, y, rank=2, stream=True)), projector(plain), 1e-9)


def test_error_at_the_released_size(key):
    # d=100, r=5, n=25, T=3200: released mean .432, standard deviation .025; the first-order law gives .44.
    params = problem.sample(key, tasks=3200, dim=100, rank=5)
    x, y = problem.draw(jax.random.key(5), params, samples=25)
    ours = float(sin_theta(params.basis, method_of_moments(x, y, rank=5)))
    law = theory.moments_sine(problem.diversity(params.heads), params.heads, total=80000.0, dim=100.0, noise=1.0)
    assert abs(ours - 0.432) < 3 * 0.025
    assert_close("first-order law", ours, float(law), 0.15)


def test_one_sample_per_task_is_enough(key):
    params = problem.sample(key, tasks=100000, dim=5, rank=1, noise=0.1)
    x, y = problem.draw(jax.random.key(7), params, samples=1)
    assert float(sin_theta(params.basis, method_of_moments(x, y, rank=1))) < 0.1
