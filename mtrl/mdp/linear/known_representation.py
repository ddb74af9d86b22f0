"""The oracle: LSVI-UCB with the true feature map, the floor which shared learning approaches as M grows."""

from mtrl.mdp.linear.episodes import Info
from mtrl.mdp.linear.lsvi_ucb import plan_with_features
from mtrl.mdp.linear.planning import Counts, add, no_counts, promise
from mtrl.numerics.algorithm import Algorithm, Round
from mtrl.numerics.checks import check_nonnegative, check_positive
from mtrl.numerics.types import Scalar


def known_representation(*, beta: Scalar = 0.1, ridge: Scalar = 1.0) -> Algorithm:
    """LSVI-UCB on phi, which it reads in the truth of every round; arguments as in `lsvi_ucb`."""
    check_nonnegative(beta=beta, hint="0 acts greedily")
    check_positive(ridge=ridge)

    def init(key, view):
        return no_counts(view)

    def plan(counts: Counts, now: Round):
        return plan_with_features(counts, now.view.returns, now.truth.params.features, beta=beta, ridge=ridge)

    def select(key, counts, now):
        return plan(counts, now).policy

    def update(key, counts, now, action, feedback):
        planned = plan(counts, now)
        return add(counts, feedback), Info(promise(planned.q, now.view.start), planned.survivors.T)

    return Algorithm(init, select, update, oracle=True)
