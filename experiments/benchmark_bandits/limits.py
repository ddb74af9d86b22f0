"""What the linear bandits ask of a machine, and what the machine can do: operations and bytes of one seed, and both rates measured."""

from typing import Any

from mtrl.harness import jax, jnp, timing


def operations(method: str, config: Any) -> float:
    """Floating-point operations of one seed, leading terms: widths, inverse update, and MTLR-OFUL's sweep and search."""
    tasks, dim, rank, arms = config.tasks, config.dim, config.rank, config.arms
    per_round = tasks * (2 * arms * dim**2 + 4 * dim**2 + 4 * arms * dim)
    if method == "MTLR-OFUL":
        sweep = tasks * (2 * rank**2 * dim**2 + 4 * rank * dim**2) + 2 * (rank * dim) ** 3 / 3
        per_round += sweep + 34 * 4 * tasks * arms
    return float(config.rounds * per_round)


def traffic(config: Any) -> float:
    """Bytes of one seed: the inverse is read and written, the contexts written and read, once a round."""
    return float(config.rounds * 2 * 8 * config.tasks * (config.dim**2 + config.arms * config.dim))


def machine(repeats: int) -> tuple[float, float]:
    """Arithmetic (operations / s of a large float64 matrix product) and memory rate (bytes / s of adding one to a large array)."""
    a, b = jnp.ones((1024, 1024)), jnp.ones(2**24)
    product, shift = jax.jit(lambda x: x @ x), jax.jit(lambda x: x + 1.0)
    seconds = timing.compare({"product": lambda: product(a), "shift": lambda: shift(b)}, repeats)
    return 2 * 1024**3 / seconds["product"].min(), 2 * b.nbytes / seconds["shift"].min()
