"""How many seeds run at once on a device: as many as make a seed cheapest in a model of what its program touches.

Seeds at once share the fixed cost of every operation, which small ones gain from. But once the bytes of one operation leave the cache,
memory is paid for instead: not where they stream through (additions, random numbers), somewhat in products, and dearly in gathers, which
jump. The width decides the last bits of a result, so it follows from the program and never from the machine: operations and bytes are
counted in the traced program, and what they cost is a constant. The constants were chosen on programs of a dozen studies and held against
others (`python -m tests.lanes`). Loops that end when their data say so are not seen: lanes wait there for the slowest, so run those seeds
in turn. On accelerators all seeds run at once.
"""

import collections
import contextlib
import math
from collections.abc import Iterator
from typing import Any

CACHE = 2**20  # bytes: the second-level cache of a core of today
MEMORY = 2**25  # bytes that the lanes may hold together: a share of the last-level cache
FIXED = 2**15  # bytes that could have been touched in the time in which an operation begins
DEARER = {
    "dot_general": 1,
    "gather": 10,
}  # by how many times a byte costs more, where the operation's bytes leave the cache
JUMPS = ("gather", "scatter", "scatter-add", "dynamic_slice", "dynamic_update_slice")  # all of the gathers' kind
TURNS = 10  # of a loop whose end depends on its data
LITTLE = 1.02  # a wider block is taken where it costs no more than this times the best

_asked = 0  # --lanes, for programs that leave the number open


def _bytes(variables: Any) -> int:
    """Of the arrays of a traced program."""
    avals = [v.aval for v in variables]
    return sum(math.prod(a.shape) * getattr(a.dtype, "itemsize", 8) for a in avals if hasattr(a, "shape"))


def _parts(equation: Any) -> Iterator[Any]:
    """The programs inside an operation: bodies of loops, branches, calls."""
    import jax

    for part in jax.tree.leaves(list(equation.params.values()), is_leaf=lambda x: hasattr(x, "eqns")):
        body = getattr(part, "jaxpr", part)  # a closed one holds the open one
        if hasattr(body, "eqns"):
            yield body


def held(jaxpr: Any) -> int:
    """Most bytes of arrays alive at once in a traced program, those of loops and calls inside included.

    What the compiler fuses away is counted too, so this is an upper bound; it depends on the program alone.
    """
    from jax.extend import core

    last = {}
    for place, equation in enumerate(jaxpr.eqns):
        last |= {v: place for v in equation.invars if isinstance(v, core.Var)}
    kept = {v for v in jaxpr.outvars if isinstance(v, core.Var)}
    alive = {*jaxpr.invars, *jaxpr.constvars}
    most = _bytes(alive)
    for place, equation in enumerate(jaxpr.eqns):
        inner = max((held(body) - _bytes(body.invars) for body in _parts(equation)), default=0)
        alive |= set(equation.outvars)
        most = max(most, _bytes(alive) + max(inner, 0))
        alive = {v for v in alive if v in kept or last.get(v, -1) > place}
    return most


def touched(jaxpr: Any) -> collections.Counter[tuple[str, int]]:
    """How often a traced program runs operations of so many bytes, arguments and results together, by kind and bytes; those of loops and
    calls inside are counted as often as they run, and kinds are `DEARER`'s, or "" for what streams."""
    counts: collections.Counter[tuple[str, int]] = collections.Counter()
    for equation in jaxpr.eqns:
        name = equation.primitive.name
        parts = list(_parts(equation))
        if not parts:
            kind = "gather" if name in JUMPS else name if name in DEARER else ""
            counts[kind, _bytes(equation.invars) + _bytes(equation.outvars)] += 1
        runs = equation.params["length"] if name == "scan" else TURNS if name == "while" else 1
        for body in parts:
            for what, count in touched(body).items():
                counts[what] += runs * count
    return counts


def cost(work: collections.Counter[tuple[str, int]], lanes: int) -> float:
    """Of one seed among so many at once, in bytes that stream."""
    return sum(
        count * (FIXED / lanes + size * (1 + (DEARER.get(kind, 0) if lanes * size > CACHE else 0)))
        for (kind, size), count in work.items()
    )


def fitting(one: Any, arguments: tuple, seeds: int) -> int:
    """How many of so many seeds `one(*arguments)`, a function of the arrays of one, is cheapest with; at least 1."""
    import jax

    jaxpr = jax.make_jaxpr(one)(*arguments).jaxpr
    work, most = touched(jaxpr), MEMORY // max(1, held(jaxpr))
    counts = [2**power for power in range(seeds.bit_length()) if 2**power < seeds]
    costs = {count: cost(work, count) for count in [*counts, seeds] if count <= max(1, most)}
    return max(count for count, of in costs.items() if of <= LITTLE * min(costs.values()))


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
