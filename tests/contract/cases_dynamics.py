"""Deep linear pathways and completion: a few steps of every descent on tiny arrays."""

import functools

import jax
import jax.numpy as jnp

from mtrl import dynamics
from mtrl.dynamics.problem import Task
from tests.contract.table import Case

MODES, N = 2, 3


def follow(key, *arrays, factory, data, **hyper):
    """The state after five steps."""
    algorithm, seen = factory(**hyper), data(*arrays)
    return dynamics.trajectory(algorithm, algorithm.init(key, seen), seen, jnp.array([5]))


def task_example(key, dtype):
    """X, Y, U, s, V of distinct modes."""
    keys = jax.random.split(key, 2)
    u, v = jax.random.orthogonal(keys[0], 3, dtype=dtype)[:, :MODES], jax.random.orthogonal(keys[1], MODES, dtype=dtype)
    s = jnp.array([2.0, 1.0], dtype)
    return jnp.eye(MODES, dtype=dtype), v @ (u * s).T, u, s, v


def scalar_example(key, dtype):
    return (1 + jax.random.uniform(key, (MODES,), dtype),)


def entries_example(key, dtype):
    keys = jax.random.split(key, 2)
    mask = dynamics.observed_entries(keys[1], n=N, count=6, dtype=dtype)
    return dynamics.low_rank_matrix(keys[0], n=N, rank=2, dtype=dtype), mask


def case(name, factory, example, data, *, scale, changed, inert=None, why="", **more):
    return Case(
        f"dynamics/{name}", functools.partial(follow, factory=factory, data=data), example, scale=scale, factory=factory,
        changed=changed, inert=inert or {}, key_dependent=True, compare=lambda output: output[0], why=why, **more,
    )  # fmt: skip


BOUNDED = dict(
    scales=(1e-10, 1e1), why="gradient descent of degree 2 D - 1 diverges on large targets at a fixed step, as it must"
)
ROOM = dict(gate_a=(1, 3), gate_b=(0, 2), lesion=0, scale=0.3, spread=0.5, lr=0.1)

CASES = [
    case(
        "two_pathways", dynamics.two_pathways, task_example, Task, static=dict(depth=3, width=4),
        hyper=dict(lr=0.05, scale=0.2, spread=0.1), changed=dict(depth=2, width=5, activation="tanh", **ROOM),
        scale=lambda arrays, s: (arrays[0], s * arrays[1], arrays[2], s * arrays[3], arrays[4]),
        **BOUNDED,
    ),
    case(
        "scalar_pathways", dynamics.scalar_pathways, scalar_example, lambda s: s, static=dict(),
        hyper=dict(depth=3.0, lr=0.05, scale=0.2, spread=0.1), changed=dict(depth=2.0, start="large", **ROOM),
        scale=lambda arrays, s: (s * arrays[0],), **BOUNDED,
    ),
    case(
        "completion", dynamics.completion, entries_example, dynamics.Entries, static=dict(depth=2),
        hyper=dict(lr=0.1, scale=0.1), changed=dict(depth=3, lr=0.2, scale=0.2, start="orthogonal"),
        inert=dict(noise="of the identity start alone: tests/dynamics/test_flow.py"),
        scale=lambda arrays, s: (s * arrays[0], arrays[1]), **BOUNDED,
    ),
    case(
        "svd_flow", dynamics.svd_flow, entries_example, dynamics.Entries, static=dict(depth=2),
        hyper=dict(lr=0.01, scale=0.1, noise=0.02), changed=dict(depth=3, lr=0.2, scale=0.2, noise=0.01),
        scale=lambda arrays, s: (s * arrays[0], arrays[1]), **BOUNDED,
    ),
]  # fmt: skip
