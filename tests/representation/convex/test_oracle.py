import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.representation.convex.mean_regularised import mean_regularised
from mtrl.representation.convex.oracle import oracle
from mtrl.representation.convex.single_task import ridge
from mtrl.representation.subspace.structures import STRUCTURES, structured
from tests.helpers import assert_close, assert_mean, compiled
from tests.representation.convex.fixtures import DIM, SAMPLES, TASKS, data, solve

NOISE = 0.5
ORACLE = compiled(functools.partial(oracle, noise=NOISE))


def test_unrelated_tasks_give_ridge():
    coupling, covariance = np.eye(TASKS)[None], np.eye(DIM)[None] / DIM
    weights = ORACLE(*data(), coupling, covariance)
    assert_close("ridge", weights, solve(ridge)(DIM * NOISE**2 / SAMPLES).weights, 1e-9)


def test_a_common_centre_gives_mean_regularisation():
    # w_t = centre + deviation, variances a and b per entry: the centre's own prior is flat as a grows.
    a, b = 1e7, 0.3
    coupling = np.stack([a * np.ones((TASKS, TASKS)), b * np.eye(TASKS)])
    weights = ORACLE(*data(), coupling, np.stack([np.eye(DIM)] * 2))
    expected = solve(mean_regularised, mu=1e-12)(NOISE**2 / (b * SAMPLES)).weights
    assert_close("mean-regularised", weights, expected, 1e-4)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_law_of_the_structure_is_that_of_its_weights(structure, key):
    # Whitened by its law, W has identity covariance: E (w_t^T C^{-1} w_t) counts the dimensions of each task's law.
    def standardised(k):
        drawn = structured(k, structure=structure, dim=5, tasks=6, rank=2, features=2, spread=0.5)
        law = sum(jnp.kron(c, v) for c, v in zip(drawn.coupling, drawn.covariance, strict=True))
        vector = drawn.weights.T.reshape(-1)
        values, vectors = jnp.linalg.eigh(law)
        kept = values > 1e-9
        scores = (vectors.T @ vector) ** 2 / jnp.where(kept, values, 1)
        return jnp.mean(scores, where=kept), jnp.sum(jnp.where(kept, 0, scores))

    ratio, outside = compiled(jax.vmap(standardised))(jax.random.split(key, 2000))
    assert_mean("quadratic form", ratio, 1.0)
    assert float(np.max(outside)) < 1e-12


@pytest.mark.parametrize("structure", ["clusters", "outliers"])
def test_no_ridge_beats_it(structure, key):
    def errors(k):
        drawn = structured(k, structure=structure, dim=DIM, tasks=TASKS, clusters=2, rank=1, outliers=1)
        x = jax.random.normal(jax.random.fold_in(k, 1), (TASKS, 4, DIM))
        y = jnp.einsum("tnd,dt->tn", x, drawn.weights) + NOISE * jax.random.normal(jax.random.fold_in(k, 2), (TASKS, 4))
        white = jnp.eye(DIM)[None] / DIM
        alone = oracle(x, y, jnp.eye(TASKS)[None], white, noise=NOISE)
        best = oracle(x, y, drawn.coupling, drawn.covariance, noise=NOISE)
        return jnp.sum((best - drawn.weights) ** 2) - jnp.sum((alone - drawn.weights) ** 2)

    gaps = compiled(jax.vmap(errors))(jax.random.split(key, 300))
    assert gaps.mean() + 5 * gaps.std() / np.sqrt(len(gaps)) < 0
