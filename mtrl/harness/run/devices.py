"""Process-wide settings that must be made before JAX starts, and what the machine has."""

import contextlib
import os

import psutil

from mtrl.numerics.errors import BadInput

# The seed axis is split over this many CPU devices on every machine: a constant, because the width that each device computes decides the
# last bits of a result, and those must not depend on the number of cores.
CPU_DEVICES = 2
# Likewise the threads of XLA's pool, since a product split among more threads rounds differently. Far more than the devices: a batched
# LAPACK call (eigh, say) waits inside the pool for its parts, and with as many devices as threads all of them can wait at once, forever.
CPU_THREADS = 8


def start(x64: bool = True) -> None:
    """Set precision and CPU devices once, at process start: 64 bits by default, `--x64=false` for speed on GPU and TPU.

    Draws differ between the two precisions, so the choice is part of every cell's name.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("NPROC", str(CPU_THREADS))  # where XLA reads the size of its thread pool
    import jax

    jax.config.update("jax_enable_x64", x64)
    with contextlib.suppress(RuntimeError):  # the caller's process has already used JAX: its devices stay
        jax.config.update("jax_num_cpu_devices", CPU_DEVICES)


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
