"""The multitask ridge when all tasks share the same features: two small eigendecompositions solve every coupling."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def fit_shared_features(
    features: Float[Array, "sample dim"], targets: Float[Array, "task sample"], *, B: Float[Array, "task task"]
) -> Float[Array, "task dim"]:
    """`vec(W) = (A^-1 + I kron H)^-1 vec(b)` with one H = X X^T/(Td): with `B = U beta U^T` and `H = O h O^T`,
    `(U^T W O)_ij = beta_i/(1 + beta_i h_j) (U^T b O)_ij`. Cost d^3 + T^3 instead of (Td)^3.

    Args:
      features: (N, d), the same for every task.
      targets: (T, N).
      B: (T, T) any PSD coupling.

    Returns:
      (T, d) hyperplanes.
    """  # fmt: skip
    T, d = B.shape[0], features.shape[1]
    h, vectors = jnp.linalg.eigh(features.T @ features / (T * d))
    beta, U = jnp.linalg.eigh(B)
    b = targets @ features / jnp.sqrt(jnp.asarray(T * d, features.dtype))
    return U @ (beta[:, None] / (1 + beta[:, None] * h) * (U.T @ b @ vectors)) @ vectors.T
