"""Task couplings B: how strongly hyperplanes are tied before any data is seen."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar


def coupling(gamma: Float[Array, " task"], lam: Scalar) -> Float[Array, "task task"]:
    """`B = diag(gamma) + lam 1 1^T`: prior covariance of the tasks' hyperplanes, `Cov(W_s, W_t) = B_st I_d`.

    Large lam is little penalty on the shared part W_0, that is much sharing (the paper's convention for the linear model; its neural
    loss multiplies the penalties instead, so there large lam removes sharing).

    Args:
      gamma: (T,) strengths of the task-specific parts V_t, >= 0.
      lam: strength of the shared part W_0, >= 0.
    """
    return jnp.diag(gamma) + jnp.asarray(lam, gamma.dtype)


def multiplied_penalties(gamma_inv: Float[Array, " task"], lam_inv: Scalar) -> Float[Array, "task task"]:
    """B of the loss whose penalties are MULTIPLIED, `sum |y - f|^2 + lam_inv |W_0|^2 + sum_t gamma_inv_t |V_t|^2`.

    Half of it is the regularised form with `gamma = 1/gamma_inv`, `lam = 1/lam_inv`.
    """
    return coupling(1 / gamma_inv, 1 / jnp.asarray(lam_inv, gamma_inv.dtype))


def bayes_coupling(W: Float[Array, "task dim"], *, noise: Scalar) -> Float[Array, "task task"]:
    """The B which minimises the predicted test risk of every task at once: `B* = Omega/sig2`, `Omega = W W^T/d` (the Bayes prior).

    Two tasks: `lam* = w_1.w_2/(d sig2)`, `gamma_t* = |w_t|^2/(d sig2) - lam*` (gamma may then be negative, B stays PSD). With unequal
    noise, divide features and targets by sig_t first (`whiten_noise`) and give noise = 1.

    Args:
      W: (T, d) hyperplanes.
      noise: common noise variance, > 0 (`check.check_noise` on the host).
    """
    return W @ W.T / (W.shape[1] * noise)


def whiten_noise(array: Float[Array, "task *rest"], noise: Float[Array, " task"]) -> Float[Array, "task *rest"]:
    """Divide the features or the targets of task t by sig_t, which makes all noise variances 1 and leaves W unchanged."""
    return array / jnp.sqrt(noise).reshape((-1,) + (1,) * (array.ndim - 1))
