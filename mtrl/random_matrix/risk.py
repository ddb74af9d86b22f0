"""From a deterministic equivalent to train and test risks, per task: the last step common to every covariance structure."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.linalg import elimination


class Risk(NamedTuple):
    """Predicted per-sample squared errors of each task; the paper plots their averages over tasks."""

    test: Float[Array, " task"]  # signal + noise + sig2
    train: Float[Array, " task"]  # test / (1 + delta)^2
    signal: Float[Array, " task"]  # error from W: self_ + cross
    noise: Float[Array, " task"]  # error from fitted label noise (the paper's N_NT term)
    self_: Float[Array, " task"]  # part of the signal from each task's own |w_a|^2 (the paper's D_IL terms)
    cross: Float[
        Array, " task"
    ]  # part from inner products w_a.w_b, a != b (the paper's C_MTL term); negative when aligned


def assemble(
    delta: Float[Array, " task"],
    D: Float[Array, " task"],
    Psi: Float[Array, "task task"],
    K: Float[Array, " task"],
    K_self: Float[Array, " task"],
    noise: Float[Array, " task"],
) -> Risk:
    """`R_test = (I - Psi diag(D))^-1 (K + sig2)` and `R_train = R_test/(1+delta)^2`.

    This compact form is the paper's second-order equivalent of `Q C Q` (Ilbert et al. 2024) summed up: with
    `G = (I - Psi diag(D))^-1`, signal = G K, noise = (G - I) sig2.

    Args:
      delta, D, Psi: of the deterministic equivalent.
      K: (T,) squared mean error `u_t^T Sigma_t u_t/(Td)`, u = W - E What.
      K_self: (T,) the part of K from equal pairs of hyperplanes.
      noise: (T,) label-noise variances sig2 (the trace of the noise covariance when several outputs are summed).
    """
    T = delta.shape[0]
    M = Psi * D
    columns = elimination.solve(jnp.eye(T, dtype=delta.dtype) - M, jnp.stack([K, K_self, M @ noise], axis=1))
    signal, self_, noise_part = columns[:, 0], columns[:, 1], columns[:, 2]
    test = signal + noise_part + noise
    return Risk(test, test / (1 + delta) ** 2, signal, noise_part, self_, signal - self_)
