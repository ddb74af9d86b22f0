"""How many seeds run at once on a device: as many as keep what they hold within a fixed reference cache.

Seeds at once share the fixed costs of an operation, which small ones gain from; once their arrays leave the cache, each seed pays for
memory instead. The width decides the last bits of a result, so it follows from the program and never from the machine: bytes are
counted in the traced program, and the cache is a constant. On accelerators all seeds run at once.
"""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

CACHE = 1024**2  # bytes: the second-level cache of a core of today

_asked = 0  # --lanes, for programs that leave the number open


def _bytes(variables: Any) -> int:
    """Of the arrays of a traced program."""
    avals = [v.aval for v in variables]
    return sum(math.prod(a.shape) * getattr(a.dtype, "itemsize", 8) for a in avals if hasattr(a, "shape"))


def held(jaxpr: Any) -> int:
    """Most bytes of arrays alive at once in a traced program, those of loops and calls inside included.

    What the compiler fuses away is counted too, so this is an upper bound; it depends on the program alone.
    """
    import jax
    from jax.extend import core

    last = {}
    for place, equation in enumerate(jaxpr.eqns):
        last |= {v: place for v in equation.invars if isinstance(v, core.Var)}
    kept = {v for v in jaxpr.outvars if isinstance(v, core.Var)}
    alive = {*jaxpr.invars, *jaxpr.constvars}
    most = _bytes(alive)
    for place, equation in enumerate(jaxpr.eqns):
        inner = 0
        for part in jax.tree.leaves(list(equation.params.values()), is_leaf=lambda x: hasattr(x, "eqns")):
            body = getattr(part, "jaxpr", part)  # a closed one holds the open one
            if hasattr(body, "eqns"):
                inner = max(inner, held(body) - _bytes(body.invars))
        alive |= set(equation.outvars)
        most = max(most, _bytes(alive) + max(inner, 0))
        alive = {v for v in alive if v in kept or last.get(v, -1) > place}
    return most


def fitting(one: Any, arguments: tuple) -> int:
    """How many lanes of `one(*arguments)`, a function of the arrays of one seed, fit into the cache; at least 1."""
    import jax

    return max(1, CACHE // max(1, held(jax.make_jaxpr(one)(*arguments).jaxpr)))


def width(lanes: int, seeds: int) -> int:
    """Lanes for so many seeds: the largest divisor that is not below half of what was asked for, so that all blocks are equal."""
    equal = max(count for count in range(1, min(lanes, seeds) + 1) if seeds % count == 0)
    return equal if 2 * equal >= min(lanes, seeds) else lanes


@contextlib.contextmanager
def asked(lanes: int) -> Iterator[None]:
    """Within, programs whose number of lanes is open run so many; 0 leaves it to them."""
    global _asked
    before, _asked = _asked, lanes
    try:
        yield
    finally:
        _asked = before


def asked_for() -> int:
    """The number of `asked`."""
    return _asked
