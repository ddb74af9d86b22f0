"""Operations and bytes of a program by XLA's own cost analysis, loops counted as often as they run.

The analysis looks at the body of a loop once, however often that runs, so a program is cut at its loops, every part analysed alone and
multiplied by how often it is run: a scan's length, or for a `while_loop` and a `cond` the count of a run of its own. An elementwise
operation counts one, an exponential too; what no result needs is not counted.

Two things are not seen by XLA and added by name: factorisations, which are calls of LAPACK, by their textbook leading terms (`LAPACK`), and
four of the five passes of the random generator's own loop (`THREEFRY`).
"""

import functools
import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from mtrl.numerics.errors import BadInput

# Golub and Van Loan, Matrix Computations, 4th ed.: operations of an m x n matrix, m >= n. Where a method is free to deflate, what none is
# spared: the reduction to a tridiagonal, bidiagonal or Hessenberg form, and the way back for the vectors.
LAPACK: dict[str, Callable[[dict, int, int], float]] = {
    "cholesky": lambda how, m, n: n**3 / 3,
    "lu": lambda how, m, n: m * n**2 - n**3 / 3,
    "qr": lambda how, m, n: 4 * m * n**2 - 4 * n**3 / 3,
    "geqrf": lambda how, m, n: 2 * m * n**2 - 2 * n**3 / 3,
    "householder_product": lambda how, m, n: 2 * m * n**2 - 2 * n**3 / 3,
    "eigh": lambda how, m, n: (4 / 3 + 2) * n**3,
    "svd": lambda how, m, n: (
        min(4 * m * n**2 - 4 * n**3 / 3, 2 * m * n**2 + 2 * n**3) + how["compute_uv"] * 2 * (m * n**2 + n**3)
    ),
    "eig": lambda how, m, n: 10 * n**3 / 3,
    "schur": lambda how, m, n: 10 * n**3 / 3,
}
# Operations a block: four passes of four rounds (add, rotate by two shifts and an or, xor) and three additions.
THREEFRY = 4 * 23
# A part is compiled to be analysed, not to be run fast: what XLA makes of it is the same, and the machine code four times cheaper.
_PLAIN: dict[str, str | bool] = {"xla_backend_optimization_level": "0"}
_BLOCKS = ("random_bits", "random_fold_in", "random_split")
_LOOPS = {"scan": ("jaxpr",), "while": ("cond_jaxpr", "body_jaxpr"), "cond": ("branches",)}
_INLINED = ("jit", "pjit", "closed_call", "core_call", "remat", "remat2", "checkpoint", "custom_jvp_call", "custom_vjp_call",
            "custom_vjp_call_jaxpr")  # fmt: skip


class Part(NamedTuple):
    """A part of a program without loops: operations and bytes of one run, whether its products are of 32-bit floats, how often it is run.

    Bytes are the smaller of what XLA counts and of the part's arguments and results: what passes between its operations need not leave
    the core's registers, and of an array from which a row is taken only the row is read.
    """

    operations: float
    bytes: float
    single: bool
    runs: float


def counted(fn: Callable, *arguments: Any) -> list[Part]:
    """The parts of a program; it is compiled part by part, and run once only if it has loops whose length is in its data.

    Args:
      fn: a function of arrays, jitted or not.
      *arguments: pytrees of arrays, or of their shapes where all loops have a fixed length.

    Raises:
      BadInput: a loop's own condition has a loop of unknown length.
    """
    import jax
    from jax.interpreters.partial_eval import dce_jaxpr

    closed = jax.make_jaxpr(fn)(*arguments)
    whole = _Cut(closed.replace(jaxpr=dce_jaxpr(closed.jaxpr, [True] * len(closed.jaxpr.outvars), instantiate=True)[0]))
    runs = whole.runs
    if runs is None:
        runs = np.asarray(jax.jit(lambda *leaves: whole.run(leaves)[1])(*jax.tree.leaves(arguments)))
    return [part.cost()._replace(runs=float(count)) for part, count in zip(whole.all(), runs, strict=True) if count]


def operations(parts: list[Part]) -> float:
    """Of all runs of all parts."""
    return sum(part.runs * part.operations for part in parts)


