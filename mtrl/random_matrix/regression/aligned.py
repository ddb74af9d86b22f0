"""Equal tasks of one cosine with isotropic features: what simulations of `aligned_model` should show, on their axes.

Ilbert et al. 2024, sections 3 and 4, with n_t/d = ratio for every task; the dimension drops out. The same symbols throughout: alpha, the
cosine of the hyperplanes; gamma, the strength of the task-specific parts; lam, that of the shared one; noise, the variance of the targets'.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar
from mtrl.random_matrix.couplings import coupling
from mtrl.random_matrix.problem import aligned_gram
from mtrl.random_matrix.regression.risk import Risk, risk_isotropic, risk_leading_order
from mtrl.random_matrix.regression.tuning import GridMinimum, large_n_lam, minimise_nonnegative


def aligned_risk(alpha: Scalar, gamma: Scalar, noise: Scalar, lam: Scalar, ratio: Scalar, *, tasks: int = 2) -> Risk:
    """Predicted risks, averaged over tasks; `risk_isotropic` at this coupling."""
    gram, one = aligned_gram(alpha, tasks), jnp.ones(tasks)
    risk = risk_isotropic(coupling(gamma * one, lam), ratio * one, 1.0, gram, noise * one)
    return jax.tree.map(jnp.mean, risk)._replace(converged=risk.converged, residual=risk.residual)


def aligned_path(alpha: Scalar, gamma: Scalar, noise: Scalar, lams: Any, ratio: Scalar, *, tasks: int = 2) -> Risk:
    """`aligned_risk` at every lam; fields (lam,)."""
    return jax.vmap(lambda lam: aligned_risk(alpha, gamma, noise, lam, ratio, tasks=tasks))(lams)


def leading_order_path(
    alpha: Scalar, gamma: Scalar, noise: Scalar, lams: Float[Array, " lam"], ratio: Scalar
) -> Float[Array, " lam"]:
    """The paper's approximation of the test risk of two tasks with 1 + delta ~ 1 (`risk_leading_order`) at every lam."""
    gram, one = aligned_gram(alpha, 2), jnp.ones(2)

    def at(lam):
        return risk_leading_order(coupling(gamma * one, lam), ratio * one, 1.0, gram, noise * one).total

    return jax.vmap(at)(lams)


def best_shared(alpha: Scalar, gamma: Scalar, noise: Scalar, ratio: Scalar) -> GridMinimum:
    """Exact minimiser in lam of the predicted test risk of two tasks at fixed gamma, and the risk there."""
    return minimise_nonnegative(lambda lam: aligned_risk(alpha, gamma, noise, lam, ratio).test)


def best_shared_along(
    alphas: Float[Array, " setting"],
    gammas: Float[Array, " setting"],
    noises: Float[Array, " setting"],
    ratios: Float[Array, " setting"],
) -> tuple[Float[Array, " setting"], Float[Array, " setting"]]:
    """Best lam at every setting: exact (`best_shared`) and by the large-n formula (`large_n_lam`)."""

    def at(setting):
        alpha, gamma, noise, ratio = setting
        formula = large_n_lam(aligned_gram(alpha, 2), gamma=gamma, noise=noise)
        return best_shared(alpha, gamma, noise, ratio).argument, formula

    return jax.lax.map(at, (alphas, gammas, noises, ratios))


def excess_over_best(
    alpha: Scalar, gamma: Scalar, noise: Scalar, ratio: Scalar, lams: Float[Array, " lam"]
) -> Float[Array, " lam"]:
    """Predicted test risk of two tasks at every lam, relative to that of the best lam, minus 1."""
    risk = aligned_path(alpha, gamma, noise, lams, ratio).test
    return risk / best_shared(alpha, gamma, noise, ratio).value - 1
