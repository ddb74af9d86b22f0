"""Greedy: the ridge estimate's best arm, without exploration (LinUCB with alpha = 0)."""

from mtrl.bandits import linucb
from mtrl.bandits.linear_stats import RidgeState
from mtrl.bandits.rounds import ArmData, Info
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey


def step(key: PRNGKey, state: RidgeState, data: ArmData) -> tuple[RidgeState, Info]:
    """Play the arm with the largest estimated mean in every task."""
    return linucb.step(key, state, data, alpha=0.0)


GREEDY = Algorithm(linucb.init, step)
