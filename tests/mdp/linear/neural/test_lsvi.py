import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mtrl.mdp.network import Body, loss, network_init
from mtrl.mdp.neural import Config, Nets, init, step, train
from mtrl.mdp.problem import sample_neural
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.errors import BadInput
from tests.mdp.worlds import steps

CONFIG = Config(rank=2, hidden=4, refit_every=2, steps=5)


@pytest.fixture(scope="module")
def world():
    return sample_neural(jax.random.key(0), jnp.asarray(0.2), tasks=2, stages=2, states=3, actions=2, rank=2, dim=3)


def play(config, world, rounds):
    return steps(Algorithm(init, functools.partial(step, config=config)), world, rounds, config=config)


def test_networks_are_fitted_when_it_is_time(world):
    """A refit comes before episodes 2, 4, ...: two episodes leave the networks as drawn, the third changes them."""
    (first, _, second, third), _ = play(CONFIG, world, 3)
    for a, b in zip(jax.tree.leaves(first.nets), jax.tree.leaves(second.nets), strict=True):
        assert np.array_equal(a, b)
    for a, b in zip(jax.tree.leaves(second.nets.params), jax.tree.leaves(third.nets.params), strict=True):
        assert np.abs(a - b).max() > 0
    assert third.nets.params["heads"].shape == (2, 1, 2, 2)  # stage, team, task, k
    assert int(third.episode) == 3


def test_training_lowers_the_loss():
    body = Body(8, 2, jnp.dtype(float))
    params = network_init(jax.random.key(0), body, tasks=2, dim=3)
    x, rng = jax.random.normal(jax.random.key(1), (6, 3)), np.random.default_rng(0)
    visits, means = jnp.asarray(rng.integers(0, 4, (2, 6)), float), jnp.asarray(rng.normal(size=(2, 6)))
    config = Config(steps=400)
    nets = Nets(params, optax.adam(config.learning_rate).init(params))
    fitted = jax.jit(lambda n: train(body, n, x, visits, visits * means, config=config, decay=0.0))(nets)
    assert loss(body, fitted.params, x, visits, means, 0.0) < 0.05 * loss(body, params, x, visits, means, 0.0)


def test_bodies_per_task_have_their_own_parameters(world):
    (*_, last), infos = play(dataclasses.replace(CONFIG, teams=2), world, 3)
    assert last.nets.params["heads"].shape == (2, 2, 1, 2)  # stage, team, its task, k
    assert all(np.all(info.regret >= -1e-12) for info in infos)


def test_bad_choices(world):
    with pytest.raises(BadInput, match="last_layer, gradient, optimistic_net"):
        init(jax.random.key(0), world, Config(bonus="nope"))
    with pytest.raises(BadInput, match="does not divide 2 tasks"):
        init(jax.random.key(0), world, Config(teams=3))
