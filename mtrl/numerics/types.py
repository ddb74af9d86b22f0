"""Type aliases shared by every wing."""

from jaxtyping import Array, Float, Int, Key, Shaped

# A number that may be a Python scalar or traced: hyper-parameters are annotated with it so that sweeping them never recompiles.
Scalar = float | int | Float[Array, ""] | Int[Array, ""]

# One typed PRNG key, as `jax.random.key` makes it.
PRNGKey = Key[Array, ""] | Shaped[Array, ""]
