"""Five ways in which tasks can be related, as weight matrices W (dim, task), for comparing regularisers.

Every column is scaled to the same mean square, so that the signal-to-noise ratio is the same for all structures. Given
its structure (subspace, support, clusters, outliers) W is Gaussian, which makes the best estimator that knows the
structure computable: `mtrl.representation.convex.oracle`.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey

STRUCTURES = ("low rank", "row sparse", "clusters", "outliers", "independent")


class Structured(NamedTuple):
    """Weights and their law given the structure: `Cov(w_t, w_s) = sum_k coupling[k, t, s] covariance[k]`, mean zero."""

    weights: Float[Array, "dim task"]
    coupling: Float[Array, "2 task task"]
    covariance: Float[Array, "2 dim dim"]


def structured(
    key: PRNGKey,
    *,
    structure: str,
    dim: int,
    tasks: int,
    rank: int = 3,
    features: int = 8,
    clusters: int = 3,
    outliers: int = 2,
    spread: float = 0.2,
) -> Structured:
    """Weights with a known structure, E||w_t||^2 = 1.

    Args:
      key: PRNG key.
      structure: one of `STRUCTURES`: low rank; row sparse (`features` shared rows); `clusters` groups of equal size, centre
        plus `spread` of the norm as deviation; low rank with `outliers` independent columns; independent.
      dim: features.
      tasks: tasks.
      rank: of the low-rank part.
      features: nonzero rows.
      clusters: groups.
      outliers: independent columns, the last ones.
      spread: within-cluster standard deviation relative to the centre.

    Raises:
      BadInput: unknown structure.
    """
    keys = split_named(key, "shared", "heads", "own")
    own = jax.random.normal(keys["own"], (dim, tasks)) / jnp.sqrt(dim)
    apart, white = jnp.eye(tasks), jnp.eye(dim) / dim
    if structure == "independent":
        return Structured(own, jnp.stack([apart, 0 * apart]), jnp.stack([white, white]))
    if structure == "row sparse":
        used = jax.random.permutation(keys["shared"], dim) < features
        values = jax.random.normal(keys["heads"], (dim, tasks)) / jnp.sqrt(features)
        support = jnp.diag(used.astype(values.dtype) / features)
        return Structured(
            jnp.where(used[:, None], values, 0), jnp.stack([apart, 0 * apart]), jnp.stack([support, white])
        )
    if structure == "clusters":
        centres = jax.random.normal(keys["shared"], (dim, clusters)) / jnp.sqrt(dim)
        label = jnp.arange(tasks) % clusters
        same = jnp.where(label[:, None] == label[None, :], 1.0, 0.0)
        size = 1 + spread**2
        return Structured(
            (centres[:, label] + spread * own) / jnp.sqrt(size),
            jnp.stack([same, spread**2 * apart]) / size,
            jnp.stack([white, white]),
        )
    basis = jax.random.normal(keys["shared"], (dim, rank)) / jnp.sqrt(dim)
    low = basis @ jax.random.normal(keys["heads"], (rank, tasks)) / jnp.sqrt(rank)
    shared = jnp.stack([basis @ basis.T / rank, white])
    if structure == "low rank":
        return Structured(low, jnp.stack([apart, 0 * apart]), shared)
    if structure == "outliers":
        outlier = jnp.arange(tasks) >= tasks - outliers
        split = jnp.stack([jnp.diag(jnp.where(outlier, 0.0, 1.0)), jnp.diag(jnp.where(outlier, 1.0, 0.0))])
        return Structured(jnp.where(outlier, own, low), split, shared)
    raise BadInput(f"unknown structure '{structure}'; use one of {', '.join(STRUCTURES)}")


def structured_weights(
    key: PRNGKey, *, structure: str, dim: int, tasks: int, **sizes: Any
) -> Float[Array, "{dim} {tasks}"]:
    """The weights of `structured` alone."""
    return structured(key, structure=structure, dim=dim, tasks=tasks, **sizes).weights
