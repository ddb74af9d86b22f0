"""Random linear MDPs: a finite class of feature maps, a linear and a nonlinear map of raw inputs."""

import itertools
import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.mdp.linear.problem import LinearMDP, check_sizes, from_features
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey


def simplex_rows(key: PRNGKey, *parts: tuple[float, tuple[int, ...]], dtype: jnp.dtype) -> list[Float[Array, "..."]]:
    """Dirichlet rows for several tables at once: `(concentration, shape)` -> rows of length `shape[-1]` with equal parameters.

    Gamma variables divided by their sum (in logarithms, as tiny concentrations underflow), drawn in one call.
    """
    sizes = [math.prod(shape) for _, shape in parts]
    alpha = jnp.concatenate([jnp.full(n, a, dtype) for n, (a, _) in zip(sizes, parts, strict=True)])
    logs = jnp.split(jax.random.loggamma(key, alpha, dtype=dtype), list(itertools.accumulate(sizes))[:-1])
    return [jax.nn.softmax(x.reshape(shape), axis=-1) for x, (_, shape) in zip(logs, parts, strict=True)]


def sample_finite_class(
    key: PRNGKey,
    noise: Float[Array, ""],
    *,
    tasks: int,
    stages: int,
    states: int,
    actions: int,
    rank: int,
    candidates: int,
    phi_concentration: float = 0.3,
    mu_concentration: float = 0.2,
) -> LinearMDP:
    """A finite class of random feature maps, one of which (the same at all stages) is true.

    Args:
      key: PRNG key.
      noise: standard deviation of the observed rewards; its dtype is the problem's.
      tasks, stages, states, actions, rank, candidates: M, H, S, A, k, |Phi|.
      phi_concentration: Dirichlet parameter of the rows of every candidate.
      mu_concentration: Dirichlet parameter of the rows of mu.
    """
    pairs = states * actions
    check_sizes(
        tasks=tasks, stages=stages, states=states, actions=actions, rank=rank, width=pairs, candidates=candidates
    )
    keys = split_named(key, "rows", "truth", "weights")
    noise = jnp.asarray(noise)
    phi, mu = simplex_rows(
        keys["rows"],
        (phi_concentration, (candidates, states, actions, rank)),
        (mu_concentration, (tasks, stages, rank, states)),
        dtype=noise.dtype,
    )
    truth = jnp.full(stages, jax.random.randint(keys["truth"], (), 0, candidates, jnp.int32))
    nu = jax.random.uniform(keys["weights"], (tasks, stages, rank), noise.dtype)
    return from_features(phi, truth, mu, nu, noise)


def sample_linear(
    key: PRNGKey,
    noise: Float[Array, ""],
    *,
    tasks: int,
    stages: int,
    states: int,
    actions: int,
    rank: int,
    dim: int,
    input_concentration: float = 0.3,
    phi_concentration: float = 0.3,
    mu_concentration: float = 0.2,
) -> LinearMDP:
    """A linear representation `phi(s,a) = B^T x(s,a)`: x on the simplex of R^D, rows of B (D, k) on the simplex of R^k.

    Every task is then a linear MDP in x as well, with D-dimensional parameters in the k-dimensional range of B (Hu et al. 2021).
    """
    check_sizes(tasks=tasks, stages=stages, states=states, actions=actions, rank=rank, width=dim)
    keys = split_named(key, "rows", "weights")
    noise = jnp.asarray(noise)
    x, basis, mu = simplex_rows(
        keys["rows"],
        (input_concentration, (states, actions, dim)),
        (phi_concentration, (dim, rank)),
        (mu_concentration, (tasks, stages, rank, states)),
        dtype=noise.dtype,
    )
    nu = jax.random.uniform(keys["weights"], (tasks, stages, rank), noise.dtype)
    return from_features((x @ basis)[None], jnp.zeros(stages, jnp.int32), mu, nu, noise, x)


def sample_neural(
    key: PRNGKey,
    noise: Float[Array, ""],
    *,
    tasks: int,
    stages: int,
    states: int,
    actions: int,
    rank: int,
    dim: int,
    hidden: int = 16,
    sharpness: float = 4.0,
    mu_concentration: float = 0.2,
) -> LinearMDP:
    """A nonlinear representation `phi(s,a) = softmax(sharpness W2 tanh(W1 x(s,a)))` of Gaussian inputs x (S, A, D).

    W1 has entries N(0, 4/D), W2 entries N(0, 1/hidden).
    """
    check_sizes(tasks=tasks, stages=stages, states=states, actions=actions, rank=rank, width=states * actions)
    keys = split_named(key, "inputs", "first", "second", "rows", "weights")
    noise = jnp.asarray(noise)
    dtype = noise.dtype
    x = jax.random.normal(keys["inputs"], (states, actions, dim), dtype)
    first = 2.0 * jax.random.normal(keys["first"], (dim, hidden), dtype) / jnp.sqrt(jnp.asarray(dim, dtype))
    second = jax.random.normal(keys["second"], (hidden, rank), dtype) / jnp.sqrt(jnp.asarray(hidden, dtype))
    phi = jax.nn.softmax(sharpness * jnp.tanh(x @ first) @ second, axis=-1)
    (mu,) = simplex_rows(keys["rows"], (mu_concentration, (tasks, stages, rank, states)), dtype=dtype)
    nu = jax.random.uniform(keys["weights"], (tasks, stages, rank), dtype)
    return from_features(phi[None], jnp.zeros(stages, jnp.int32), mu, nu, noise, x)
