"""Process-wide settings that must be made before JAX starts, and what the machine has."""

import os

import psutil

from mtrl.numerics.errors import BadInput


def start(x64: bool = True) -> None:
    """Set the precision once, at process start: 64 bits by default, `--x64=false` for speed on GPU and TPU.

    Draws differ between the two precisions, so the choice is part of every cell's name.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import jax

    jax.config.update("jax_enable_x64", x64)
    if os.environ.get("JAX_COORDINATOR_ADDRESS"):  # several hosts: one process each, started by the cluster
        jax.distributed.initialize()


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
