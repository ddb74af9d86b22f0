"""SeqRepL: its timetable, and the subspace it finds."""

import jax
import numpy as np

from mtrl.bandits import seqrepl, sequential_tasks
from tests.bandits.worlds import rollout


def keep_columns(step):
    return step.action.columns


def test_explores_on_its_timetable_and_trusts_what_it_found(key):
    world = sequential_tasks(dim=4)
    params = jax.jit(world.sample)(key, 0.01, np.zeros(2), 0.0, 50.0)
    state, played = rollout(seqrepl(explore=20.0, identify=10.0, rank=2), key, params, world, 26, keep=keep_columns)
    explored = np.asarray(played.kept) == 4
    assert np.flatnonzero(explored).tolist() == [0, 1, 4, 9, 16, 25]
    _, vectors = np.linalg.eigh(np.asarray(state.second))
    assert np.linalg.norm(vectors[:, 2:].T @ np.asarray(params.basis)) ** 2 > 1.99
    late = np.flatnonzero(~explored)[5:]
    assert float(played.regret[late].max()) <= 2.0 * 10.0, (
        "ten rounds to look around in the subspace found, then the best action"
    )
