"""The machine's limit: the least time in which it could make the operations and move the bytes of a compiled program."""

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from mtrl.harness.judge import timing
from mtrl.harness.judge.counting import Part, counted
from mtrl.numerics.errors import BadInput

BOUNDS = ("arithmetic", "memory")


class Machine(NamedTuple):
    """What this process reaches: operations / s of a large matrix product in 64 and 32 bits, bytes / s by footprint (bytes)."""

    double: float
    single: float
    rates: tuple[tuple[int, float], ...]

    def rate(self, footprint: float) -> float:
        """Bytes / s at the largest measured footprint that is no larger: an upper bound, as rates fall with the footprint."""
        return next((rate for size, rate in reversed(self.rates) if size <= footprint), self.rates[0][1])

    def least(self, parts: list[Part]) -> np.ndarray:
        """Seconds that arithmetic and memory need at least, (2,)."""
        arithmetic = sum(part.runs * part.operations / (self.single if part.single else self.double) for part in parts)
        return np.array([arithmetic, sum(part.runs * part.bytes / self.rate(part.bytes) for part in parts)])


class Least(NamedTuple):
    """Least seconds by name of a call, (2,) in the order of `BOUNDS`, NaN where nothing was counted; and in words by which rates."""

    seconds: Mapping[Any, np.ndarray]
    words: str

    def __getitem__(self, name: Any) -> np.ndarray:
        return self.seconds.get(name, np.full(2, np.nan))


@functools.cache
def machine(repeats: int = 3) -> Machine:
    """The rates of this process, the best of so many repetitions, measured once in it."""
    import jax
    import jax.numpy as jnp

    size, passes = 1024, {2**16: 4096, 2**20: 256, 2**24: 16, 2**28: 1}
    product = jax.jit(lambda x: x @ x)
    again = jax.jit(lambda x, count: jax.lax.fori_loop(0, count, lambda _, x: x + 1, x))
    calls: dict[str, Callable[[], Any]] = {}
    for name in ("float64", "float32"):
        calls[name] = functools.partial(product, jnp.ones((size, size), name))
    for footprint, count in passes.items():
        calls[str(footprint)] = functools.partial(again, jnp.zeros(footprint // 8, np.float32), count)
    took = {name: seconds.min() for name, seconds in timing.compare(calls, repeats).items()}
    rates = np.array([footprint * count / took[str(footprint)] for footprint, count in passes.items()])
    rates = np.maximum.accumulate(rates[::-1])[::-1]
    double, single = (float(2 * size**3 / took[name]) for name in ("float64", "float32"))
    return Machine(double, single, tuple(zip(passes, rates.tolist(), strict=True)))


def watched(call: Callable[[], Any]) -> list[tuple[Callable, tuple]]:
    """The programs that a call runs through the harness, with their arguments, as one device does all of it: its seeds block after block
    where several devices have a block each."""
    import jax

    from mtrl.harness import driver

    seen, make = [], driver._program

    def recording(fn, static, devices=0, in_turn=False, lanes=0):
        def alone(keys, per_seed, arrays):
            if not devices:
                return fn(*arrays, **static)
            width = lanes or (len(keys) // devices if devices > 1 else 0)
            one = lambda both: fn(both[0], *both[1], *arrays, **static)  # noqa: E731
            if in_turn or width:
                return jax.lax.map(one, (keys, per_seed), batch_size=None if in_turn else width)
            return jax.vmap(lambda *both: one(both))(keys, per_seed)

        def program(*arguments):
            seen.append((alone, jax.device_put(arguments, jax.local_devices()[0])))
            return make(fn, static, devices, in_turn, lanes)(*arguments)

        return program

    driver._program = recording
    try:
        jax.block_until_ready(call())
    finally:
        driver._program = make
    if not seen:
        raise BadInput("a call ran no program of the harness, so there is nothing to count; hand in one that does")
    return seen


def parts(call: Callable[[], Any]) -> list[Part]:
    """Of all programs that a call runs through the harness."""
    return [part for program, arguments in watched(call) for part in counted(program, *arguments)]


def least(calls: Mapping[Any, Callable[[], Any]], *ours: Any) -> Least:
    """The least seconds of calls as handed to `timing.compare`, by the rates of this process; store them as `<times>_least`.

    Args:
      calls: name -> callable without arguments.
      *ours: names of those to count, which run programs of the harness (`evaluate`, `over_seeds`, `simulate`); all by default.
    """
    rates, seconds = machine(), {}
    for name in ours or calls:
        seconds[name] = rates.least(parts(calls[name]))
    spread = " to ".join(f"{rate / 1e9:.3g}" for _, rate in (rates.rates[-1], rates.rates[0]))
    words = f"least time at {rates.double / 1e9:.3g} ({rates.single / 1e9:.3g} in 32 bits) Gflop/s, {spread} GB/s"
    return Least(seconds, words)
