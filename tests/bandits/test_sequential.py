"""Sequential tasks: an episode in closed form against pulling every arm, and the adversary's timetable."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.bandits import pege
from mtrl.bandits.problem import LinearParams
from mtrl.bandits.sequential import TaskTruth, draw_task, episode, on_timetable, plan, sample_sequential
from mtrl.numerics.algorithm import Round
from tests.bandits.worlds import BALL, rollout
from tests.helpers import assert_mean


def test_episode_equals_pulls(key):
    """Mean regret of the closed form, 4000 draws, against 4000 tasks that pull arm by arm (PEGE), one parameter."""
    theta = jnp.array([0.6, -0.3, 0.5])
    noises = jax.random.normal(key, (4000, 3))
    eye = jnp.eye(3)

    def regret(noise):
        return episode(Round((), TaskTruth(theta, eye, noise, jnp.asarray(50.0))), plan(eye, 30.0))[1].regret

    closed = jax.jit(jax.vmap(regret))(noises)
    params = LinearParams(eye, jnp.asarray(np.broadcast_to(theta, (4000, 3))), jnp.asarray(1.0))
    _, played = rollout(pege(explore=30), key, params, BALL, 50)
    pulled = np.asarray(played.regret.sum(0))
    error = pulled.std() / np.sqrt(pulled.size)
    assert_mean("episode regret", closed, pulled.mean(), bias=5 * error)


def test_columns_out_of_use_do_not_matter():
    """A plan inside a subspace estimates nothing outside of it, and pays the noise of its own columns only."""
    theta, noise = np.array([0.6, -0.3, 0.5]), np.array([0.1, 0.2, 0.3])
    run = jax.jit(lambda truth, columns: episode(Round((), truth), plan(columns, 8.0))[0])
    estimate = run(TaskTruth(theta, np.eye(3), noise, np.asarray(50.0)), np.eye(3, 2))
    np.testing.assert_allclose(estimate, [0.6 + 0.05, -0.3 + 0.1, 0.0], atol=1e-12)


def test_columns_appear_and_the_adversary_hides_them(key):
    @jax.jit
    def make(adversary):
        return sample_sequential(key, 1.0, jnp.array([0.0, 5.0]), adversary, 50.0, dim=4)

    draw = jax.jit(draw_task)

    def coordinates(params, t):
        return np.asarray(params.basis).T @ np.asarray(draw(jax.random.key(t), params, np.asarray(t)).truth.parameter)

    open_world, hidden = make(0.0), make(1.0)
    assert abs(coordinates(open_world, 4)[1]) < 1e-12 and abs(coordinates(open_world, 6)[1]) > 1e-6
    assert abs(coordinates(hidden, 9)[1]) < 1e-12, "9 is on SeqRepL's timetable"
    assert abs(coordinates(hidden, 10)[0]) < 1e-12, "10 is not"
    assert 0.8 <= np.linalg.norm(coordinates(open_world, 6)) <= 1.0
    assert np.flatnonzero(jax.jit(jax.vmap(on_timetable))(np.arange(30))).tolist() == [0, 1, 4, 9, 16, 25]
