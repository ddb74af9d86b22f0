import jax
import numpy as np

from mtrl.mdp.independent import INDEPENDENT_LSVI
from tests.mdp.worlds import ROUNDS, SMALL, run, small


def test_state_has_a_leading_task_axis_of_single_task_states():
    state = INDEPENDENT_LSVI.init(jax.random.key(0), small(0))
    assert state.counts.transitions.shape == (3, 1, 3, 4, 2, 4)


def test_every_task_plays_every_episode():
    info, state = run(INDEPENDENT_LSVI, beta=0.1, conf=0.1, ridge=0.1)
    assert info.regret.shape == (2, ROUNDS, SMALL["tasks"])
    assert np.all(state.counts.transitions.sum((2, 3, 4, 5, 6)) == 3 * ROUNDS)
