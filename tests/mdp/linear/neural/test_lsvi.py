import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl import nn
from mtrl.mdp.linear.neural.bonuses import values
from mtrl.mdp.linear.neural.lsvi import buffer_loss, neural_lsvi
from mtrl.mdp.linear.problem import view
from mtrl.mdp.linear.samplers import sample_neural
from mtrl.numerics.errors import BadInput
from tests.helpers import compiled
from tests.mdp.linear.worlds import steps

SETTINGS = dict(rank=2, hidden=4, refit_every=2, steps=5)


@pytest.fixture(scope="module")
def world():
    sizes = dict(tasks=2, stages=2, states=3, actions=2, rank=2, dim=3)
    return jax.jit(functools.partial(sample_neural, **sizes))(jax.random.key(0), jnp.asarray(0.2))


def test_networks_are_fitted_when_it_is_time(world):
    """A refit follows episodes 2, 4, ...: the first two plans use the networks as drawn, the third another."""
    (first, second, third), _ = steps(neural_lsvi(**SETTINGS), world, 2)
    first, second, third = (state.plan.memory for state in (first, second, third))
    for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
        assert np.array_equal(a, b)
    for a, b in zip(jax.tree.leaves(second.params), jax.tree.leaves(third.params), strict=True):
        assert np.abs(a - b).max() > 0
    assert third.params.heads.shape == (2, 1, 2, 2)  # stage, team, task, k


def test_loss_is_the_mean_squared_error_over_the_buffer():
    """Row by row, with the mean target of every pair."""
    body = nn.Body(features=2, hidden=(4,), activation=jnp.tanh)

    @jax.jit
    def given():
        x = jax.random.normal(jax.random.key(1), (5, 3))
        return x, nn.Network(body.init(jax.random.key(0), x), nn.draw_heads(jax.random.key(2), tasks=2, rank=2))

    x, network = given()
    visits = np.ones((2, 5))
    visits[0, 1], visits[1, 2] = 3, 0
    means = np.random.default_rng(0).normal(size=(2, 5))
    f = compiled(functools.partial(values, body))(network, x)
    rows = [(f[i, c] - means[i, c]) ** 2 for i in range(2) for c in range(5) for _ in range(int(visits[i, c]))]
    loss = compiled(functools.partial(buffer_loss, body))(network, x, visits, visits * means)
    assert np.isclose(loss, np.mean(rows))


def test_refitting_lowers_the_loss(world):
    """After many steps the network fits the rewards of the last stage."""
    (_, (counts, plan, _)), _ = steps(
        neural_lsvi(**{**SETTINGS, "refit_every": 1, "steps": 400, "hidden": 8, "decay": 0.0}), world, 1
    )
    body, x = nn.Body(features=2, hidden=(8,), activation=jnp.tanh), np.asarray(world.inputs).reshape(6, 3)
    loss = compiled(functools.partial(buffer_loss, body))
    data = (counts.transitions[:, 1].sum(-1).reshape(2, 6), counts.rewards[:, 1].reshape(2, 6))
    network = jax.tree.map(lambda x: x[1, 0], plan.memory.params)
    nothing = network._replace(heads=0 * network.heads)
    assert loss(network, x, *data) < 0.01 * loss(nothing, x, *data)


def test_bodies_per_task_have_their_own_parameters(world):
    (*_, last), records = steps(neural_lsvi(teams=2, **SETTINGS), world, 3)
    assert last.plan.memory.params.heads.shape == (2, 2, 1, 2)  # stage, team, its task, k
    assert all(np.all(kept.regret >= -1e-12) for kept in records)


def test_bad_choices(world):
    with pytest.raises(BadInput, match="last_layer, gradient, optimistic_net"):
        neural_lsvi(bonus="nope")
    with pytest.raises(BadInput, match="refit_every got 0"):
        neural_lsvi(refit_every=0)
    with pytest.raises(BadInput, match="does not divide 2 tasks"):
        neural_lsvi(teams=3).init(jax.random.key(0), view(world))
