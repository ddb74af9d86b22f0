"""One task, identity covariance: the classical closed forms every multitask formula must reduce to."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar


class SingleTaskRisk(NamedTuple):
    """Ridge risk of one task and its optimism delta."""

    test: Float[Array, ""]
    delta: Float[Array, ""]


def marchenko_pastur(level: Scalar, aspect: Scalar) -> Float[Array, ""]:
    """Stieltjes transform `m(-l)` of the Marchenko-Pastur law of X X^T/n at -l, aspect c = d/n:
    `(-(1-c+l) + sqrt((1-c+l)^2 + 4cl))/(2cl)`."""  # fmt: skip
    half = 1 - aspect + level
    return (-half + jnp.sqrt(half**2 + 4 * aspect * level)) / (2 * aspect * level)


def single_task_risk(gamma: Scalar, *, b2: Scalar, noise: Scalar, ratio: Scalar) -> SingleTaskRisk:
    """Test risk of one ridge regression (Hastie, Montanari, Rosset & Tibshirani 2022): `b2 l^2 m' + sig2 c (m - l m') + sig2`.

    Here `l = d/(n gamma)` is the penalty of the covariance form, c = d/n and m' = -dm/dl; `delta = (d/n) m(-l)`.

    Args:
      gamma: inverse penalty of the multitask form with T = 1.
      b2: |w|^2/d.
      noise: variance of the label noise.
      ratio: n/d.
    """
    c = 1 / jnp.asarray(ratio, float)
    level = c / gamma
    m = marchenko_pastur(level, c)
    slope = -jax.grad(marchenko_pastur)(level, c)
    return SingleTaskRisk(b2 * level**2 * slope + noise * c * (m - level * slope) + noise, c * m)


def ridgeless_risk(*, b2: Scalar, noise: Scalar, ratio: Scalar) -> Float[Array, ""]:
    """Limit gamma -> inf: `sig2/(1 - d/n)` for n > d (least squares), `b2 (1 - n/d) + sig2/(1 - n/d)` for n < d (minimum norm)."""
    ratio = jnp.asarray(ratio, float)
    over = ratio > 1
    classical = noise / (1 - 1 / jnp.where(over, ratio, 2.0))
    interpolating = b2 * (1 - ratio) + noise / (1 - jnp.where(over, 0.5, ratio))
    return jnp.where(over, classical, interpolating)


def optimal_gamma(*, b2: Scalar, noise: Scalar) -> Float[Array, ""]:
    """Best gamma of one task, `|w|^2/(d sig2)` (Dobriban & Wager 2018)."""
    return jnp.asarray(b2, float) / noise
