import jax
import jax.numpy as jnp
import numpy as np

from mtrl.mdp.counts import add, no_counts
from mtrl.mdp.episodes import draw_episode, play
from tests.mdp.worlds import small


def test_counts_are_what_was_seen():
    params = small(0)
    counts, table, rewards = no_counts(params.sizes), np.zeros((3, 3, 4, 2, 4)), np.zeros((3, 3, 4, 2))
    for t in range(5):
        key = jax.random.key(t)
        seen = play(draw_episode(key, params, t), jax.random.randint(key, (3, 3, 4), 0, 2, jnp.int32))
        counts = add(counts, seen)
        for i in range(3):
            for h in range(3):
                s, a = int(seen.states[i, h]), int(seen.actions[i, h])
                table[i, h, s, a, int(seen.arrivals[i, h])] += 1
                rewards[i, h, s, a] += seen.rewards[i, h]
    assert np.array_equal(counts.transitions, table) and np.allclose(counts.rewards, rewards, rtol=1e-14)
    assert counts.transitions.sum() == 3 * 3 * 5
