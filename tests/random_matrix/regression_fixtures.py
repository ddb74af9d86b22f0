"""Small regression problems shared by the tests."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.random_matrix import coupling, pack


class Example(NamedTuple):
    B: jax.Array
    gamma: jax.Array
    lam: float
    n: jax.Array
    covariance: jax.Array
    W: jax.Array
    noise: jax.Array


def autoregressive_example(d=20, B_rank_full=True):
    """Sigma_t = rho^|i-j| (rho .5, .2), W = (sin j, cos j), sig2 .3, gamma 1, lam .7, n (15, 40)."""
    j = np.arange(d)
    covariance = jnp.asarray(np.stack([rho ** np.abs(j[:, None] - j) for rho in (0.5, 0.2)]))
    gamma = jnp.ones(2) if B_rank_full else jnp.zeros(2)
    return Example(
        coupling(gamma, 0.7),
        gamma,
        0.7,
        jnp.array([15, 40]),
        covariance,
        jnp.asarray([np.sin(j), np.cos(j)]),
        jnp.full(2, 0.3),
    )


def random_data(dim, counts, outputs=2, seed=0):
    rng = np.random.default_rng(seed)
    return pack([rng.normal(size=(n, dim)) for n in counts], [rng.normal(size=(n, outputs)) for n in counts])
