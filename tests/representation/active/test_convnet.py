import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from mtrl import nn
from mtrl.representation.active import convnet as net
from mtrl.representation.active.images import ImageBatch
from tests.helpers import assert_close

MODEL = nn.Body(3, channels=(2, 2))


def test_heads_on_frozen_features():
    rng = np.random.default_rng(0)
    phi = rng.normal(size=(80, 3))
    y = (phi @ [1.0, -2.0, 0.5] + rng.normal(size=80) > 0).astype(float)
    squared = net.refit_head(jnp.asarray(phi), jnp.asarray(y), logistic=False, ridge=1e-2)
    assert_close("ridge head", squared, np.linalg.solve(phi.T @ phi + 0.8 * np.eye(3), phi.T @ y), rtol=1e-9)
    logistic = net.refit_head(jnp.asarray(phi), jnp.asarray(y), logistic=True, ridge=1e-2)
    reference = LogisticRegression(C=1 / 0.8, fit_intercept=False, tol=1e-12, max_iter=1000).fit(phi, y)
    assert_close("logistic head", logistic, reference.coef_[0], rtol=1e-5)


@pytest.fixture(scope="module")
def learned():
    """Two tasks: is the left half brighter, is the top half brighter."""
    key = jax.random.key(0)
    x = jax.random.uniform(key, (200, 8, 8), jnp.float32)
    x = x.at[:, :, :4].add(jnp.where(jnp.arange(200) % 2, 0.8, 0)[:, None, None])
    task = (jnp.arange(200) >= 120).astype(jnp.int32)
    y = (jnp.arange(200) % 2).astype(jnp.float32)
    mask = jnp.arange(200) < 180
    batch = ImageBatch(x, y, task, mask)
    fit = jax.jit(
        functools.partial(
            net.learn_convnet, target_x=x[:40], target_y=y[:40], model=MODEL, tasks=2, steps=120, rate=1e-2, size=32
        )
    )
    return batch, fit(jax.random.key(1), batch), fit


def test_learns_whitens_and_keeps_dtype(learned):
    batch, found, _ = learned
    predicted = net.network_scores(found.representation, found.target_head, batch.x[:40], MODEL, logistic=False)
    assert np.mean((predicted > 0.5) == (batch.y[:40] > 0.5)) > 0.9
    assert found.heads.shape == (3, 2) and found.heads.dtype == jnp.float32
    phi = net.network_features(found.representation, batch.x[:180], MODEL)
    moment = phi.T @ phi / 180
    assert np.max(np.abs(np.asarray(moment) - np.eye(3))) < 0.35  # whitened on a random 256-row sample of the same data
    # whitening does not change the heads' predictions: task 1 predictions still fit its labels
    task1 = phi[120:180] @ found.heads[:, 1]
    assert np.mean((task1 > 0.5) == (batch.y[120:180] > 0.5)) > 0.9


def test_same_key_same_network_and_masked_rows_do_not_count(learned):
    batch, found, fit = learned
    changed = batch._replace(x=batch.x.at[180:].set(99.0), y=batch.y.at[180:].set(7.0))
    again = fit(jax.random.key(1), changed)
    np.testing.assert_array_equal(found.heads, again.heads)
    assert not np.array_equal(found.heads, fit(jax.random.key(2), batch).heads)


def test_losses():
    scores, y = jnp.array([0.0, 2.0]), jnp.array([1.0, 0.0])
    np.testing.assert_allclose(net.label_loss(scores, y, logistic=False), [1, 4])
    np.testing.assert_allclose(net.label_loss(scores, y, logistic=True), np.log([2, 1 + np.exp(2)]), rtol=1e-6)


def test_whitening_and_heads_belong_to_the_second_moment_of_the_features(learned):
    """`phi L^-T` has second moment `L^-1 (L L^T) L^-T`, so `(L^-T)^T S L^-T` is near I whatever the spread of phi."""
    batch, found, _ = learned
    phi = MODEL.apply(found.representation.params, batch.x[:180])
    lower = np.linalg.inv(np.asarray(found.representation.whitening)).T
    assert np.allclose(lower, np.tril(lower), atol=1e-5 * np.abs(lower).max())
    moment = np.asarray(phi.T @ phi / 180)
    assert np.max(np.abs(lower @ lower.T - moment)) < 0.15 * np.max(moment)
