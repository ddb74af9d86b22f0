"""LinUCB against a literal NumPy loop; greedy is LinUCB without width."""

import jax
import numpy as np

from mtrl.bandits import greedy, linucb
from tests.bandits.worlds import ARMS, linear, rollout
from tests.helpers import assert_close


def test_equals_literal_loop(key):
    params = linear(key)
    state, played = rollout(linucb(ridge=0.5, alpha=0.7), key, params, ARMS, 30)
    gram, cross = np.stack([0.5 * np.eye(4)] * 3), np.zeros((3, 4))
    regrets = np.zeros((30, 3))
    draw = jax.jit(ARMS.draw)
    for t in range(30):
        view, truth = jax.tree.map(np.asarray, draw(jax.random.fold_in(key, t), params, t))
        for i in range(3):
            inverse = np.linalg.inv(gram[i])
            index = [x @ inverse @ cross[i] + 0.7 * np.sqrt(x @ inverse @ x) for x in view.contexts[i]]
            arm = int(np.argmax(np.array(index) >= max(index) - 1e-13))  # without data all arms on the sphere tie
            x = view.contexts[i, arm]
            gram[i] += np.outer(x, x)
            cross[i] += truth.rewards[i, arm] * x
            regrets[t, i] = truth.means[i].max() - truth.means[i, arm]
    assert_close("LinUCB regret, literal loop", played.regret, regrets, rtol=1e-10, atol=1e-12)
    assert_close("LinUCB inverse, literal loop", state.inverse, np.linalg.inv(gram), rtol=1e-10)


def test_greedy_has_no_width(key):
    params = linear(key)
    _, plain = rollout(greedy(), key, params, ARMS, 20)
    _, zero = rollout(linucb(alpha=0.0), key, params, ARMS, 20)
    _, wide = rollout(linucb(alpha=2.0), key, params, ARMS, 20)
    assert np.array_equal(plain.actions, zero.actions) and not np.array_equal(plain.actions, wide.actions)
