"""Predicted and simulated average test risk of three couplings, and of the four limits of the estimator."""

import jax
import jax.numpy as jnp

from mtrl.numerics.keys import split_named
from mtrl.random_matrix import aligned_gram, aligned_model, coupling, exact_risk, sample_tasks
from mtrl.random_matrix.regression import (
    fit_dual,
    independent_ridge,
    least_squares,
    mean_regularised,
    pooled_ridge,
    ridgeless_risk,
    risk_isotropic,
)


def couplings(alpha, noise, tasks: int):
    """(curve, T, T): independent, strongly shared, and the Bayes coupling Omega/sig2, Omega = T gram."""
    one = jnp.ones(tasks)
    return jnp.stack(
        [coupling(100.0 * one, 0.0), coupling(100.0 * one, 100.0), tasks * aligned_gram(alpha, tasks) / noise]
    )


def predicted(alphas, noises, ratios, *, tasks: int):
    """(point, curve) average predicted test risk along three arrays."""
    one = jnp.ones(tasks)

    def at(alpha, noise, ratio):
        gram = aligned_gram(alpha, tasks)
        risk = lambda B: risk_isotropic(B, ratio * one, 1.0, gram, noise * one).test.mean()  # noqa: E731
        return jax.vmap(risk)(couplings(alpha, noise, tasks))

    return jax.vmap(at)(alphas, noises, ratios)


def predicted_limits(alphas, noises, ratios, *, tasks: int):
    """(point, limit) average predicted test risk of the limits; lam = 1e6 stands for infinity, the last is closed-form."""
    one = jnp.ones(tasks)
    B = jnp.stack([coupling(one, 0.0), coupling(0 * one, 1.0), coupling(one, 1e6)])

    def at(alpha, noise, ratio):
        gram = aligned_gram(alpha, tasks)
        ridges = jax.vmap(lambda B: risk_isotropic(B, ratio * one, 1.0, gram, noise * one).test.mean())(B)
        # |beta_t|^2 = |w_t|^2/(Td) = 1/T plays the role of b2 in the single-task formula
        return jnp.append(ridges, ridgeless_risk(b2=1 / tasks, noise=noise, ratio=ratio))

    return jax.vmap(at)(alphas, noises, ratios)


def simulated(key, alpha, noise, *, tasks: int, dim: int, count: int):
    """(curve,) average test risk of one training set."""
    keys = split_named(key, "problem", "data")
    params = aligned_model(keys["problem"], tasks=tasks, dim=dim, alpha=alpha, noise=noise)
    data = sample_tasks(keys["data"], params, counts=(count,) * tasks)
    return jax.lax.map(lambda B: exact_risk(params, fit_dual(data, B=B).W).mean(), couplings(alpha, noise, tasks))


def simulated_limits(key, alpha, noise, *, tasks: int, dim: int, count: int, sets: int = 6):
    """(limit,) average test risk of the limits, mean over `sets` training sets: they are small, and least squares fluctuates."""

    def once(key):
        keys = split_named(key, "problem", "data")
        params = aligned_model(keys["problem"], tasks=tasks, dim=dim, alpha=alpha, noise=noise)
        data, one = sample_tasks(keys["data"], params, counts=(count,) * tasks), jnp.ones(tasks)
        fits = (
            independent_ridge(data, gamma=one),
            pooled_ridge(data, lam=1.0),
            mean_regularised(data, gamma=one),
            least_squares(data),
        )
        return jnp.stack([exact_risk(params, W).mean() for W in fits])

    return jax.lax.map(once, jax.random.split(key, sets)).mean(0)
