"""Our sides, as one compiled program each: completion with a first task that branches share, both recursions, the saddle curve."""

from typing import Any

import numpy as np

from mtrl import continual, dynamics
from mtrl.harness import evaluate, jax, jnp


def problem(key: Any, *, n: int, count: int) -> Any:
    """Factors, both matrices and the mask of a completion."""
    keys, ranks = jax.random.split(key, 4), (min(6, n), min(2, n))
    first, final = (dynamics.low_rank_matrix(k, n=n, rank=r) for k, r in zip(keys[:2], ranks, strict=True))
    mask = dynamics.observed_entries(keys[2], n=n, count=count)
    return dynamics.starting_factors(keys[3], final, depth=3, scale=0.1), first, final, mask


def branches(factors: Any, first: Any, final: Any, mask: Any, lr: Any, switches: Any, at: Any) -> Any:
    """Final errors (run, switch), the first task followed once."""
    rule = dynamics.completion(depth=3, lr=lr)

    def one(w, first, final, mask):
        tasks = dynamics.entries(first, mask), dynamics.entries(final, mask)
        seen = lambda w: dynamics.reconstruction_error(w, final)  # noqa: E731
        return dynamics.switched(rule, w, *tasks, switches=switches, at=at, record=seen)[1][:, -1]

    return jax.vmap(one)(factors, first, final, mask)


def one_by_one(
    factors: Any, first: Any, final: Any, mask: Any, lr: Any, switches: np.ndarray, at: np.ndarray
) -> np.ndarray:
    """The same as `branches` with a call per T_c, each from the start."""
    lanes = (switches[i : i + 1] for i in range(len(switches)))
    return np.concatenate([evaluate(branches, factors, first, final, mask, lr, one, at) for one in lanes], 1)


def shared(factors: Any, first: Any, final: Any, mask: Any, lr: Any, switches: Any, at: Any) -> Any:
    """The same as `branches` with the final tasks one after the other: what sharing alone gives."""
    rule = dynamics.completion(depth=3, lr=lr)

    def one(w, first, final, mask):
        _, starts = dynamics.trajectory(rule, w, dynamics.entries(first, mask), switches)

        def branch(start):
            end, _ = dynamics.trajectory(rule, start, dynamics.entries(final, mask), at)
            return dynamics.reconstruction_error(end, final)

        return jax.lax.map(branch, starts)

    return jax.vmap(one)(factors, first, final, mask)


def recursion(p: Any, s: Any, gates: Any, lr: Any, steps: Any, *, depth: int) -> Any:
    """Final K_b, (run, gate, mode)."""

    def one(p, gate):
        rule = dynamics.scalar_pathways(depth=depth, lr=lr, gate_b=(gate[0], gate[1]))
        begin = dynamics.ScalarPathways(p, p, jnp.zeros((), jnp.int32))
        return dynamics.strength(dynamics.trajectory(rule, begin, s, steps)[0].p_b, depth)

    return jax.vmap(lambda p: jax.vmap(lambda gate: one(p, gate))(gates))(p)


def portraits(p: Any, s: Any, gates: Any, lr: Any, steps: Any, *, depths: tuple[int, ...]) -> Any:
    """Final (K_a, K_b), (run, gate, depth, 2); whole-number depths are compiled as such."""

    def one(p, gate, depth):
        rule = dynamics.scalar_pathways(depth=depth, lr=lr, gate_b=(gate[0], gate[1]), start="large")
        begin = dynamics.ScalarPathways(p[:1], p[1:], jnp.zeros((), jnp.int32))
        end, _ = dynamics.trajectory(rule, begin, s, steps)
        return jnp.concatenate([dynamics.strength(x, depth, "large") for x in end[:2]])

    return jax.vmap(lambda p: jax.vmap(lambda gate: jnp.stack([one(p, gate, depth) for depth in depths]))(gates))(p)


def saddle_curve(loads: Any, start: Any, beta: Any, damping: Any, tolerance: Any, *, newton: bool, nodes: int) -> Any:
    """The whole curve in one program: on the reference's grid, or on the library's own nodes when `nodes` is 0."""
    grid: dict[str, Any] = dict(nodes=nodes, sites=nodes - 1, literal=True) if nodes else {}
    how = dict(start=start, beta=beta, damping=damping, tolerance=tolerance, iterations=2000)
    return continual.follow(loads, newton=newton, **how, **grid)
