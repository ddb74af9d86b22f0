"""Task couplings B: how strongly hyperplanes are tied before any data is seen."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_nonnegative, check_positive, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Numbers, Scalar


def coupling(gamma: Numbers, lam: Scalar) -> Float[Array, "task task"]:
    """`B = diag(gamma) + lam 1 1^T`: prior covariance of the tasks' hyperplanes, `Cov(W_s, W_t) = B_st I_d`.

    Large lam is little penalty on the shared part W_0, that is much sharing (the paper's convention for the linear model; its neural
    loss multiplies the penalties instead, so there large lam removes sharing).

    Args:
      gamma: (T,) strengths of the task-specific parts V_t, >= 0.
      lam: strength of the shared part W_0, >= 0.

    Raises:
      BadInput: a strength is negative or not finite, or all are 0.
    """
    check_coupling(gamma, lam)
    gamma = jnp.asarray(gamma)
    gamma = gamma if jnp.issubdtype(gamma.dtype, jnp.floating) else gamma.astype(float)
    return jnp.diag(gamma) + jnp.asarray(lam, gamma.dtype)


def check_coupling(gamma: Numbers, lam: Scalar) -> None:
    """Refuse strengths outside their range; traced ones pass.

    Raises:
      BadInput: one is negative or not finite, or all are 0.
    """
    check_nonnegative(gamma=gamma, lam=lam)
    own, shared = known(gamma), known(lam)
    if own is not None and shared is not None and not own.any() and not shared.any():
        raise BadInput(
            "gamma and lam are all 0, which forces every hyperplane to 0; give at least one a positive value"
        )


def multiplied_penalties(gamma_inv: Float[Array, " task"], lam_inv: Scalar) -> Float[Array, "task task"]:
    """B of the loss whose penalties are MULTIPLIED, `sum |y - f|^2 + lam_inv |W_0|^2 + sum_t gamma_inv_t |V_t|^2`.

    Half of it is the regularised form with `gamma = 1/gamma_inv`, `lam = 1/lam_inv`.
    """
    return coupling(1 / gamma_inv, 1 / jnp.asarray(lam_inv, gamma_inv.dtype))


def bayes_coupling(W: Float[Array, "task dim"], *, noise: Scalar) -> Float[Array, "task task"]:
    """`B* = Omega/sig2`, `Omega = W W^T/d` (the Bayes prior): for identity covariance the minimiser for every task at once.

    So too where every Sigma_t is a multiple of I. For other covariances it is the best choice on average over hyperplanes of this
    Gram matrix in random directions; for given hyperplanes another B may do better (minimise `predict_risk`).

    Two tasks: `lam* = w_1.w_2/(d sig2)`, `gamma_t* = |w_t|^2/(d sig2) - lam*` (gamma may then be negative, B stays PSD). With unequal
    noise, divide features and targets by sig_t first (`whiten_noise`) and give noise = 1.

    Args:
      W: (T, d) hyperplanes.
      noise: common noise variance, > 0.

    Raises:
      BadInput: noise is not positive.
    """
    check_positive(noise=noise, hint="the optimal coupling Omega/sig2 divides by it")
    return W @ W.T / (W.shape[1] * noise)


def whiten_noise(array: Float[Array, "task *rest"], noise: Float[Array, " task"]) -> Float[Array, "task *rest"]:
    """Divide the features or the targets of task t by sig_t, which makes all noise variances 1 and leaves W unchanged."""
    check_positive(noise=noise)
    return array / jnp.sqrt(noise).reshape((-1,) + (1,) * (array.ndim - 1))
