import cvxpy
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.mdp.linear.bellman_error import chebyshev_residual, inherent_bellman_error, value_vertices
from mtrl.mdp.linear.problem import backup
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close
from tests.mdp.linear.worlds import small


@pytest.fixture(scope="module")
def world():
    params = small(0)
    return params, params.transitions[0, 0], params.rewards[0, 0]


def test_true_representation_has_none_and_others_have(world):
    params, transitions, rewards = world
    errors = [inherent_bellman_error(phi, transitions, rewards, 2.0) for phi in params.candidates]
    truth = int(params.truth[0])
    assert errors[truth] < 1e-9
    assert min(e for i, e in enumerate(errors) if i != truth) > 1e-2


def test_chebyshev_residual_against_cvxpy():
    rng = np.random.default_rng(0)
    features, targets = rng.normal(size=(8, 2)), rng.normal(size=(3, 8))
    for target, ours in zip(targets, chebyshev_residual(features, targets), strict=True):
        theta = cvxpy.Variable(2)
        reference = cvxpy.Problem(cvxpy.Minimize(cvxpy.norm_inf(features @ theta - target))).solve()
        assert_close("sup-norm distance", ours, reference, 1e-6)


def test_vertices_bound_every_value_function(world):
    params, transitions, rewards = world
    phi = params.candidates[(int(params.truth[0]) + 1) % 4]
    worst = inherent_bellman_error(phi, transitions, rewards, 2.0)
    values = 2.0 * np.random.default_rng(1).uniform(size=(40, 4))
    targets = np.array([backup(transitions, rewards, jnp.asarray(v)).ravel() for v in values])
    assert chebyshev_residual(np.asarray(phi).reshape(8, 2), targets).max() <= worst + 1e-9


def test_refuses_large_state_spaces():
    assert value_vertices(3, 2.0).shape == (8, 3)
    with pytest.raises(BadInput, match="states got 13"):
        value_vertices(13, 1.0)
