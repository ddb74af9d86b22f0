"""Predicted and simulated average test risk of three couplings, and of the four limits of the estimator."""

from experiments.rmt_regression.protocol import drawn, regression
from mtrl import random_matrix
from mtrl.harness import jax, jnp


def couplings(alpha, noise, tasks: int):
    """(curve, T, T): independent, strongly shared, and the Bayes coupling Omega/sig2, Omega = T gram."""
    one, gram = jnp.ones(tasks), random_matrix.aligned_gram(alpha, tasks)
    weak, strong = (random_matrix.coupling(100.0 * one, lam) for lam in (0.0, 100.0))
    return jnp.stack([weak, strong, tasks * gram / noise])


def risks(B, alpha, noise, ratio, tasks: int):
    """Average predicted test risk at every coupling of a stack."""
    one, gram = jnp.ones(tasks), random_matrix.aligned_gram(alpha, tasks)
    return jax.vmap(lambda B: regression.risk_isotropic(B, ratio * one, 1.0, gram, noise * one).test.mean())(B)


def predicted(alphas, noises, ratios, *, tasks: int):
    """(point, curve) average predicted test risk along three arrays."""

    def at(alpha, noise, ratio):
        return risks(couplings(alpha, noise, tasks), alpha, noise, ratio, tasks)

    return jax.vmap(at)(alphas, noises, ratios)


def predicted_limits(alphas, noises, ratios, *, tasks: int):
    """(point, limit) average predicted test risk of the limits; lam = 1e6 stands for infinity, the last is closed-form."""
    one = jnp.ones(tasks)
    B = jnp.stack([random_matrix.coupling(gamma * one, lam) for gamma, lam in ((1, 0.0), (0, 1.0), (1, 1e6))])

    def at(alpha, noise, ratio):
        # |beta_t|^2 = |w_t|^2/(Td) = 1/T plays the role of b2 in the single-task formula
        ridgeless = regression.ridgeless_risk(b2=1 / tasks, noise=noise, ratio=ratio)
        return jnp.append(risks(B, alpha, noise, ratio, tasks), ridgeless)

    return jax.vmap(at)(alphas, noises, ratios)


def simulated(key, alpha, noise, *, tasks: int, dim: int, count: int):
    """(curve,) average test risk of one training set."""
    params, data = drawn(key, alpha, noise, dim=dim, counts=(count,) * tasks)

    def risk(B):
        return random_matrix.exact_risk(params, regression.fit_dual(data, B=B).W).mean()

    return jax.lax.map(risk, couplings(alpha, noise, tasks))


def simulated_limits(key, alpha, noise, *, tasks: int, dim: int, count: int, sets: int = 6):
    """(limit,) average test risk of the limits, mean over `sets` training sets: they are small, and least squares fluctuates."""
    one = jnp.ones(tasks)

    def once(key):
        params, data = drawn(key, alpha, noise, dim=dim, counts=(count,) * tasks)
        fits = (
            regression.independent_ridge(data, gamma=one),
            regression.pooled_ridge(data, lam=1.0),
            regression.mean_regularised(data, gamma=one),
            regression.least_squares(data),
        )
        return jnp.stack([random_matrix.exact_risk(params, W).mean() for W in fits])

    return jax.lax.map(once, jax.random.split(key, sets)).mean(0)
