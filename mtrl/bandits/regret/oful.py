"""OFUL, one per task: optimism in the face of uncertainty for linear bandits; and the oracle that plays it on the true features.

Abbasi-Yadkori, Pal and Szepesvari, "Improved algorithms for linear stochastic bandits", NeurIPS 2011, Section 3 and
Theorem 2: LinUCB with the multiplier `beta_t = sigma sqrt(d log((1 + t L^2 / lam) / delta)) + sqrt(lam) S`. Regret
~O(d sqrt(T)) per task.
"""

import jax.numpy as jnp

from mtrl.bandits.regret.ridge_statistics import index_algorithm
from mtrl.bandits.theory import oful_radius
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_nonnegative, check_share
from mtrl.numerics.types import Scalar


def oful(
    *,
    scale: Scalar = 1.0,
    noise: Scalar = 1.0,
    delta: Scalar = 0.05,
    norm_bound: Scalar = 1.0,
    input_bound: Scalar = 1.0,
    ridge: Scalar = 1.0,
    known_features: bool = False,
) -> Algorithm:
    """OFUL.

    Args:
      scale: multiplier of the radius; 1 is the theorem's, 0 acts greedily.
      noise: sigma, the noise's sub-Gaussian standard deviation.
      delta: chance that the confidence set of one task fails.
      norm_bound: S, bound on `||theta_i||`.
      input_bound: L, bound on `||x||`.
      ridge: lam, above 0.
      known_features: play on the true features, see `known_representation`.

    Raises:
      BadInput: a number outside its range.
    """
    check_nonnegative(scale=scale, noise=noise, norm_bound=norm_bound, input_bound=input_bound)
    check_share(delta=delta)

    def multiplier(rounds, dim):
        bounds = dict(noise=noise, delta=delta, norm_bound=norm_bound, input_bound=input_bound, ridge=ridge)
        bounds = {name: jnp.asarray(value, rounds.dtype) for name, value in bounds.items()}
        return jnp.asarray(scale, rounds.dtype) * oful_radius(dim, rounds, **bounds)

    return index_algorithm(multiplier, ridge, known_features=known_features)


def known_representation(**hyper: Scalar) -> Algorithm:
    """The oracle that knows phi: OFUL per task on the true k-dimensional features, the lower envelope of the figures.

    Args:
      **hyper: as OFUL's.
    """
    return oful(known_features=True, **hyper)
