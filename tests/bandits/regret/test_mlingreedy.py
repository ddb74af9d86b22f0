"""MLinGreedy: doubling epochs that forget, and the subspace found."""

import numpy as np

from mtrl.bandits import mlingreedy
from tests.bandits.worlds import ARMS, linear, rollout


def test_epochs_double_and_forget(key):
    params = linear(key, tasks=8, noise=0.05)
    at_end, infos = rollout(mlingreedy(rank=2), key, params, ARMS, 64)
    assert np.allclose(at_end.data.gram, 0.0), "round 64 closed an epoch and dropped its data"
    later, _ = rollout(mlingreedy(rank=2), key, params, ARMS, 70)
    assert np.allclose(np.trace(np.asarray(later.data.gram), axis1=1, axis2=2), 6.0), "six unit inputs since"
    assert np.allclose(later.basis, at_end.basis), "the estimate stays through the epoch"
    assert np.sum((np.asarray(params.basis).T @ np.asarray(at_end.basis)) ** 2) > 1.9
    assert float(infos.regret[40:].mean()) < 0.2 * float(infos.regret[:2].mean())
