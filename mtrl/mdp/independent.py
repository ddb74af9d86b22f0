"""Independent learning, the labelled baseline: any multitask algorithm run on every task by itself, with M = 1.

M representations and M budgets instead of one. For multitask LSVI the same is reached without another program by `teams=arange(M)`.
"""

import functools
from typing import Any

import jax

from mtrl.mdp.episodes import Episode, Info
from mtrl.mdp.multitask_lsvi import MULTITASK_LSVI
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey

_AXES = Episode(start=0, arrivals=0, rewards=0, known=None, world=0)


def _init(key: PRNGKey, problem: Any, config: Any = None, *, algorithm: Algorithm) -> Any:
    sizes = problem.sizes
    keys = jax.random.split(key, sizes.tasks)
    return jax.vmap(lambda k: algorithm.init(k, sizes._replace(tasks=1), config))(keys)


def _step(key: PRNGKey, state: Any, data: Episode, *, algorithm: Algorithm, **hyper: Any) -> tuple[Any, Info]:
    def one(key, state, data):
        data = data._replace(
            **jax.tree.map(
                lambda x: x[None], {name: getattr(data, name) for name in ("start", "arrivals", "rewards", "world")}
            )
        )
        state, info = algorithm.step(key, state, data, **hyper)
        return state, jax.tree.map(lambda x: x[0], info)

    return jax.vmap(one, in_axes=(0, 0, _AXES))(jax.random.split(key, data.start.shape[0]), state, data)


def independent(algorithm: Algorithm) -> Algorithm:
    """`algorithm` with M = 1 on every task; its state gets a leading task axis."""
    return Algorithm(functools.partial(_init, algorithm=algorithm), functools.partial(_step, algorithm=algorithm))


INDEPENDENT_LSVI = independent(MULTITASK_LSVI)
