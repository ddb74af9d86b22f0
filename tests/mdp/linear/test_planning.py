import jax
import jax.numpy as jnp
import numpy as np

from mtrl.mdp.linear.episodes import draw, follow
from mtrl.mdp.linear.planning import add, backward_induction, no_counts
from mtrl.mdp.linear.problem import view
from tests.helpers import assert_close, compiled, host
from tests.mdp.linear.worlds import RETURNS, explored, small


def test_counts_are_what_was_seen():
    params = small(0)
    counts, table, rewards = no_counts(view(params)), np.zeros((3, 3, 4, 2, 4)), np.zeros((3, 3, 4, 2))

    @compiled
    def one(key, counts, t):
        seen = follow(draw(key, params, t), jax.random.randint(key, (3, 3, 4), 0, 2, jnp.int32))
        return add(counts, seen), seen

    for t in range(5):
        counts, seen = one(jax.random.key(t), counts, t)
        for i in range(3):
            for h in range(3):
                s, a = int(seen.states[i, h]), int(seen.actions[i, h])
                table[i, h, s, a, int(seen.arrivals[i, h])] += 1
                rewards[i, h, s, a] += seen.rewards[i, h]
    assert np.array_equal(counts.transitions, table) and np.allclose(counts.rewards, rewards, rtol=1e-14)
    assert counts.transitions.sum() == 3 * 3 * 5


def test_clipped_to_the_return_that_is_left():
    nothing = no_counts(view(small(0)))
    planned = backward_induction(nothing, RETURNS, lambda _, n, y: (100.0 + n, None, None))
    assert np.array_equal(planned.q[0, :, 0, 0], [3.0, 2.0, 1.0])
    low = backward_induction(nothing, RETURNS, lambda _, n, y: (n - 100.0, None, None))
    assert np.all(np.asarray(low.q) == 0) and np.all(np.asarray(low.policy) == 0)


def test_targets_are_rewards_plus_the_next_value():
    counts = host(explored())
    mean = compiled(
        lambda counts: backward_induction(counts, RETURNS, lambda _, n, y: (y / jnp.maximum(n, 1), None, y))
    )
    planned = mean(counts)
    value = np.zeros((3, 4))
    for h in (2, 1, 0):
        totals = counts.rewards[:, h] + np.einsum("msan,mn->msa", counts.transitions[:, h], value)
        assert_close("summed targets", planned.memory[h].reshape(3, 4, 2), totals, 1e-12)
        n = np.asarray(counts.transitions[:, h].sum(-1))
        q = np.clip(totals / np.maximum(n, 1), 0, 3 - h)
        assert_close("q", planned.q[:, h], q, 1e-12)
        value = q.max(-1)
