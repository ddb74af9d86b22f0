import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl import nn
from mtrl.mdp.linear.neural import bonuses
from mtrl.mdp.linear.neural.bonuses import values
from mtrl.mdp.linear.ridge import fit_cells
from tests.helpers import assert_close

BODY = nn.Body(features=2, hidden=(4,), activation=jnp.tanh)


@pytest.fixture(scope="module")
def given():
    x = jax.random.normal(jax.random.key(1), (6, 3))
    params = nn.Network(BODY.init(jax.random.key(0), x), nn.draw_heads(jax.random.key(2), tasks=2, rank=2))
    visits = jnp.asarray(np.random.default_rng(0).integers(0, 4, (2, 6)), float)
    return params, x, visits


def test_last_layer_is_ridge_on_the_learned_features(given):
    params, x, visits = given
    totals = visits * 0.3
    ours = bonuses.last_layer(BODY, params, x, visits, totals, alpha=0.7, ridge=0.2)
    fitted = fit_cells(BODY.apply(params.body, x)[None], visits, totals, 0.2)
    assert_close("last layer", ours, fitted.values[0] + 0.7 * np.sqrt(fitted.squares[0]), 1e-12)


def test_gradient_bonus_is_one_diagonal_ellipsoid_of_the_body_and_one_per_head(given):
    params, x, visits = given
    ours = bonuses.gradient(BODY, params, x, visits, alpha=0.7, ridge=0.2)
    fitted = values(BODY, params, x)
    shared, own = [], []
    for i in range(2):
        grads = [jax.grad(lambda p, c=c, i=i: values(BODY, p, c[None])[i, 0])(params) for c in x]
        shared.append([np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(g.body)]) for g in grads])
        own.append([np.asarray(g.heads[i]) for g in grads])
    shared, own, n = np.array(shared) ** 2, np.array(own) ** 2, np.asarray(visits)  # (task, cell, weight)
    body_metric = 0.2 + sum(n[i] @ shared[i] for i in range(2))
    for i in range(2):
        squares = (shared[i] / body_metric).sum(1) + (own[i] / (0.2 + n[i] @ own[i])).sum(1)
        assert_close("gradient bonus", ours[i] - fitted[i], 0.7 * np.sqrt(squares), 1e-9)


def test_optimistic_copy_promises_more_and_stays_near_the_data(given):
    params, x, visits = given
    settings = dict(states=3, budget=0.05, multiplier=5.0, steps=60)
    fitted = values(BODY, params, x)
    copy = bonuses.optimistic_net(BODY, params, x, visits, **settings)
    promise = lambda f: f.reshape(2, 3, 2).max(-1).mean()  # noqa: E731
    assert promise(copy) > promise(fitted)
    distance = float((visits * (copy - fitted) ** 2).sum())
    free = bonuses.optimistic_net(BODY, params, x, visits, **{**settings, "multiplier": 0.0})
    assert distance < 0.5 * float((visits * (free - fitted) ** 2).sum())
    assert promise(free) > promise(copy)


def test_leaving_the_fit_costs_only_where_there_are_data(given):
    """Without visits the distance on the buffer is zero, so that its price changes nothing."""
    params, x, visits = given
    settings = dict(states=3, budget=0.0, steps=5)
    nothing = jnp.zeros_like(visits)
    priced = bonuses.optimistic_net(BODY, params, x, nothing, multiplier=5.0, **settings)
    free = bonuses.optimistic_net(BODY, params, x, nothing, multiplier=0.0, **settings)
    assert_close("no data, no price", priced, free, 1e-12)
