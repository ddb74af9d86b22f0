import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.mdp.episodes import draw_episode, play
from mtrl.mdp.problem import backup_residual, policy_value, sample_linear, sample_neural
from tests.helpers import assert_close, assert_mean
from tests.mdp.worlds import small


@pytest.fixture(scope="module")
def world():
    return small(3)


def test_rows_are_probabilities_and_rewards_in_the_unit_interval(world):
    assert_close("transitions sum to one", world.world.transitions.sum(-1), np.ones((3, 3, 4, 2)), 1e-12)
    assert world.world.transitions.min() >= 0
    assert 0 <= world.world.rewards.min() and world.world.rewards.max() <= 1


def test_optimum_is_the_best_of_all_policies():
    params = small(1, stages=2, states=2, tasks=1)
    policies = np.array(list(itertools.product(range(2), repeat=4)), np.int32).reshape(-1, 1, 2, 2)
    values = jax.vmap(lambda policy: policy_value(params.world, policy))(jnp.asarray(policies))
    assert_close("optimum by enumeration", params.world.optimum[0, 0], values[:, 0, 0].max(0), 1e-12)


def test_policy_value_is_the_mean_return(world):
    policy = jnp.zeros((3, 3, 4), jnp.int32).at[:, 1].set(1)

    def one(key):
        data = draw_episode(key, world, 0)._replace(start=jnp.array([0, 1, 2], jnp.int32))
        return jnp.sum(play(data, policy).rewards, axis=1)

    returns = jax.jit(jax.vmap(one))(jax.random.split(jax.random.key(5), 4000))
    value = policy_value(world.world, policy)[jnp.arange(3), 0, jnp.array([0, 1, 2])]
    assert_mean("return of a fixed policy", returns, value)


def test_backups_are_linear_in_the_true_representation_only(world):
    value = jax.random.uniform(jax.random.key(2), (4,)) * 3
    model = (world.world.transitions[1, 0], world.world.rewards[1, 0])
    truth = int(world.truth[0])
    residuals = [float(backup_residual(phi, *model, value)) for phi in world.known.candidates]
    assert residuals[truth] < 1e-14
    assert min(r for i, r in enumerate(residuals) if i != truth) > 1e-2
    print("residual of the backup: true phi", residuals[truth], "others", residuals)


def test_linear_representation_is_linear_in_the_inputs_too():
    params = sample_linear(jax.random.key(0), jnp.asarray(0.0), tasks=2, stages=2, states=4, actions=2, rank=2, dim=3)
    value = jnp.arange(4.0)
    for features in (params.known.inputs, params.known.features[0]):
        assert backup_residual(features, params.world.transitions[0, 0], params.world.rewards[0, 0], value) < 1e-14


def test_neural_representation_rows_are_probabilities():
    params = sample_neural(jax.random.key(0), jnp.asarray(0.0), tasks=2, stages=2, states=4, actions=2, rank=2, dim=3)
    assert_close("softmax rows", params.known.features.sum(-1), np.ones((2, 4, 2)), 1e-12)
    assert params.known.inputs.shape == (4, 2, 3)


def test_sizes_and_dtype():
    params = small(0, noise=np.float32(0.1))
    assert params.sizes[:7] == (3, 3, 4, 2, 2, 8, 4) and params.sizes.sizes == params.sizes
    assert {x.dtype for x in jax.tree.leaves(params) if jnp.issubdtype(x.dtype, jnp.floating)} == {jnp.dtype("float32")}


def test_residual_is_a_root_mean_square():
    """Against the constant feature the residual of a backup is its standard deviation, in the unit of returns."""
    rewards = jnp.asarray([[0.0, 1.0], [2.0, 5.0]])
    residual = backup_residual(jnp.ones((2, 2, 1)), jnp.zeros((2, 2, 2)), rewards, jnp.ones(2))
    assert_close("standard deviation", residual, np.std(rewards), 1e-12)
