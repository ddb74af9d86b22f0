"""Type aliases shared by every wing."""

from collections.abc import Sequence
from typing import Any

from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int, Key, Shaped

# A number that may be a Python scalar or traced: hyper-parameters are annotated with it so that sweeping them never recompiles.
Scalar = float | int | Float[Array, ""] | Int[Array, ""]

# One typed PRNG key, as `jax.random.key` makes it.
PRNGKey = Key[Array, ""] | Shaped[Array, ""]

# What users may give where the library works on arrays: an array, a number, a list (of lists).
Numbers = ArrayLike | Sequence[Any]
