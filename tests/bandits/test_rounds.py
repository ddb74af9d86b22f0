"""What a round answers."""

import jax.numpy as jnp
import numpy as np

from mtrl.bandits.rounds import ArmRound, BallRound, act, first_best, pull, take_arm


def test_pull_answers_the_chosen_arm_only():
    means = jnp.array([[0.1, 0.9], [0.5, 0.2]])
    data = ArmRound(
        jnp.arange(12.0).reshape(2, 2, 3), jnp.zeros((2, 2, 1)), means + jnp.array([[1.0, 3.0], [1.0, 2.0]]), means
    )
    feedback, info = pull(data, jnp.array([0, 0]))
    assert np.allclose(feedback.inputs, data.contexts[:, 0]) and np.allclose(feedback.rewards, [1.1, 1.5])
    assert np.allclose(info.regret, [0.8, 0.0])
    assert np.allclose(take_arm(means, jnp.array([1, 0])), [0.9, 0.5])


def test_act_on_the_ball():
    data = BallRound(jnp.array([[3.0, 4.0]]), jnp.array([0.5]), jnp.eye(2))
    feedback, info = act(data, jnp.array([[1.0, 0.0]]))
    assert np.allclose(feedback.rewards, 3.5) and np.allclose(info.regret, 2.0)


def test_ties_go_to_the_first():
    best = first_best(jnp.array([[1.0, 1.0, 0.0]]))
    assert int(best[0]) == 0 and best.dtype == jnp.int32
