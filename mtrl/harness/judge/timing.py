"""Side-by-side timings for benchmark studies: interleaved, after a warm-up, so that only ratios within one run are reported."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mtrl.numerics.errors import BadInput


def compare(
    candidates: Mapping[str, Callable[[], Any]], repeats: int = 5, warmup: int = 1, shortest: float = 0.02
) -> dict[str, np.ndarray]:
    """Time several callables in turn, A B A B ..., so that drift of the machine hits all alike.

    A call is made again until `shortest` has passed and the mean taken, much as `timeit` does: a single short one would mostly
    measure how cold its long neighbours in the turn left the caches.

    Args:
      candidates: name -> callable without arguments; JAX outputs are waited for.
      repeats: counted rounds.
      warmup: uncounted rounds first (compilation, caches).
      shortest: s; the least time of one measurement.

    Returns:
      name -> (repeats,) wall seconds per call.

    Raises:
      BadInput: in one of several processes, which would disagree on how often to call.
    """

    import jax

    if jax.process_count() > 1:
        raise BadInput("timings are of one process; make this figure without --distributed")

    def timed(call: Callable[[], Any]) -> float:
        began, calls = time.perf_counter(), 0
        while True:
            jax.block_until_ready(call())
            calls += 1
            elapsed = time.perf_counter() - began
            if elapsed >= shortest:
                return elapsed / calls

    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for round_ in range(warmup + repeats):
        for name, call in candidates.items():
            took = timed(call)
            if round_ >= warmup:
                seconds[name].append(took)
    return {name: np.array(values) for name, values in seconds.items()}


def seconds_of(calls: Mapping[str, Callable[[], Any]], repeats: int = 5) -> np.ndarray:
    """The same as one array (call, repeat), in the order of the calls."""
    timed = compare(calls, repeats)
    return np.stack([timed[name] for name in calls])


def working_bytes(fn: Callable, *arguments: Any) -> int:
    """Bytes that a compiled function gives to temporaries and results, by the compiler's own analysis; nothing is run.

    Args:
      fn: a function of arrays.
      *arguments: arrays, or their shapes as `jax.ShapeDtypeStruct`.
    """
    import jax

    plan: Any = jax.jit(fn).lower(*arguments).compile().memory_analysis()
    return int(plan.temp_size_in_bytes + plan.output_size_in_bytes)


def exponent(x: np.ndarray, seconds: np.ndarray) -> float:
    """Least-squares slope of log seconds against log x."""
    return float(np.polyfit(np.log(x), np.log(seconds), 1)[0])


# The high-water mark of the process's own memory map; getrusage would count that of the parent, as it was before the program was loaded.
_MEASURE = """
import re, runpy, sys
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
print("\\npeak_kib", re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""


def peak_memory(module: str, *arguments: str) -> int:
    """Peak resident memory in bytes of a fresh process that runs `module` (`python -m` style) with arguments.

    A fresh process, since the peak of this one never falls again.
    """
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, module, *arguments], capture_output=True, text=True, check=True
    )
    return 1024 * int(done.stdout.rsplit("peak_kib", 1)[1])
