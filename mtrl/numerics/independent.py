"""Independent learning: any multitask algorithm run on every task by itself, with M = 1.

The baseline which shares nothing: M representations, M budgets, M keys. "Shared against independent" compares one file with itself.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import PRNGKey


def task_axes(tree: Any) -> Any:
    """Where the task axis of every part is, as `in_axes` of `jax.vmap`: first, unless its NamedTuple says otherwise.

    A NamedTuple whose fields have their task axis elsewhere, or none (None), names them in a class attribute `TASK_AXES`.
    """
    if not hasattr(tree, "_fields"):
        return 0
    special = getattr(type(tree), "TASK_AXES", {})
    return type(tree)(*(special[name] if name in special else task_axes(getattr(tree, name)) for name in tree._fields))


def _alone(tree: Any, axes: Any) -> Any:
    """One task's part with its task axis, of length one, put back."""

    def restore(axis, part):
        return part if axis is None else jax.tree.map(lambda x: jnp.expand_dims(x, axis), part)

    return jax.tree.map(restore, axes, tree, is_leaf=lambda axis: axis is None)


def _each_task(fn: Callable[..., Any], key: PRNGKey, state: Any, *trees: Any) -> Any:
    axes = tuple(map(task_axes, trees))
    keys = jax.random.split(key, jax.tree.leaves(state)[0].shape[0])
    return jax.vmap(lambda k, s, *own: fn(k, s, *map(_alone, own, axes)), in_axes=(0, 0, *axes))(keys, state, *trees)


def _first(tree: Any) -> Any:
    return jax.tree.map(lambda x: x[:, 0], tree)


def _built(factory: Callable[..., Algorithm], **hyper: Any) -> Algorithm:
    return independent(factory(**hyper))


def independent(algorithm: Algorithm | Callable[..., Algorithm]) -> Any:
    """`algorithm` with M = 1 on every task; its state gets a leading task axis.

    Args:
      algorithm: an algorithm, or a factory: then a factory with the same arguments is returned. `init` must be given a view with a field
        `tasks`, or arrays with a task axis; actions, answers and infos have the task axis first; other parts of views and truths as
        `task_axes` says.

    Raises:
      BadInput: the algorithm has no update.
    """
    if not isinstance(algorithm, Algorithm):
        return functools.partial(_built, algorithm)
    if (learn := algorithm.update) is None:
        raise BadInput("the algorithm has no update, so that it is not played round by round; give one that learns")

    def init(key, view):
        if not hasattr(view, "tasks"):
            axes = task_axes(view)
            tasks = next(part.shape[axis] for part, axis in zip(view, axes, strict=True) if axis is not None)
            return jax.vmap(lambda k, own: algorithm.init(k, _alone(own, axes)), in_axes=(0, axes))(
                jax.random.split(key, tasks), view
            )
        return jax.vmap(lambda k: algorithm.init(k, view._replace(tasks=1)))(jax.random.split(key, view.tasks))

    def select(key, state, view):
        return _first(_each_task(algorithm.select, key, state, view))

    def update(key, state, view, action, feedback):
        state, info = _each_task(learn, key, state, view, action, feedback)
        return state, _first(info)

    return Algorithm(init, select, update, algorithm.oracle)
