"""Closed forms beside the saddle points: limits of the coupling, the quadratic KL, the convergence time.

Source: Li et al., Physical Review E 108, 014309 (2023), sections III and IV.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.continual.objective import fisher, magnetisation
from mtrl.continual.problem import generalisation_error
from mtrl.numerics.checks import check_between, check_positive, check_whole
from mtrl.numerics.types import Scalar


def frozen(p1: Float[Array, "*point"], r0: Scalar) -> tuple[Float[Array, "*point"], Float[Array, "*point"]]:
    """(eps_1, eps_2) as gamma grows: the signs of task 1 stay, and agree with teacher 2 as far as the teachers agree.

    Raises:
      BadInput: |r_0| > 1.
    """
    check_between(-1, 1, r0=r0)
    return generalisation_error(p1), generalisation_error(r0 * p1)


def forgotten(p2: Float[Array, "*point"], r0: Scalar) -> tuple[Float[Array, "*point"], Float[Array, "*point"]]:
    """(eps_1, eps_2) at gamma = 0, where task 2 is a single task with overlap p_2; with p_2 = 1 the floor arccos(r_0)/pi of eps_1.

    Raises:
      BadInput: |r_0| > 1.
    """
    check_between(-1, 1, r0=r0)
    return generalisation_error(r0 * p2), generalisation_error(p2)


def centre_overlap(r_hat: Float[Array, "*point"], q_hat: Float[Array, "*point"]) -> Float[Array, "*point"]:
    """2 Phi(r_hat / sqrt(q_hat)) - 1, the overlap of the signs of the Gibbs measure's mean with the teacher; p is that of one sample of it.

    At a site the mean has the sign of its field r_hat + sqrt(q_hat) z, z standard normal. Not in the paper: derived here.
    """
    return jax.scipy.special.erf(r_hat / jnp.sqrt(2 * q_hat))


def quadratic_kl(theta: Float[Array, "*dims"], anchor: Float[Array, "*dims"], beta_f: Scalar = 1.0) -> Float[Array, ""]:
    """beta_f^2 / 2 sum (1 - m_0^2) (theta - theta_0)^2, the KL term near the anchor."""
    return jnp.sum(fisher(magnetisation(anchor, beta_f), beta_f) * (theta - anchor) ** 2) / 2


def convergence_time(errors: Float[Array, " step"], *, window: int = 1000, threshold: float = 5e-4) -> Int[Array, ""]:
    """T_c: the first t of at least `window` at which the standard deviation of eps over the last `window` steps is below the threshold.

    Args:
      errors: eps after every step.
      window: steps looked back.
      threshold: of the standard deviation.

    Returns:
      T_c in steps; the number of steps plus one where it never comes.

    Raises:
      BadInput: window outside 2..steps, or threshold not above 0.
    """
    steps = errors.shape[0]
    check_whole(lower=2, upper=steps, window=window)
    check_positive(threshold=threshold)
    centred = errors - jnp.mean(errors)
    sums = jnp.cumsum(jnp.concatenate([jnp.zeros((1, 2), errors.dtype), jnp.stack([centred, centred**2], -1)]), axis=0)
    first, second = ((sums[window:] - sums[:-window]) / window).T
    calm = jnp.sqrt(jnp.maximum(second - first**2, 0.0)) < threshold
    return jnp.where(jnp.any(calm), window + jnp.argmax(calm), steps + 1)
