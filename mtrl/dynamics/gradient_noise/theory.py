"""What annealed gradient noise does in closed form: total noise, random walk of weights, gains of layers, escape from saddles, basins.

Derived for Neelakantan et al. 2015 (arXiv 1511.06807), whose rule is `sigma_t^2 = eta / (1 + t)^gamma`.

| symbol | name | unit |
| --- | --- | --- |
| T | steps | updates |
| H_T | total_noise | `sum_{t<T} (1 + t)^-gamma` |
| eta, gamma | eta, gamma | variance, decay |
| lr | lr | |
| s_w | spread | standard deviation of the initial weights |
| n | width | units |
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.descent.noise import GAMMA, noise_variance
from mtrl.numerics.checks import check_nonnegative, check_positive, check_whole
from mtrl.numerics.types import Numbers, Scalar

_BEYOND = 12  # terms of zeta summed one by one before its Euler-Maclaurin tail


def _tail(n: Array, gamma: Array) -> Array:
    """`sum_{k<=n} k^-gamma - zeta(gamma)` by Euler and Maclaurin; error below 1e-3 n^-(gamma + 5)."""
    third = gamma * (gamma + 1) * (gamma + 2)
    return (
        n ** (1 - gamma) / (1 - gamma)
        + n**-gamma / 2
        - gamma * n ** (-gamma - 1) / 12
        + third * n ** (-gamma - 3) / 720
    )


def zeta(gamma: Scalar) -> Float[Array, ""]:
    """Riemann's zeta at gamma >= 0 other than 1; zeta(0.55) = -1.67872."""
    gamma = jnp.asarray(gamma, float)
    k = jnp.arange(1.0, _BEYOND + 1)
    return jnp.sum(k**-gamma) - _tail(jnp.asarray(float(_BEYOND)), gamma)


def total_noise(steps: Numbers, gamma: Scalar = GAMMA) -> Float[Array, "*steps"]:
    """`H_T = T^(1-gamma)/(1-gamma) + zeta(gamma) + T^-gamma/2 + ...`, by two more terms; 0 at T = 0; gamma other than 1.

    Raises:
      BadInput: a number of steps below 0.
    """
    check_nonnegative(steps=steps)
    steps, gamma = jnp.asarray(steps, float), jnp.asarray(gamma, float)
    return jnp.where(steps > 0, _tail(jnp.maximum(steps, 1.0), gamma) + zeta(gamma), 0.0)


def walk_std(steps: Numbers, *, lr: Scalar, eta: Scalar, gamma: Scalar = GAMMA) -> Float[Array, "*steps"]:
    """`std(w_T - w_0) = lr sqrt(eta H_T)` of weights that noise alone moves."""
    return jnp.asarray(lr) * jnp.sqrt(jnp.asarray(eta) * total_noise(steps, gamma))


def gain(width: Scalar, variance: Numbers) -> Float[Array, "*variance"]:
    """`E|h'|^2 / |h|^2 = n s_w^2 / 2` of a ReLU layer of random weights of that variance, without biases."""
    return jnp.asarray(width, float) * jnp.asarray(variance, float) / 2


def log_gain(width: int, variance: Numbers) -> Float[Array, "*variance"]:
    """Drift of a random walk start, `E log(|h'|^2 / |h|^2)` of a ReLU layer, in nats: below the log of the mean, more so in narrow layers.

    Of n units K pass, each with chance 1/2, and the gain is `s_w^2 chi^2_K`, so that `E log = log(2 s_w^2) + E[digamma(K / 2) | K > 0]`.

    Raises:
      BadInput: width below 1.
    """
    check_whole(width=width)
    passing = jnp.arange(1.0, width + 1)
    weight = jax.scipy.stats.binom.pmf(passing, width, 0.5)
    middle = jnp.sum(weight * jax.scipy.special.digamma(passing / 2)) / (1 - 0.5**width)
    return jnp.log(2 * jnp.asarray(variance, float)) + middle


def noisy_gain(
    steps: Numbers, *, width: Scalar, spread: Scalar, lr: Scalar, eta: Scalar, gamma: Scalar = GAMMA
) -> Float[Array, "*steps"]:
    """`n (s_w^2 + lr^2 eta H_T) / 2`, as long as gradients vanish."""
    return gain(width, jnp.asarray(spread) ** 2 + walk_std(steps, lr=lr, eta=eta, gamma=gamma) ** 2)


def steps_to_gain_one(
    *, width: Scalar, spread: Scalar, lr: Scalar, eta: Scalar, gamma: Scalar = GAMMA
) -> Float[Array, ""]:
    """Least T at which noise alone has brought the gain to 1 (escape is earlier, once the gradient is visible); at most 1e18.

    Raises:
      BadInput: width, lr or eta is not above 0.
    """
    check_positive(width=width, lr=lr, eta=eta)

    def enough(steps):
        return noisy_gain(steps, width=width, spread=spread, lr=lr, eta=eta, gamma=gamma) >= 1

    def halve(_, ends):
        low, high = ends
        middle = jnp.floor((low + high) / 2)
        return jnp.where(enough(middle), low, middle), jnp.where(enough(middle), middle, high)

    ends = jnp.asarray(-1.0), jnp.asarray(1e18)
    return jax.lax.fori_loop(0, 64, halve, ends)[1]


def saddle_spread(steps: int, *, curvature: Scalar, lr: Scalar, eta: Scalar, gamma: Scalar = GAMMA) -> Float[Array, ""]:
    """`s = lr sqrt(sum_t sigma_t^2 (1 + lr l)^(-2(t+1)))`: y_T is N(0, s^2) times `(1 + lr l)^T`."""
    check_whole(steps=steps)
    t = jnp.arange(steps)
    growth = 1 + jnp.asarray(lr) * jnp.asarray(curvature)
    return jnp.asarray(lr) * jnp.sqrt(
        jnp.sum(noise_variance(t, eta=eta, gamma=gamma) * growth ** (-2.0 * (t.astype(float) + 1)))
    )


def median_escape(
    *, curvature: Scalar, lr: Scalar, eta: Scalar, gamma: Scalar = GAMMA, bound: Scalar = 1.0, steps: int = 4000
) -> Float[Array, ""]:
    """Median step at which a run from the exact saddle `-l y^2 / 2` leaves |y| < bound: `ln(bound / (0.674 s)) / ln(1 + lr l)`.

    Args:
      curvature: l.
      lr, eta, gamma: of the descent; without noise (eta = 0) the median is infinite.
      bound: of the exit.
      steps: summed in s; later noise is too late to matter once `(1 + lr l)^steps` is large.
    """
    s = saddle_spread(steps, curvature=curvature, lr=lr, eta=eta, gamma=gamma)
    return jnp.log(jnp.asarray(bound) / (0.6744897501960817 * s)) / jnp.log1p(jnp.asarray(lr) * jnp.asarray(curvature))


def basin_variance(variance: Numbers, *, curvature: Scalar, lr: Scalar) -> Float[Array, "*variance"]:
    """`lr sigma^2 / (h (2 - lr h))` in a basin of curvature h: stationary for fixed noise, followed closely by annealed noise."""
    h, lr = jnp.asarray(curvature, float), jnp.asarray(lr, float)
    return lr * jnp.asarray(variance, float) / (h * (2 - lr * h))


def shares_entropy(shares: Float[Array, " label"]) -> Float[Array, ""]:
    """Loss of a network that only knows class shares, in nats: where a zero start without noise ends; `ln C` of equal shares."""
    return -jnp.sum(jnp.where(shares > 0, shares * jnp.log(jnp.where(shares > 0, shares, 1.0)), 0.0))
