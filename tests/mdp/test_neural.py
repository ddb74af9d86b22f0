import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.mdp.network import Body, loss, network_init, network_values
from mtrl.mdp.neural import Config, Nets, init, step, train
from mtrl.mdp.problem import sample_neural
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.errors import BadInput
from tests.mdp.worlds import run

WORLD = functools.partial(sample_neural, tasks=2, stages=2, states=3, actions=2, rank=2, dim=3)
CONFIG = Config(rank=2, hidden=4, refit_every=4, steps=5)


def play(config, rounds, **hyper):
    return run(
        Algorithm(init, functools.partial(step, config=config)), rounds=rounds, problem=WORLD, config=config, **hyper
    )


@pytest.fixture(scope="module")
def first():
    return play(CONFIG, 6)


def test_networks_are_fitted_when_it_is_time(first):
    """Refits happen before episodes 4, 8, ...: four episodes leave the networks as drawn, the fifth changes them."""
    _, before = play(CONFIG, 4)
    _, after = first
    change = jax.tree.map(lambda a, b: float(np.abs(a - b).max()), before.nets.params, after.nets.params)
    assert all(x > 0 for x in jax.tree.leaves(change))
    untouched = jax.tree.leaves(before.nets.momentum)
    assert all(np.all(x == 0) for x in untouched), "Adam has not moved before the first refit"


def test_training_lowers_the_loss():
    body = Body(8, 2, jnp.dtype(float))
    params = network_init(jax.random.key(0), body, tasks=2, dim=3)
    x, rng = jax.random.normal(jax.random.key(1), (6, 3)), np.random.default_rng(0)
    visits, means = jnp.asarray(rng.integers(0, 4, (2, 6)), float), jnp.asarray(rng.normal(size=(2, 6)))
    config = Config(steps=400)
    import optax

    nets = Nets(params, optax.adam(config.learning_rate).init(params))
    fitted = jax.jit(lambda n: train(body, n, x, visits, visits * means, config=config, decay=0.0))(nets)
    assert loss(body, fitted.params, x, visits, means, 0.0) < 0.05 * loss(body, params, x, visits, means, 0.0)


def test_loss_is_the_mean_squared_error_and_decays_heads_less():
    body = Body(4, 2, jnp.dtype(float))
    params = network_init(jax.random.key(0), body, tasks=2, dim=3)
    x = jax.random.normal(jax.random.key(1), (5, 3))
    visits, means = jnp.ones((2, 5)).at[0, 1].set(3.0), jnp.zeros((2, 5))
    values = network_values(body, params, x)
    plain = loss(body, params, x, visits, means, 0.0)
    assert np.isclose(plain, (visits * values**2).sum() / visits.sum(), rtol=1e-12)
    body_squares = sum((leaf**2).sum() for leaf in jax.tree.leaves(params["body"]))
    decayed = loss(body, params, x, visits, means, 0.2)
    assert np.isclose(decayed - plain, 0.1 * (body_squares + (params["heads"] ** 2).sum() / 2), rtol=1e-10)


def test_bodies_per_task_have_their_own_parameters(first):
    config = Config(rank=2, hidden=4, refit_every=4, steps=5, teams=2)
    own, state = play(config, 6)
    assert state.nets.params["heads"].shape == (2, 2, 2, 1, 2)  # seed, stage, team, its task, k
    assert first[1].nets.params["heads"].shape == (2, 2, 1, 2, 2)
    assert not np.allclose(own.optimism, first[0].optimism)
    assert np.all(own.regret >= -1e-12)


def test_bad_choices():
    params = WORLD(jax.random.key(0), jnp.asarray(0.1))
    with pytest.raises(BadInput, match="last_layer, gradient, optimistic_net"):
        init(jax.random.key(0), params, Config(bonus="nope"))
    with pytest.raises(BadInput, match="does not divide 2 tasks"):
        init(jax.random.key(0), params, Config(teams=3))
