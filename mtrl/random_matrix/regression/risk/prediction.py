"""From a deterministic equivalent to train and test risks, per task: the last step common to every covariance structure."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtrl.numerics.linalg import elimination
from mtrl.random_matrix.equivalents import Equivalent


class Risk(NamedTuple):
    """Predicted squared errors of each task, per sample and (averaged) per output; the paper plots their averages over tasks."""

    test: Float[Array, " task"]  # signal + noise + sig2
    train: Float[Array, " task"]  # test / (1 + delta)^2
    signal: Float[Array, " task"]  # error from W: self_ + cross
    noise: Float[Array, " task"]  # error from fitted label noise (the paper's N_NT term)
    self_: Float[Array, " task"]  # part of the signal from each task's own |w_a|^2 (the paper's D_IL terms)
    cross: Float[
        Array, " task"
    ]  # part from inner products w_a.w_b, a != b (the paper's C_MTL term); negative when aligned
    converged: Bool[Array, ""]  # of the fixed point
    residual: Float[Array, ""]  # its last relative change


def assemble(
    equivalent: Equivalent, K: Float[Array, " task"], K_self: Float[Array, " task"], noise: Float[Array, " task"]
) -> Risk:
    """`R_test = (I - Psi diag(D))^-1 (K + sig2)` and `R_train = R_test/(1+delta)^2`.

    This compact form is the paper's second-order equivalent of `Q C Q` (Ilbert et al. 2024) summed up: with
    `G = (I - Psi diag(D))^-1`, signal = G K, noise = (G - I) sig2.

    Args:
      equivalent: at the coupling, of any structure.
      K: (T,) squared mean error `u_t^T Sigma_t u_t/(Td)`, u = W - E What; averaged over outputs.
      K_self: (T,) the part of K from equal pairs of hyperplanes.
      noise: (T,) label-noise variances sig2, averaged over outputs.
    """
    e = equivalent
    M = e.Psi * e.D
    columns = elimination.solve(jnp.eye(K.size, dtype=K.dtype) - M, jnp.stack([K, K_self, M @ noise], axis=1))
    signal, self_, noise_part = columns[:, 0], columns[:, 1], columns[:, 2]
    test = signal + noise_part + noise
    train = test / (1 + e.delta) ** 2
    return Risk(test, train, signal, noise_part, self_, signal - self_, e.converged, e.residual)


def per_output(W: Float[Array, "task dim *output"]) -> Float[Array, "task dim outputs"]:
    """W with one axis of outputs, divided so that sums over it are averages."""
    W = W.reshape(*W.shape[:2], -1)
    return W / jnp.sqrt(jnp.asarray(W.shape[2], W.dtype))
