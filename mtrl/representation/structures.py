"""Five ways in which tasks can be related, as weight matrices W (dim, task), for comparing regularisers.

Every column is scaled to the same mean square, so that the signal-to-noise ratio is the same for all structures.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey

NAMES = ("low rank", "row sparse", "clusters", "outliers", "independent")


def structured_weights(
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
) -> Float[Array, "{dim} {tasks}"]:
    """Weights with a known structure, E||w_t||^2 = 1.

    Args:
      key: PRNG key.
      structure: one of `NAMES`: low rank; row sparse (`features` shared rows); `clusters` groups of equal size, centre
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
    if structure == "independent":
        return own
    if structure == "row sparse":
        used = jax.random.permutation(keys["shared"], dim) < features
        values = jax.random.normal(keys["heads"], (dim, tasks)) / jnp.sqrt(features)
        return jnp.where(used[:, None], values, 0)
    if structure == "clusters":
        centres = jax.random.normal(keys["shared"], (dim, clusters)) / jnp.sqrt(dim)
        return (centres[:, jnp.arange(tasks) % clusters] + spread * own) / jnp.sqrt(1 + spread**2)
    basis = jax.random.normal(keys["shared"], (dim, rank)) / jnp.sqrt(dim)
    low = basis @ jax.random.normal(keys["heads"], (rank, tasks)) / jnp.sqrt(rank)
    if structure == "low rank":
        return low
    if structure == "outliers":
        return jnp.where(jnp.arange(tasks) >= tasks - outliers, own, low)
    raise BadInput(f"unknown structure '{structure}'; use one of {', '.join(NAMES)}")
