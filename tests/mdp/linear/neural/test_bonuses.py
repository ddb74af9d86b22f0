import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl import nn
from mtrl.mdp.linear.neural import bonuses
from mtrl.mdp.linear.neural.bonuses import values as values_of
from mtrl.mdp.linear.ridge import fit_cells
from tests.helpers import assert_close, compiled, host

BODY = nn.Body(features=2, hidden=(4,), activation=jnp.tanh)
values, last_layer, gradient = (
    compiled(functools.partial(f, BODY)) for f in (values_of, bonuses.last_layer, bonuses.gradient)
)
optimistic_net = compiled(functools.partial(bonuses.optimistic_net, BODY), "states", "steps")


@pytest.fixture(scope="module")
def given():
    def drawn():
        x = jax.random.normal(jax.random.key(1), (6, 3))
        return nn.Network(BODY.init(jax.random.key(0), x), nn.draw_heads(jax.random.key(2), tasks=2, rank=2)), x

    return *host(jax.jit(drawn)()), np.random.default_rng(0).integers(0, 4, (2, 6)).astype(float)


def test_last_layer_is_ridge_on_the_learned_features(given):
    params, x, visits = given
    totals = visits * 0.3
    ours = last_layer(params, x, visits, totals, alpha=0.7, ridge=0.2)
    fit = compiled(lambda params, x: fit_cells(BODY.apply(params.body, x)[None], visits, totals, 0.2))
    visits, totals = jnp.asarray(visits), jnp.asarray(totals)
    fitted = fit(params, x)
    assert_close("last layer", ours, fitted.values[0] + 0.7 * np.sqrt(fitted.squares[0]), 1e-12)


def test_gradient_bonus_is_one_diagonal_ellipsoid_of_the_body_and_one_per_head(given):
    params, x, visits = given
    ours = gradient(params, x, visits, alpha=0.7, ridge=0.2)
    fitted = values(params, x)
    slopes = compiled(jax.vmap(jax.jacrev(lambda p, c: values_of(BODY, p, c[None])[:, 0]), (None, 0)))(params, x)
    shared, own = [], []
    for i in range(2):
        grads = [jax.tree.map(lambda leaf, c=c, i=i: leaf[c, i], slopes) for c in range(len(x))]
        shared.append([np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(g.body)]) for g in grads])
        own.append([np.asarray(g.heads[i]) for g in grads])
    shared, own, n = np.array(shared) ** 2, np.array(own) ** 2, visits  # (task, cell, weight)
    body_metric = 0.2 + sum(n[i] @ shared[i] for i in range(2))
    for i in range(2):
        squares = (shared[i] / body_metric).sum(1) + (own[i] / (0.2 + n[i] @ own[i])).sum(1)
        assert_close("gradient bonus", ours[i] - fitted[i], 0.7 * np.sqrt(squares), 1e-9)


def test_optimistic_copy_promises_more_and_stays_near_the_data(given):
    params, x, visits = given
    settings = dict(states=3, budget=0.05, multiplier=5.0, steps=60)
    fitted = values(params, x)
    copy = optimistic_net(params, x, visits, **settings)
    promise = lambda f: f.reshape(2, 3, 2).max(-1).mean()  # noqa: E731
    assert promise(copy) > promise(fitted)
    distance = float((visits * (copy - fitted) ** 2).sum())
    free = optimistic_net(params, x, visits, **{**settings, "multiplier": 0.0})
    assert distance < 0.5 * float((visits * (free - fitted) ** 2).sum())
    assert promise(free) > promise(copy)


def test_leaving_the_fit_costs_only_where_there_are_data(given):
    """Without visits the distance on the buffer is zero, so that its price changes nothing."""
    params, x, visits = given
    settings = dict(states=3, budget=0.0, steps=5)
    nothing = np.zeros_like(visits)
    priced = optimistic_net(params, x, nothing, multiplier=5.0, **settings)
    free = optimistic_net(params, x, nothing, multiplier=0.0, **settings)
    assert_close("no data, no price", priced, free, 1e-12)