class _Cut:
    """A jaxpr without its loops, and below it the parts of these."""

    def __init__(self, closed: Any):
        self.closed, self.equations = closed, list(_flat(closed.jaxpr))
        self.loops = [x for x in self.equations if x.primitive.name in _LOOPS]
        self.inside = [[_Cut(body) for body in _bodies(x)] for x in self.loops]

    def all(self) -> Iterator["_Cut"]:
        """Itself, then all parts below, loop by loop."""
        yield self
        for bodies in self.inside:
            for body in bodies:
                yield from body.all()

    @functools.cached_property
    def runs(self) -> np.ndarray | None:
        """How often each of `all()` runs when this one does once; None if data decide."""
        found = [np.ones(1)]
        for loop, (body, *_) in zip(self.loops, self.inside, strict=True):
            if loop.primitive.name != "scan" or body.runs is None:
                return None
            found.append(loop.params["length"] * body.runs)
        return np.concatenate(found)

    def cost(self) -> Part:
        """Of one run, by XLA's analysis of this part compiled alone; in place where a result may be."""
        import jax

        first, loops = self.closed.jaxpr.invars, [x.outvars for x in self.loops]
        free = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in (*first, *(v for x in loops for v in x))]

        def alone(*arguments):
            more, taken = iter(arguments[len(first) :]), []

            def stand_in(equation, values):
                taken.append(values)
                return [next(more) for _ in equation.outvars]

            return _evaluate(self.closed.jaxpr, self.closed.consts, arguments[: len(first)], stand_in), taken

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Some donated buffers were not usable")
            plan = jax.jit(alone, donate_argnums=range(len(free)), keep_unused=True).lower(*free)
        analysis: Any = plan.compile(compiler_options=_PLAIN).cost_analysis() or {}
        analysis = analysis[0] if isinstance(analysis, list) else analysis
        operations = sum(max(analysis.get(name, 0.0), 0.0) for name in ("flops", "transcendentals"))
        ends = sum(_bytes(v.aval) for v in (*first, *self.closed.jaxpr.outvars))
        moved = min(max(analysis.get("bytes accessed", 0.0), 0.0), ends)
        return Part(operations + sum(map(_unseen, self.equations)), moved, self.single(), 1.0)

    def single(self) -> bool:
        """Whether its products, or without any all its floats, have 32 bits."""
        types = [[v.aval.dtype for v in x.outvars] for x in self.equations if x.primitive.name == "dot_general"]
        types = types or [[v.aval.dtype for v in x.outvars if hasattr(v.aval, "dtype")] for x in self.equations]
        floats = {np.dtype(t).itemsize for row in types for t in row if t in (np.float32, np.float64)}
        return floats == {4}

    def run(self, arguments: Any) -> tuple[Any, Any]:
        """Its results, and how often each of `all()` was run; traced."""
        import jax.numpy as jnp

        inside, counts = iter(self.inside), [jnp.ones(1, int)]

        def loop(equation, values):
            results, count = _RUN[equation.primitive.name](equation, next(inside), values)
            counts.append(count)
            return results

        return _evaluate(self.closed.jaxpr, self.closed.consts, arguments, loop), jnp.concatenate(counts)


def _none(bodies: list[_Cut]) -> Any:
    import jax.numpy as jnp

    return jnp.zeros(sum(1 for body in bodies for _ in body.all()), int)


def _run_scan(equation: Any, bodies: list[_Cut], values: list) -> tuple[list, Any]:
    import jax

    how = equation.params
    consts, kept = values[: how["num_consts"]], how["num_carry"]
    start, rows = values[len(consts) : len(consts) + kept], values[len(consts) + kept :]

    def step(carry, row):
        state, count = carry
        results, more = bodies[0].run([*consts, *state, *row])
        return (results[:kept], count + more), results[kept:]

    begin = (start, _none(bodies))
    (state, count), out = jax.lax.scan(step, begin, rows, length=how["length"], reverse=how["reverse"])
    return [*state, *out], count


