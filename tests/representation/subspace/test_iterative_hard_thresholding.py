import jax
import jax.numpy as jnp
import numpy as np

from mtrl.numerics.linalg.subspaces import projector, sin_theta
from mtrl.numerics.moments import moments
from mtrl.representation.subspace import problem
from mtrl.representation.subspace.iterative_hard_thresholding import iterative_hard_thresholding
from tests.helpers import assert_close


def test_matches_a_literal_loop_and_approaches_the_subspace():
    params = problem.sample_unit_rows(jax.random.key(0), tasks=40, dim=6, rank=2, noise=0.0)
    x, y = problem.draw(jax.random.key(1), params, samples=10, scale=10**-0.5)
    data = moments(x, y)
    ours = iterative_hard_thresholding(data, rank=2, step=0.1, iterations=10)
    weights = np.zeros((40, 6))
    for _ in range(10):
        weights = weights - 0.1 * np.stack([data.gram[t] @ weights[t] - data.cross[t] for t in range(40)])
        left, singular, right = np.linalg.svd(weights, full_matrices=False)
        weights = (left[:, :2] * singular[:2]) @ right[:2]
    assert_close("span", projector(ours), np.linalg.svd(weights)[2][:2].T @ np.linalg.svd(weights)[2][:2], 1e-9)
    random = problem.random_basis(jax.random.key(2), 6, 2)
    assert float(sin_theta(params.basis, ours)) < 0.5 * float(jnp.minimum(1, sin_theta(params.basis, random)))
