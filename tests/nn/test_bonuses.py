"""Ridge statistics on features against their definition, and body gradients against finite differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl import nn
from tests.helpers import assert_close

TASKS, POINTS, RANK = 2, 5, 3


@pytest.fixture(scope="module")
def given():
    rng = np.random.default_rng(0)
    features, targets = rng.normal(size=(TASKS, POINTS, RANK)), rng.normal(size=(TASKS, POINTS))
    return jnp.asarray(features), jnp.asarray(targets)


def test_adding_one_by_one_rebuilding_and_the_definition_agree(given):
    features, targets = given
    state = nn.ridge_start(tasks=TASKS, rank=RANK, ridge=0.3)
    for p in range(POINTS):
        state = nn.ridge_add(state, features[:, p], targets[:, p])
    rebuilt = nn.ridge_fit(features, jnp.ones((TASKS, POINTS)), targets, ridge=0.3)
    values, squares = nn.ridge_index(state, features)
    for i in range(TASKS):
        f = np.asarray(features[i])
        inverse = np.linalg.inv(0.3 * np.eye(RANK) + f.T @ f)
        assert_close("inverse, one by one", state.inverse[i], inverse, rtol=1e-10)
        assert_close("inverse, rebuilt", rebuilt.inverse[i], inverse, rtol=1e-10)
        assert_close("cross", rebuilt.cross[i], f.T @ np.asarray(targets[i]), rtol=1e-12)
        assert_close("values", values[i], f @ inverse @ f.T @ np.asarray(targets[i]), rtol=1e-10)
        assert_close("squares", squares[i], np.diag(f @ inverse @ f.T), rtol=1e-10)
    assert_close("cross, one by one", state.cross, rebuilt.cross, rtol=1e-12)


def test_visits_stand_for_repeated_points(given):
    """A point seen n times with total y is n rows; one never seen counts nothing."""
    features, targets = given
    visits = jnp.asarray([[2.0, 0, 1, 3, 1], [1.0, 1, 0, 0, 2]])
    ours = nn.ridge_fit(features, visits, visits * targets, ridge=0.3)
    for i in range(TASKS):
        index = np.repeat(np.arange(POINTS), np.asarray(visits[i], int))
        rows = features[i][index][None]
        repeated = nn.ridge_fit(rows, jnp.ones(rows.shape[:2]), targets[i][index][None], ridge=0.3)
        assert_close("inverse", ours.inverse[i], repeated.inverse[0], rtol=1e-10)
        assert_close("cross", ours.cross[i], repeated.cross[0], rtol=1e-10)


def test_body_gradients_predict_small_changes_and_their_metric_is_diagonal(key):
    body = nn.Body(features=RANK, hidden=(4,), activation=jnp.tanh)
    x = jax.random.normal(key, (TASKS, POINTS, 2))
    network = nn.Network(body.init(jax.random.key(1), x), nn.draw_heads(jax.random.key(2), tasks=TASKS, rank=RANK))
    gradients = jax.jit(lambda n: nn.body_gradients(body, n, x))(network)
    flat, unravel = jax.flatten_util.ravel_pytree(network.body)
    direction = jax.random.normal(jax.random.key(3), flat.shape)
    value = jax.jit(lambda w: nn.own_values(network.heads, body.apply(unravel(w), x)))
    slope = (value(flat + 1e-5 * direction) - value(flat - 1e-5 * direction)) / 2e-5
    assert_close("directional derivative", gradients @ direction, slope, rtol=1e-7)
    visits = jnp.asarray([[2.0, 0, 1, 3, 1], [1.0, 1, 0, 0, 2]])
    metric = nn.gradient_metric(gradients, visits, ridge=0.2)
    g, n = np.asarray(gradients), np.asarray(visits)
    expected = 0.2 + sum(n[i, p] * g[i, p] ** 2 for i in range(TASKS) for p in range(POINTS))
    assert_close("metric", metric, expected, rtol=1e-12)
    ellipsoid = [[g[i, p] @ np.diag(1 / expected) @ g[i, p] for p in range(POINTS)] for i in range(TASKS)]
    assert_close("squares", nn.gradient_squares(gradients, metric), ellipsoid, rtol=1e-10)
