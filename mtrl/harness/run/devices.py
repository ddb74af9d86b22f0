"""Process-wide settings that must be made before JAX starts, and what the machine has."""

import contextlib
import os
import sys
from collections.abc import Iterator

import psutil

from mtrl.harness.run import cluster
from mtrl.numerics.errors import BadInput

# The seed axis is split over this many CPU devices on every machine: a constant, because the width that each device computes decides the
# last bits of a result, and those must not depend on the number of cores. JAX_NUM_CPU_DEVICES asks for others, under other cell names.
CPU_DEVICES = 2
# Likewise the threads of XLA's pool, since a product split among more threads rounds differently. Far more than the devices: a batched
# LAPACK call (eigh, say) waits inside the pool for its parts, and with as many devices as threads all of them can wait at once, forever.
CPU_THREADS = 8
# Settings that change draws or rounding and that an environment variable could change behind our back: their defaults, on every machine.
PINNED = {
    "jax_default_prng_impl": "threefry2x32",
    "jax_threefry_partitionable": True,
    "jax_random_seed_offset": 0,
    "jax_default_matmul_precision": None,
}


def start(x64: bool = True, place: cluster.Place | None = None, platforms: str = "") -> None:
    """Set precision, random numbers and CPU devices once, at process start: 64 bits by default, `--x64=false` for speed on GPU and TPU.

    Draws differ between the two precisions, so the choice is part of every cell's name.

    Args:
      x64: whether floats have 64 bits.
      place: of this process among several, which become one (`--distributed`).
      platforms: what this process may use, whatever the environment says, which its workers inherit; "" leaves it to JAX.

    Raises:
      BadInput: the platform that the environment asks for is not there, or the processes do not find one another.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("NPROC", str(CPU_THREADS))  # where XLA reads the size of its thread pool
    import jax
    import threadpoolctl

    threadpoolctl.threadpool_limits(
        1, "blas"
    )  # NumPy has read the variable before: its products round by the number of threads
    jax.config.update("jax_enable_x64", x64)
    for name, value in PINNED.items():
        if hasattr(jax.config, name):
            jax.config.update(name, value)
    if platforms:
        jax.config.update("jax_platforms", platforms)
    if "JAX_NUM_CPU_DEVICES" not in os.environ:
        with contextlib.suppress(RuntimeError):  # the caller's process has already used JAX: its devices stay
            jax.config.update("jax_num_cpu_devices", CPU_DEVICES)
    if place is not None:
        cluster.join(place)
    try:
        jax.local_devices()
    except Exception as error:  # a bare AssertionError, say, where a plugin is missing
        asked = jax.config.jax_platforms  # pyright: ignore[reportAttributeAccessIssue] JAX makes its options at import
        what = f"JAX_PLATFORMS asks for {asked}, which is not there" if asked else "JAX finds no device"
        detail = f" ({str(error).splitlines()[0]})" if str(error) else ""
        raise BadInput(f"{what}{detail}; unset JAX_PLATFORMS, or set JAX_PLATFORMS=cpu") from None


@contextlib.contextmanager
def unstarted(x64: bool) -> Iterator[None]:
    """Inside, JAX is not started, but whoever loads it (the checks of a configuration, say) finds it as `start` would have left it."""
    ours = {"JAX_ENABLE_X64": str(x64).lower(), "JAX_NUM_CPU_DEVICES": str(CPU_DEVICES)}
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(
        {name: value for name, value in ours.items() if name != "JAX_NUM_CPU_DEVICES" or before[name] is None}
    )
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            os.environ.update({name: value} if value is not None else {})


def compiler_flags() -> str:
    """What may change the last bits from outside, which is part of every cell's name: XLA's flags of the environment, and another number of
    CPU devices, of all processes together: where JAX_NUM_CPU_DEVICES asks for it, several processes have more, or the process had used JAX
    before `start` could set it. Starts JAX only where the environment asks for another number of devices."""
    words = os.environ.get("XLA_FLAGS", "").split()
    bridge = sys.modules.get("jax._src.xla_bridge")
    fresh = bridge is None or not bridge.backends_are_initialized()
    if fresh and os.environ.get("JAX_NUM_CPU_DEVICES", str(CPU_DEVICES)) == str(CPU_DEVICES):  # as `start` will set it
        return " ".join(sorted(words))
    import jax

    if jax.default_backend() == "cpu" and (count := jax.device_count()) != CPU_DEVICES:
        words.append(f"cpu_devices={count}")
    return " ".join(sorted(words))


def check_memory(needed: int, what: str) -> None:
    """Refuse work whose estimated memory is above what is free.

    Args:
      needed: estimated bytes.
      what: name of the work, for the message.

    Raises:
      BadInput: with the estimate and the free memory.
    """
    free = psutil.virtual_memory().available
    if needed > free:
        raise BadInput(
            f"{what} needs about {needed / 2**30:.1f} GiB of memory, but {free / 2**30:.1f} GiB are free; "
            "lower the sizes, or --seed_batch so that fewer seeds run at once"
        )
