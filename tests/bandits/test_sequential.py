"""Sequential tasks: an episode in closed form against pulling every arm, and the adversary's timetable."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.bandits import pege, problem, sequential
from tests.bandits.worlds import rollout
from tests.helpers import assert_mean


def test_episode_equals_pulls(key):
    """Mean regret of the closed form, 4000 draws, against 4000 tasks that pull arm by arm (PEGE), one parameter."""
    theta = jnp.array([0.6, -0.3, 0.5])
    noises = jax.random.normal(key, (4000, 3))
    eye = jnp.eye(3)

    def regret(noise):
        return sequential.episode(sequential.TaskRound(theta, eye, noise, jnp.asarray(0)), eye, 30.0, 50.0).regret

    closed = jax.vmap(regret)(noises)
    params = problem.LinearParams(eye, jnp.broadcast_to(theta, (4000, 3)), jnp.asarray(1.0))
    _, infos = rollout(pege.PEGE, key, params, problem.ball_round, 50, explore=30)
    pulled = np.asarray(infos.regret.sum(0))
    error = pulled.std() / np.sqrt(pulled.size)
    assert_mean("episode regret", closed, pulled.mean(), bias=5 * error)


def test_columns_appear_and_the_adversary_hides_them(key):
    def make(adversary):
        return sequential.sequential_params(key, jnp.asarray(1.0), jnp.array([0.0, 5.0]), jnp.asarray(adversary), dim=4)

    def coordinates(params, t):
        data = sequential.task_round(jax.random.key(t), params, jnp.asarray(t))
        return np.asarray(params.basis.T @ data.parameter)

    open_world, hidden = make(0.0), make(1.0)
    assert abs(coordinates(open_world, 4)[1]) < 1e-12 and abs(coordinates(open_world, 6)[1]) > 1e-6
    assert abs(coordinates(hidden, 9)[1]) < 1e-12, "9 is on SeqRepL's timetable"
    assert abs(coordinates(hidden, 10)[0]) < 1e-12, "10 is not"
    assert 0.8 <= np.linalg.norm(coordinates(open_world, 6)) <= 1.0
    assert [t for t in range(30) if bool(sequential.on_timetable(jnp.asarray(t)))] == [0, 1, 4, 9, 16, 25]


def test_seqrepl_explores_on_its_timetable(key):
    params = sequential.sequential_params(key, jnp.asarray(0.01), jnp.zeros(2), jnp.asarray(0.0), dim=4)
    state, infos = rollout(
        sequential.SEQREPL, key, params, sequential.task_round, 26, explore=20.0, identify=10.0, length=50.0
    )
    assert np.flatnonzero(infos.explored).tolist() == [0, 1, 4, 9, 16, 25]
    _, vectors = np.linalg.eigh(np.asarray(state.second))
    assert np.linalg.norm(vectors[:, 2:].T @ np.asarray(params.basis)) ** 2 > 1.99
    late = np.flatnonzero(np.asarray(infos.explored) == 0)[5:]
    assert float(infos.regret[late].max()) <= 2.0 * 10.0, (
        "ten rounds to look around in the subspace found, then the best action"
    )
