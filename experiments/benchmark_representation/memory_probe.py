"""A run whose peak memory is measured in a fresh process: `python -m
experiments.benchmark_representation.memory_probe`.

Arguments: variant (moments, streamed, gram or none), tasks, samples, dim, rank.
"""

import sys

from mtrl.harness.run import devices


def main(variant: str, tasks: int, samples: int, dim: int, rank: int) -> None:
    """Draw data and fit with one variant."""
    devices.start()
    import jax
    import jax.numpy as jnp

    from mtrl.numerics.moments import moments
    from mtrl.representation import subspace

    def gram(x, y, start):
        return subspace.alternating_minimisation(moments(x, y), start, iterations=1).basis

    params = subspace.sample(jax.random.key(0), tasks=tasks, dim=dim, rank=rank)
    x, y = jax.jit(lambda k: subspace.draw(k, params, samples=samples))(jax.random.key(1))
    start = jnp.eye(dim)[:, :rank]
    fits = {
        "none": lambda x, y, start: start,
        "moments": lambda x, y, start: subspace.method_of_moments(x, y, rank=rank, stream=True),
        "streamed": lambda x, y, start: subspace.alternating_minimisation_streamed(x, y, start, iterations=1).basis,
        "gram": gram,
    }
    jax.block_until_ready(jax.jit(fits[variant])(x, y, start))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
