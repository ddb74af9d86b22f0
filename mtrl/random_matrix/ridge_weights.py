"""Only the hyperplanes of the multitask ridge, from per-task Gram matrices: no resolvent, nothing of the size of the data."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar
from mtrl.random_matrix.data import TaskData


def fit_weights(data: TaskData, *, gamma: Float[Array, " task"], lam: Scalar) -> Float[Array, "task dim output"]:
    """The W of `ridge.fit_star`, in `T d^2 n + T d^3` operations; the choice when n_t >= d and the residuals' leverages are not needed.

    With `H_t = X_t X_t^T/(Td)`, `b_t = X_t Y_t/sqrt(Td)`, `E_t = (I + gamma_t H_t)^-1`:
    `W_0 = lam (I + lam sum_t E_t H_t)^-1 sum_t E_t b_t`, `V_t = gamma_t (E_t b_t - E_t H_t W_0)`, `W_t = W_0 + V_t`.

    Args:
      data: TaskData.
      gamma: (T,) task-specific strengths, >= 0.
      lam: shared strength, >= 0.
    """
    X, scale = data.features, data.scale
    d = X.shape[2]
    eye = jnp.eye(d, dtype=X.dtype)
    gamma, lam = gamma.astype(X.dtype), jnp.asarray(lam, X.dtype)
    H = jnp.einsum("tni,tnj->tij", X, X) / scale
    b = jnp.einsum("tni,tnq->tiq", X, data.targets) / jnp.sqrt(jnp.asarray(scale, X.dtype))

    def eliminated(g, h, pull):
        factor = jnp.linalg.cholesky(eye + g * h)
        return jax.scipy.linalg.cho_solve((factor, True), jnp.concatenate([h, pull], axis=1))

    both = jax.vmap(eliminated)(gamma, H, b)
    EH, Eb = both[:, :, :d], both[:, :, d:]
    information = jnp.sum(EH, axis=0)
    factor = jnp.linalg.cholesky(eye + lam * (information + information.T) / 2)
    W0 = lam * jax.scipy.linalg.cho_solve((factor, True), jnp.sum(Eb, axis=0))
    return W0 + gamma[:, None, None] * (Eb - EH @ W0)
