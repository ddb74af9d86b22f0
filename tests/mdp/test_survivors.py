import jax.numpy as jnp
import numpy as np

from mtrl.mdp.survivors import survivors, team_matrix

MISFIT = jnp.asarray([[0.0, 1.0, 5.0], [0.3, 0.2, 5.0], [4.0, 4.0, 4.0]])  # (candidate, task)
SHARED, OWN = jnp.zeros(3, jnp.int32), jnp.arange(3)


def test_one_team_pays_for_the_class_once():
    budget = 0.1 * (3 * 2 + np.log(3))  # pooled misfits 6, 5.5, 12: the first two are within .71
    kept = survivors(MISFIT, SHARED, conf=0.1, rank=2)
    assert budget > 0.5
    assert np.array_equal(kept, [[True] * 3, [True] * 3, [False] * 3])


def test_teams_of_one_decide_alone():
    kept = survivors(MISFIT, OWN, conf=0.1, rank=2)  # budget .31
    assert np.array_equal(kept, [[True, False, False], [True, True, False], [False, False, True]])


def test_never_empty_and_single_keeps_the_first_minimum():
    tied = jnp.zeros((4, 2))
    assert np.array_equal(survivors(tied, jnp.zeros(2, jnp.int32), conf=0.0, rank=2), np.ones((4, 2), bool))
    single = survivors(tied, jnp.zeros(2, jnp.int32), conf=0.0, rank=2, single=True)
    assert np.array_equal(single.sum(0), [1, 1]) and bool(single[0].all())


def test_team_matrix():
    assert np.array_equal(team_matrix(jnp.array([0, 1, 0]), jnp.dtype(float)), [[1, 0, 1], [0, 1, 0], [1, 0, 1]])
