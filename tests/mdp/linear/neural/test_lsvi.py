import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mtrl.mdp.linear.neural.lsvi import Nets, neural_lsvi, train
from mtrl.mdp.linear.neural.network import Body, loss, network_init
from mtrl.mdp.linear.problem import sample_neural, view
from mtrl.numerics.errors import BadInput
from tests.mdp.linear.worlds import steps

SETTINGS = dict(rank=2, hidden=4, refit_every=2, steps=5)


@pytest.fixture(scope="module")
def world():
    return sample_neural(jax.random.key(0), jnp.asarray(0.2), tasks=2, stages=2, states=3, actions=2, rank=2, dim=3)


def test_networks_are_fitted_when_it_is_time(world):
    """A refit follows episodes 2, 4, ...: the first two plans use the networks as drawn, the third another."""
    (first, second, third), _ = steps(neural_lsvi(**SETTINGS), world, 2)
    first, second, third = (state.plan.memory for state in (first, second, third))
    for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
        assert np.array_equal(a, b)
    for a, b in zip(jax.tree.leaves(second.params), jax.tree.leaves(third.params), strict=True):
        assert np.abs(a - b).max() > 0
    assert third.params["heads"].shape == (2, 1, 2, 2)  # stage, team, task, k


def test_training_lowers_the_loss():
    body = Body(8, 2, jnp.dtype(float))
    params = network_init(jax.random.key(0), body, tasks=2, dim=3)
    x, rng = jax.random.normal(jax.random.key(1), (6, 3)), np.random.default_rng(0)
    visits, means = jnp.asarray(rng.integers(0, 4, (2, 6)), float), jnp.asarray(rng.normal(size=(2, 6)))
    nets = Nets(params, optax.adam(1e-2).init(params))
    settings = dict(steps=400, learning_rate=1e-2, decay=0.0)
    fitted = jax.jit(lambda n: train(body, n, x, visits, visits * means, **settings))(nets)
    assert loss(body, fitted.params, x, visits, means, 0.0) < 0.05 * loss(body, params, x, visits, means, 0.0)


def test_bodies_per_task_have_their_own_parameters(world):
    (*_, last), records = steps(neural_lsvi(teams=2, **SETTINGS), world, 3)
    assert last.plan.memory.params["heads"].shape == (2, 2, 1, 2)  # stage, team, its task, k
    assert all(np.all(kept.regret >= -1e-12) for kept in records)


def test_bad_choices(world):
    with pytest.raises(BadInput, match="last_layer, gradient, optimistic_net"):
        neural_lsvi(bonus="nope")
    with pytest.raises(BadInput, match="refit_every got 0"):
        neural_lsvi(refit_every=0)
    with pytest.raises(BadInput, match="does not divide 2 tasks"):
        neural_lsvi(teams=3).init(jax.random.key(0), view(world))
