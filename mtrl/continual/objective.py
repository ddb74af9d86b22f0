"""The variational free energy of a binary perceptron, `F = - sum_mu ln H(-u_mu) + gamma KL(q_theta || q_theta0)`, and its parts.

| symbol | name | shape |
| --- | --- | --- |
| theta, m = tanh(beta_f theta) | `theta`, `magnetisation` | (dim,) |
| u_mu = y_mu (m.x_mu) / sqrt(V), V = sum_i (1 - m_i^2) | `margins` | (sample,) |
| H(x) = 1 - Phi(x), so ln H(-u) = log_ndtr(u) | | |
| lam = phi(u) / Phi(u) | in `data_gradient` | (sample,) |
| KL in fields, and between magnetisations | `kl`, `kl_magnetisations` | () |
| beta_f^2 (1 - m^2), the Fisher information of a field | `fisher` | (dim,) |

u takes the random weights' pre-activation as Gaussian, so no 1/sqrt(N) is left. V is floored at `floor`: there all weights are decided, and
the data's gradient vanishes with 1 - m^2.

Source: Li et al., Physical Review E 108, 014309 (2023), section II; equation (3) and appendix A.
"""

import jax.numpy as jnp
from jax.scipy.special import log_ndtr
from jaxtyping import Array, Float

from mtrl.continual.problem import Examples
from mtrl.numerics.types import Scalar

FLOOR = 1e-10


def magnetisation(theta: Float[Array, "*dims"], beta_f: Scalar = 1.0) -> Float[Array, "*dims"]:
    """m = tanh(beta_f theta)."""
    return jnp.tanh(beta_f * theta)


def margins(m: Float[Array, " dim"], task: Examples, floor: float = FLOOR) -> Float[Array, " sample"]:
    """u_mu of every example."""
    return task.y * (task.x @ m) / jnp.sqrt(jnp.maximum(jnp.sum(1 - m**2), floor))


def data_loss(m: Float[Array, " dim"], task: Examples, floor: float = FLOOR) -> Float[Array, ""]:
    """- sum_mu ln H(-u_mu) over the rows that count."""
    return -jnp.sum(jnp.where(task.mask, log_ndtr(margins(m, task, floor)), 0.0))


def log_cosh(z: Float[Array, "*dims"]) -> Float[Array, "*dims"]:
    """ln cosh, for any size of z."""
    return jnp.logaddexp(z, -z) - jnp.log(jnp.asarray(2.0, z.dtype))


def kl(theta: Float[Array, "*dims"], anchor: Float[Array, "*dims"], beta_f: Scalar = 1.0) -> Float[Array, ""]:
    """KL(q_theta || q_theta0) in fields, finite wherever they are: sum of ln cosh theta0 - ln cosh theta + (theta - theta0) m."""
    a, b = beta_f * theta, beta_f * anchor
    return jnp.sum(log_cosh(b) - log_cosh(a) + (a - b) * jnp.tanh(a))


def kl_magnetisations(m: Float[Array, "*dims"], m0: Float[Array, "*dims"]) -> Float[Array, "*dims"]:
    """The same of every weight, from magnetisations inside (-1, 1); at +-1 it is infinite or not a number."""
    up, down = (1 + m) / 2, (1 - m) / 2
    return up * jnp.log((1 + m) / (1 + m0)) + down * jnp.log((1 - m) / (1 - m0))


def fisher(m: Float[Array, "*dims"], beta_f: Scalar = 1.0) -> Float[Array, "*dims"]:
    """beta_f^2 (1 - m^2): near the anchor, KL = sum fisher (theta - theta0)^2 / 2, the penalty of elastic weight consolidation."""
    return beta_f**2 * (1 - m**2)


def data_gradient(
    theta: Float[Array, " dim"], task: Examples, beta_f: Scalar = 1.0, floor: float = FLOOR
) -> Float[Array, " dim"]:
    """The gradient of `data_loss` in the fields, in closed form: two products with the data."""
    m = magnetisation(theta, beta_f)
    variance = jnp.sum(1 - m**2)
    floored = jnp.maximum(variance, floor)
    a = task.y * (task.x @ m)
    u = a / jnp.sqrt(floored)
    log_phi = -(u**2) / 2 - jnp.log(jnp.asarray(2 * jnp.pi, u.dtype)) / 2
    lam = jnp.where(task.mask, jnp.exp(log_phi - log_ndtr(u)), 0.0)
    through_variance = jnp.where(variance > floor, jnp.sum(lam * a) / floored**1.5, 0.0)
    in_m = -((task.y * lam) @ task.x) / jnp.sqrt(floored) - m * through_variance
    return beta_f * (1 - m**2) * in_m


def kl_gradient(
    theta: Float[Array, "*dims"], anchor: Float[Array, "*dims"], beta_f: Scalar = 1.0
) -> Float[Array, "*dims"]:
    """beta_f^2 (theta - theta0) (1 - m^2)."""
    return fisher(magnetisation(theta, beta_f), beta_f) * (theta - anchor)
