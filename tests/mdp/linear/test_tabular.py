import numpy as np

from mtrl.mdp.linear.tabular import tabular
from tests.helpers import assert_close
from tests.mdp.linear.worlds import small, steps


def test_bonus_is_beta_over_the_root_of_lam_plus_n():
    (*_, last), _ = steps(tabular(beta=0.4, ridge=0.7), small(0), 4)
    counts, plan, _ = last
    for i in range(3):
        value = np.zeros(4)
        for h in (2, 1, 0):
            q = np.zeros((4, 2))
            for s, a in np.ndindex(4, 2):
                n = counts.transitions[i, h, s, a]
                total = counts.rewards[i, h, s, a] + n @ value
                q[s, a] = np.clip(total / (0.7 + n.sum()) + 0.4 / np.sqrt(0.7 + n.sum()), 0, 3 - h)
            assert_close("optimistic value iteration", plan.q[i, h], q, 1e-12)
            value = q.max(-1)
