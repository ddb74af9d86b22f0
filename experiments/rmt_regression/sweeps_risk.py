"""The points of a sweep, with predicted and simulated average test risk of three couplings, and of the four limits of the estimator."""

from typing import NamedTuple

import numpy as np

from experiments.rmt_regression.protocol import drawn, regression, sample_count
from mtrl import random_matrix
from mtrl.harness import evaluate, jax, jnp


class Sweep(NamedTuple):
    """One quantity: the field with its values, the name of a point's setting, words for the axis."""

    values: str
    setting: str
    words: str
    curves: str = "curve"


SWEEPS = {
    "samples": Sweep("ratios", "ratio", "samples per dimension n/d"),
    "noise": Sweep("noises", "noise", "noise variance σ²"),
    "alignment": Sweep("alphas", "alpha", "cosine α of the hyperplanes"),
    "tasks": Sweep("tasks", "tasks", "number of tasks T"),
    "dimension": Sweep("dims", "dim", "dimension d"),
    "limits": Sweep("limit_ratios", "ratio", "samples per dimension n/d", "limit"),
}


def grid_of(config, sweep):
    """Points (value, {alpha, noise, tasks, dim, count}) of one sweep."""
    base = dict(alpha=config.alpha, noise=config.noise, tasks=2, dim=config.dim, ratio=config.ratio)
    if sweep == "dimension":
        base["ratio"] = 1.0
    points = []
    for swept in getattr(config, SWEEPS[sweep].values):
        point = {**base, SWEEPS[sweep].setting: swept}
        points.append((float(swept), {**point, "count": sample_count(point.pop("ratio"), point["dim"])}))
    return points


def line_of(config, sweep, predict, at_points):
    """A fine axis and the prediction along it; the points themselves where the quantity is a whole number."""
    values = np.array([swept for swept, _ in grid_of(config, sweep)])
    if sweep in ("tasks", "dimension"):
        return values, at_points
    space = np.linspace if sweep == "alignment" else np.geomspace
    fine = np.union1d(space(values.min(), values.max(), 61), values)
    swept = dict(alpha=config.alpha, noise=config.noise, ratio=config.ratio)
    swept[SWEEPS[sweep].setting] = fine
    return fine, evaluate(predict, *(np.broadcast_to(array, fine.shape) for array in swept.values()), tasks=2)


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
