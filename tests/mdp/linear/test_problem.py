import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.mdp.linear.episodes import draw, follow
from mtrl.mdp.linear.problem import (
    backup_residual,
    from_features,
    from_tables,
    policy_value,
)
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close, assert_mean, compiled, host
from tests.mdp.linear.worlds import small

VALUE, RESIDUAL = compiled(policy_value), compiled(backup_residual)


@pytest.fixture(scope="module")
def world():
    return host(small(3))


def test_optimum_is_the_best_of_all_policies():
    params = host(small(1, stages=2, states=2, tasks=1))
    policies = np.array(list(itertools.product(range(2), repeat=4)), np.int32).reshape(-1, 1, 2, 2)
    values = compiled(jax.vmap(policy_value, (None, None, 0)))(params.transitions, params.rewards, policies)
    assert_close("optimum by enumeration", params.optimum[0, 0], values[:, 0, 0].max(0), 1e-12)


def test_policy_value_is_the_mean_return(world):
    policy = np.zeros((3, 3, 4), np.int32)
    policy[:, 1] = 1

    def one(key, world, policy):
        now = draw(key, world, 0)
        now = now._replace(view=now.view._replace(start=jnp.array([0, 1, 2], jnp.int32)))
        return jnp.sum(follow(now, policy).rewards, axis=1)

    keys = jax.random.split(jax.random.key(5), 4000)
    returns = compiled(jax.vmap(one, (0, None, None)))(keys, world, policy)
    value = VALUE(world.transitions, world.rewards, policy)[np.arange(3), 0, np.arange(3)]
    assert_mean("return of a fixed policy", returns, value)


def test_backups_are_linear_in_the_true_representation_only(world):
    value = np.random.default_rng(2).uniform(size=4) * 3
    model = (world.transitions[1, 0], world.rewards[1, 0])
    truth = int(world.truth[0])
    residuals = [float(RESIDUAL(phi, *model, value)) for phi in world.candidates]
    assert residuals[truth] < 1e-14
    assert min(r for i, r in enumerate(residuals) if i != truth) > 1e-2
    print("residual of the backup: true phi", residuals[truth], "others", residuals)


def test_residual_is_a_root_mean_square():
    """Against the constant feature the residual of a backup is its standard deviation, in the unit of returns."""
    rewards = np.array([[0.0, 1.0], [2.0, 5.0]])
    residual = RESIDUAL(np.ones((2, 2, 1)), np.zeros((2, 2, 2)), rewards, np.ones(2))
    assert_close("standard deviation", residual, np.std(rewards), 1e-12)


TRANSITIONS = [[[[0.5, 0.5], [1, 0]], [[0, 1], [0.2, 0.8]]]]  # one task, two states, two actions
REWARDS = [[[0, 1], [0.5, 0]]]


def test_tables_of_ones_own_are_a_problem():
    """Lists serve; the same tables at every stage; V* by hand; the one-hot code makes any MDP linear."""
    made = from_tables(TRANSITIONS, REWARDS, stages=2, noise=0.1)
    params = host(made)
    assert params.transitions.shape == (1, 2, 2, 2, 2) and params.inputs.shape == (2, 2, 4)
    last = np.array([1.0, 0.5])
    first = np.max(np.array(REWARDS[0]) + np.array(TRANSITIONS[0]) @ last, axis=1)
    assert_close("V*", params.optimum[0], [first, last], 1e-12)
    assert RESIDUAL(made.features[0], params.transitions[0, 0], params.rewards[0, 0], np.array([3.0, 1.0])) < 1e-14
    again = from_tables(params.transitions, params.rewards)
    assert np.array_equal(again.optimum, params.optimum)


def test_features_mu_and_nu_are_a_problem(world):
    phi, mu, nu = np.array([[[[1.0, 0.0], [0.3, 0.7]]]]), np.ones((1, 1, 2, 1)), np.array([[[0.2, 0.6]]])
    params = compiled(from_features)(phi, np.zeros(1, np.int32), mu, nu)
    assert_close("rewards", params.rewards[0, 0, 0], [0.2, 0.3 * 0.2 + 0.7 * 0.6], 1e-12)
    assert_close("features", small(3).features, world.candidates[world.truth], 1e-15)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(transitions=[[[[0.5, 0.4], [1, 0]], [[0, 1], [0.2, 0.8]]]]), r"transitions has a row that sums to 0\.9"),
        (dict(transitions=[[[[1.5, -0.5], [1, 0]], [[0, 1], [0.2, 0.8]]]]), r"transitions has the entry -0\.5"),
        (dict(transitions=[[[[np.nan, 1], [1, 0]], [[0, 1], [0.2, 0.8]]]]), "finite"),
        (dict(transitions=[[0.5, 0.5]]), "need \\(task, stage, state, action, next\\)"),
        (dict(rewards=[[[np.nan, 1], [0.5, 0]]]), r"must lie in \[0, 1\]"),
        (dict(rewards=[[[0, 3], [0.5, 0]]]), r"rewards span 0 to 3, but mean rewards must lie in \[0, 1\]"),
        (dict(rewards=[[0, 1]]), "rewards has shape"),
        (dict(noise=-1.0), "noise got -1"),
        (dict(stages=0), "stages got 0"),
        (dict(truth=1), "truth got 1"),
        (dict(candidates=np.full((1, 2, 2, 2), 0.4)), r"candidates has a row that sums to 0\.8"),
        (dict(inputs=np.full((2, 2, 3), np.inf)), "inputs holds inf"),
    ],
)
def test_refuses_tables_that_are_no_mdp(change, message):
    with pytest.raises(BadInput, match=message):
        from_tables(**{**dict(transitions=TRANSITIONS, rewards=REWARDS, stages=2), **change})
