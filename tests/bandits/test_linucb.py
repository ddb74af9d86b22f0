"""LinUCB against a literal NumPy loop."""

import jax
import numpy as np

from mtrl.bandits import linucb
from tests.bandits.worlds import linear, linear_data, rollout
from tests.helpers import assert_close


def test_equals_literal_loop(key):
    params = linear(key)
    state, infos = rollout(linucb.LINUCB, key, params, linear_data, 30, config=linucb.Config(0.5), alpha=0.7)
    gram, moment = np.stack([0.5 * np.eye(4)] * 3), np.zeros((3, 4))
    regrets = np.zeros((30, 3))
    draw = jax.jit(linear_data)
    for t in range(30):
        data = jax.tree.map(np.asarray, draw(jax.random.fold_in(key, t), params, t))
        for i in range(3):
            inverse = np.linalg.inv(gram[i])
            index = [x @ inverse @ moment[i] + 0.7 * np.sqrt(x @ inverse @ x) for x in data.contexts[i]]
            arm = int(np.argmax(index))
            x = data.contexts[i, arm]
            gram[i] += np.outer(x, x)
            moment[i] += data.rewards[i, arm] * x
            regrets[t, i] = data.means[i].max() - data.means[i, arm]
    assert_close("LinUCB regret, literal loop", infos.regret, regrets, rtol=1e-10, atol=1e-12)
    assert_close("LinUCB inverse, literal loop", state.inverse, np.linalg.inv(gram), rtol=1e-10)
