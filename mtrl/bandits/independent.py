"""Independent learning: any multitask algorithm run on every task by itself, with M = 1.

The baseline which shares nothing: M representations, M budgets. `independent(algorithm)` maps the single-task
algorithm over the tasks, so that "shared against independent" compares one file with itself.
"""

import functools
from typing import Any

import jax

from mtrl.bandits.problem import World
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey


def _task_axes(data: Any) -> Any:
    """Where the task axis of every field is: second for candidate features, first for the rest."""
    return type(data)(**{name: (1 if name == "candidates" else 0) for name in data._fields})


def _init(key: PRNGKey, problem: World, config: Any = None, *, algorithm: Algorithm) -> Any:
    keys = jax.random.split(key, problem.tasks)
    return jax.vmap(lambda k: algorithm.init(k, problem.sizes._replace(tasks=1), config), out_axes=0)(keys)


def _step(key: PRNGKey, state: Any, data: Any, *, algorithm: Algorithm, **hyper: Any) -> tuple[Any, Any]:
    tasks = data.means.shape[0]
    axes = _task_axes(data)

    def one(key, state, data):
        data = jax.tree.map(lambda x, axis: jax.numpy.expand_dims(x, axis), data, axes)
        state, info = algorithm.step(key, state, data, **hyper)
        return state, jax.tree.map(lambda x: x[0], info)

    return jax.vmap(one, in_axes=(0, 0, axes))(jax.random.split(key, tasks), state, data)


def independent(algorithm: Algorithm) -> Algorithm:
    """`algorithm` with M = 1 on every task; its state gets a leading task axis."""
    return Algorithm(functools.partial(_init, algorithm=algorithm), functools.partial(_step, algorithm=algorithm))
