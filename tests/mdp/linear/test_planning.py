import jax.numpy as jnp
import numpy as np

from mtrl.mdp.counts import Counts, no_counts
from mtrl.mdp.planning import backward_induction
from tests.helpers import assert_close
from tests.mdp.worlds import explored, small


def test_clipped_to_the_return_that_is_left():
    sizes = small(0).sizes
    planned = backward_induction(no_counts(sizes), lambda _, n, y: (100.0 + n, None))
    assert np.array_equal(planned.q[0, :, 0, 0], [3.0, 2.0, 1.0])
    low = backward_induction(no_counts(sizes), lambda _, n, y: (n - 100.0, None))
    assert np.all(np.asarray(low.q) == 0) and np.all(np.asarray(low.policy) == 0)


def test_targets_are_rewards_plus_the_next_value():
    counts = explored()
    planned = backward_induction(counts, lambda _, n, y: (y / jnp.maximum(n, 1), y))
    value = np.zeros((3, 4))
    for h in (2, 1, 0):
        totals = counts.rewards[:, h] + np.einsum("msan,mn->msa", counts.transitions[:, h], value)
        assert_close("summed targets", planned.extra[h].reshape(3, 4, 2), totals, 1e-12)
        n = np.asarray(counts.transitions[:, h].sum(-1))
        q = np.clip(totals / np.maximum(n, 1), 0, 3 - h)
        assert_close("q", planned.q[:, h], q, 1e-12)
        value = q.max(-1)
    assert isinstance(counts, Counts)
