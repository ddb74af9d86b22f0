"""MLinGreedy: doubling epochs that forget, and the subspace found."""

import jax.numpy as jnp
import numpy as np

from mtrl.bandits import mlingreedy
from tests.bandits.worlds import linear, linear_data, rollout


def test_epochs_double_and_forget(key):
    params = linear(key, tasks=8, noise=0.05)
    config = mlingreedy.Config(rank=2)
    at_end, infos = rollout(mlingreedy.MLINGREEDY, key, params, linear_data, 64, config=config)
    assert np.allclose(at_end.gram, 0.0), "round 64 closed an epoch and dropped its data"
    later, _ = rollout(mlingreedy.MLINGREEDY, key, params, linear_data, 70, config=config)
    assert np.allclose(np.trace(later.gram, axis1=1, axis2=2), 6.0), "six unit inputs since"
    assert np.allclose(later.basis, at_end.basis), "the estimate stays through the epoch"
    assert float(jnp.sum((params.basis.T @ at_end.basis) ** 2)) > 1.9
    assert float(infos.regret[40:].mean()) < 0.2 * float(infos.regret[:2].mean())
