"""Linear worlds: sizes, norms, noise, and what a round answers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.bandits import pege, problem
from mtrl.bandits.problem import ArmTruth, ArmView, BallTruth, act, first_best, pull, take_arm
from mtrl.numerics.algorithm import Round
from mtrl.numerics.errors import BadInput
from tests.bandits.worlds import ARMS, FIXED, linear, rollout
from tests.helpers import assert_close, assert_mean, host


def test_parameters_share_a_subspace_with_unit_norm(key):
    params = linear(key)
    assert_close("norms", np.linalg.norm(params.parameters, axis=1), np.ones(3), rtol=1e-12)
    assert np.linalg.matrix_rank(np.asarray(params.parameters)) == 2
    assert params.sizes[:3] == (3, 4, 2)


def test_rounds_are_consistent(key):
    params = linear(key, noise=0.4)
    view, truth = host(jax.jit(jax.vmap(lambda t: ARMS.draw(jax.random.fold_in(key, t), params, t)))(np.arange(500)))
    means = np.einsum("tmad,md->tma", view.contexts, params.parameters)
    assert_close("means", truth.means, means, rtol=1e-10)
    assert_close("arms on the sphere", np.linalg.norm(view.contexts, axis=-1), np.ones((500, 3, 4)), rtol=1e-12)
    assert_mean("noise variance", ((truth.rewards - truth.means) ** 2).ravel(), 0.16)


def test_unit_of_zero_is_zero():
    assert np.array_equal(problem.unit(jnp.zeros((2, 3))), np.zeros((2, 3)))


def test_fixed_arms_stay_and_noise_does_not(key):
    params = jax.jit(FIXED.sample)(key, 0.5)
    draw = jax.jit(FIXED.draw)
    first, second = (host(draw(jax.random.fold_in(key, t), params, t)) for t in (0, 1))
    assert np.array_equal(first.view.contexts, second.view.contexts)
    assert not np.array_equal(first.truth.rewards, second.truth.rewards)
    means = np.einsum("mad,md->ma", params.contexts, params.linear.parameters)
    assert_close("means of fixed arms", first.truth.means, means, rtol=1e-12)
    assert FIXED.view(params)[:3] == (2, 3, 1)


def test_ellipsoid_is_a_ball_in_other_coordinates(key):
    """max over {L u} of <theta, a> is ||L^T theta||, and the parameters still share k dimensions."""
    factor = np.diag([1.0, 2.0, 0.5, 3.0]) + np.triu(np.full((4, 4), 0.3), 1)
    world = problem.linear_ellipsoid(tasks=3, rank=2)
    params = jax.jit(world.sample)(key, 0.0, factor)
    truth = host(jax.jit(world.draw)(key, params, 0).truth)
    u = np.asarray(jax.random.normal(key, (1000, 4)))
    own = np.asarray(params.linear.heads) @ np.asarray(params.linear.basis).T
    best = np.max((u / np.linalg.norm(u, axis=1, keepdims=True)) @ factor.T @ own.T, axis=0)
    top = np.linalg.norm(truth.parameters, axis=1)
    assert np.all(best <= top + 1e-12) and np.all(best >= 0.9 * top)
    assert np.allclose(truth.parameters @ truth.basis @ truth.basis.T, truth.parameters, atol=1e-12)
    _, played = rollout(pege(explore=2, known_subspace=True), key, params, world, 4)
    assert np.allclose(played.regret[2:], 0.0, atol=1e-12), "without noise the commitment is exact"


def test_pull_answers_the_chosen_arm_only():
    means = jnp.array([[0.1, 0.9], [0.5, 0.2]])
    rewards = means + jnp.array([[1.0, 3.0], [1.0, 2.0]])
    now = Round(ArmView(jnp.arange(12.0).reshape(2, 2, 3)), ArmTruth(jnp.zeros((2, 2, 1)), rewards, means))
    paid, outcome = pull(now, jnp.array([0, 0]))
    assert np.allclose(paid, [1.1, 1.5]) and np.allclose(outcome.regret, [0.8, 0.0])
    assert np.allclose(take_arm(means, jnp.array([1, 0])), [0.9, 0.5])


def test_act_on_the_ball():
    now = Round((), BallTruth(jnp.array([[3.0, 4.0]]), jnp.array([0.5]), jnp.eye(2)))
    paid, outcome = act(now, jnp.array([[1.0, 0.0]]))
    assert np.allclose(paid, 3.5) and np.allclose(outcome.regret, 2.0)


def test_ties_go_to_the_first():
    best = first_best(jnp.array([[1.0, 1.0, 0.0], [1.0, 1.0 + 1e-15, 0.0], [1.0, 1.0 + 1e-12, 0.0]]))
    assert best.tolist() == [0, 0, 1] and best.dtype == jnp.int32
    assert int(first_best(jnp.array([-jnp.inf, 0.0, 1.0]))) == 2
    assert int(first_best(jnp.array([1e-9, 1.1e-9]), 1e9)) == 0


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (dict(tasks=0, dim=3, rank=1), "tasks got 0"),
        (dict(tasks=1, dim=3, rank=0), "rank got 0"),
        (dict(tasks=1, dim=3, rank=4), "between 1 and the dimension, 3"),
    ],
)
def test_sizes_that_do_not_fit(key, sizes, message):
    with pytest.raises(BadInput, match=message):
        problem.sample_linear(key, 0.1, **sizes)
    with pytest.raises(BadInput, match="arms got 1"):
        problem.linear_arms(tasks=1, dim=3, rank=1, arms=1)
