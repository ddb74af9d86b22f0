"""The oracle that knows phi: OFUL per task on the true k-dimensional features. The lower envelope of the figures."""

from mtrl.bandits import oful
from mtrl.bandits.linear_stats import RidgeState, ridge_init
from mtrl.bandits.linucb import Config
from mtrl.bandits.problem import World
from mtrl.bandits.rounds import ArmData, Info
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey, Scalar


def init(key: PRNGKey, problem: World, config: Config | None = None) -> RidgeState:
    """Start without data, in k dimensions."""
    del key
    return ridge_init(problem.tasks, problem.rank, (config or Config()).ridge, problem.dtype)


def step(key: PRNGKey, state: RidgeState, data: ArmData, **hyper: Scalar) -> tuple[RidgeState, Info]:
    """OFUL's step on `data.features`; the keyword arguments are OFUL's."""
    return oful.step(key, state, data._replace(contexts=data.features), **hyper)


KNOWN_REPRESENTATION = Algorithm(init, step)