def _run_while(equation: Any, bodies: list[_Cut], values: list) -> tuple[list, Any]:
    import jax
    import jax.numpy as jnp

    test, body = bodies
    if test.runs is None:
        raise BadInput(
            "the condition of a loop has a loop of unknown length, which is not counted; compute it in the body"
        )
    one, two = equation.params["cond_nconsts"], equation.params["body_nconsts"]
    asks, consts, start = values[:one], values[one : one + two], values[one + two :]

    def going(state):
        return test.run([*asks, *state])[0][0]

    def step(carry):
        state, count, rounds = carry
        results, more = body.run([*consts, *state])
        lanes = going(state)
        if lanes.ndim:  # those that are done keep what they have and wait
            keep = lambda new, old: jnp.where(lanes.reshape(*lanes.shape, *[1] * (new.ndim - lanes.ndim)), new, old)  # noqa: E731
            results = list(map(keep, results, state))
        return results, count + more, rounds + 1

    begin = (start, _none([body]), jnp.zeros((), int))
    state, count, rounds = jax.lax.while_loop(lambda carry: going(carry[0]).any(), step, begin)
    return state, jnp.concatenate([(rounds + 1) * test.runs.astype(int), count])


def _run_cond(equation: Any, bodies: list[_Cut], values: list) -> tuple[list, Any]:
    import jax
    import jax.numpy as jnp

    def branch(place):
        def taken(*operands):
            results, count = bodies[place].run(operands)
            return results, jnp.concatenate([_none(bodies[:place]), count, _none(bodies[place + 1 :])])

        return taken

    which = jnp.asarray(values[0], jnp.int32)
    return jax.lax.switch(which, [branch(i) for i in range(len(bodies))], *values[1:])


_RUN = {"scan": _run_scan, "while": _run_while, "cond": _run_cond}


def _bodies(equation: Any) -> list[Any]:
    """The jaxprs of a loop."""
    found = [equation.params[name] for name in _LOOPS[equation.primitive.name]]
    return list(found[0]) if isinstance(found[0], (tuple, list)) else found


def _inlined(equation: Any) -> tuple[Any, Any, int] | None:
    """(jaxpr, its constants, operands before its arguments) of a call, None if the equation is none."""
    how, name = equation.params, equation.primitive.name
    if name == "custom_linear_solve":
        lengths, inner = how["const_lengths"], how["jaxprs"].solve
        return inner.jaxpr, inner.consts, lengths.matvec + lengths.vecmat
    if name not in _INLINED:
        return None
    inner = next(how[key] for key in ("jaxpr", "call_jaxpr", "fun_jaxpr") if key in how)
    return getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), 0


def _operands(equation: Any, values: list, skipped: int) -> list:
    """Of a call's jaxpr; a linear solve hands its own constants and the right side."""
    if equation.primitive.name != "custom_linear_solve":
        return values[skipped:]
    lengths = equation.params["const_lengths"]
    return [*values[skipped : skipped + lengths.solve], *values[sum(lengths) :]]


def _flat(jaxpr: Any) -> Iterator[Any]:
    """The equations in the order of `_evaluate`, calls opened."""
    for equation in jaxpr.eqns:
        call = _inlined(equation)
        if call is None:
            yield equation
        else:
            yield from _flat(call[0])


def _evaluate(jaxpr: Any, consts: Any, arguments: Any, loop: Callable[[Any, list], Any]) -> list:
    """A jaxpr's results, traced, with calls opened and loops by `loop(equation, operands)`."""
    from jax.extend.core import Literal

    known = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*consts, *arguments), strict=True))

    def read(v):
        return v.val if isinstance(v, Literal) else known[v]

    for equation in jaxpr.eqns:
        values, call = [read(v) for v in equation.invars], _inlined(equation)
        if call is not None:
            out = _evaluate(*call[:2], _operands(equation, values, call[2]), loop)
        elif equation.primitive.name in _LOOPS:
            out = loop(equation, values)
        else:
            out = equation.primitive.bind(*values, **equation.params)
            out = out if equation.primitive.multiple_results else [out]
        known.update(zip(equation.outvars, out, strict=True))
    return [read(v) for v in jaxpr.outvars]


def _bytes(aval: Any) -> int:
    return math.prod(aval.shape) * aval.dtype.itemsize


def _unseen(equation: Any) -> float:
    """Operations that XLA's analysis does not see in an equation."""
    name = equation.primitive.name
    if name in _BLOCKS:
        return float(THREEFRY * math.prod(equation.outvars[0].aval.shape))
    if name == "triangular_solve":
        (*_, n, _), out = equation.invars[0].aval.shape, equation.outvars[0].aval.shape
        return float(n * math.prod(out))
    if name not in LAPACK:
        return 0.0
    *batch, rows, columns = equation.invars[0].aval.shape
    return math.prod(batch) * LAPACK[name](equation.params, max(rows, columns), min(rows, columns))
