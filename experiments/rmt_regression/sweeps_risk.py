"""Predicted and simulated average test risk of three couplings, and of the four limits of the estimator."""

from mtrl import random_matrix
from mtrl.harness import jax, jnp, split_named


def couplings(alpha, noise, tasks: int):
    """(curve, T, T): independent, strongly shared, and the Bayes coupling Omega/sig2, Omega = T gram."""
    one = jnp.ones(tasks)
    return jnp.stack(
        [
            random_matrix.coupling(100.0 * one, 0.0),
            random_matrix.coupling(100.0 * one, 100.0),
            tasks * random_matrix.aligned_gram(alpha, tasks) / noise,
        ]
    )


def predicted(alphas, noises, ratios, *, tasks: int):
    """(point, curve) average predicted test risk along three arrays."""
    one = jnp.ones(tasks)

    def at(alpha, noise, ratio):
        gram = random_matrix.aligned_gram(alpha, tasks)
        risk = lambda B: random_matrix.regression.risk_isotropic(B, ratio * one, 1.0, gram, noise * one).test.mean()  # noqa: E731
        return jax.vmap(risk)(couplings(alpha, noise, tasks))

    return jax.vmap(at)(alphas, noises, ratios)


def predicted_limits(alphas, noises, ratios, *, tasks: int):
    """(point, limit) average predicted test risk of the limits; lam = 1e6 stands for infinity, the last is closed-form."""
    one = jnp.ones(tasks)
    B = jnp.stack(
        [random_matrix.coupling(one, 0.0), random_matrix.coupling(0 * one, 1.0), random_matrix.coupling(one, 1e6)]
    )

    def at(alpha, noise, ratio):
        gram = random_matrix.aligned_gram(alpha, tasks)
        ridges = jax.vmap(
            lambda B: random_matrix.regression.risk_isotropic(B, ratio * one, 1.0, gram, noise * one).test.mean()
        )(B)
        # |beta_t|^2 = |w_t|^2/(Td) = 1/T plays the role of b2 in the single-task formula
        return jnp.append(ridges, random_matrix.regression.ridgeless_risk(b2=1 / tasks, noise=noise, ratio=ratio))

    return jax.vmap(at)(alphas, noises, ratios)


def simulated(key, alpha, noise, *, tasks: int, dim: int, count: int):
    """(curve,) average test risk of one training set."""
    keys = split_named(key, "problem", "data")
    params = random_matrix.aligned_model(keys["problem"], tasks=tasks, dim=dim, alpha=alpha, noise=noise)
    data = random_matrix.sample_tasks(keys["data"], params, counts=(count,) * tasks)
    return jax.lax.map(
        lambda B: random_matrix.exact_risk(params, random_matrix.regression.fit_dual(data, B=B).W).mean(),
        couplings(alpha, noise, tasks),
    )


def simulated_limits(key, alpha, noise, *, tasks: int, dim: int, count: int, sets: int = 6):
    """(limit,) average test risk of the limits, mean over `sets` training sets: they are small, and least squares fluctuates."""

    def once(key):
        keys = split_named(key, "problem", "data")
        params = random_matrix.aligned_model(keys["problem"], tasks=tasks, dim=dim, alpha=alpha, noise=noise)
        data, one = random_matrix.sample_tasks(keys["data"], params, counts=(count,) * tasks), jnp.ones(tasks)
        fits = (
            random_matrix.regression.independent_ridge(data, gamma=one),
            random_matrix.regression.pooled_ridge(data, lam=1.0),
            random_matrix.regression.mean_regularised(data, gamma=one),
            random_matrix.regression.least_squares(data),
        )
        return jnp.stack([random_matrix.exact_risk(params, W).mean() for W in fits])

    return jax.lax.map(once, jax.random.split(key, sets)).mean(0)
