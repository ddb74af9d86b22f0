"""Predicted and held-out errors on recorded tasks, where hyperplanes, noise and covariances are not known."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Real

from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.random_matrix.couplings import coupling
from mtrl.random_matrix.data import TaskData
from mtrl.random_matrix.regression.solvers import (
    fit_at,
    fit_shared_centre,
    fitted_values,
    least_squares,
    prepare_path,
)
from mtrl.random_matrix.regression.tuning.grid import tune
from mtrl.random_matrix.regression.tuning.leave_one_out import estimate_risk
from mtrl.random_matrix.regression.tuning.statistics import (
    ModelStatistics,
    plug_in_risk,
    statistics_from_least_squares,
)


def naive_statistics(data: TaskData, *, spare: int) -> ModelStatistics:
    """Least-squares hyperplanes and their mean squared residual, as if they were the truth.

    With fewer rows than dimensions least squares fits the noise away; a ridge whose penalty GCV chooses (lam = 0, one gamma) takes its
    place, with noise |r|^2/tr Q.

    Args:
      data: all rows of every task; first output only.
      spare: rows of the smallest task beyond its dimension.
    """
    T, _, d = data.features.shape
    root = jnp.sqrt(jnp.asarray(T * d, data.features.dtype))
    if spare > 0:
        beta = least_squares(data)[:, :, 0] / root
        left = data.targets[:, :, 0] - jnp.einsum("tni,ti->tn", data.features, beta)
        noise = jnp.sum(left**2, axis=1) / data.counts.astype(left.dtype)
    else:
        gammas = jnp.geomspace(1e-3, 1e2, 26)[:, None] * jnp.ones(T)
        fit = fit_shared_centre(data, gamma=tune(data, gammas=gammas, lams=jnp.zeros(1)).gamma, lam=0.0)
        beta = fit.W[:, :, 0] / root
        noise = jnp.sum(fit.residual[:, :, 0] ** 2, axis=1) / jnp.sum(jnp.where(data.mask, fit.q_diag, 0), axis=1)
    return ModelStatistics(beta, beta[:, :, None] * beta[:, None, :], noise)


def plug_in_paths(
    data: TaskData, gamma: Scalar, lams: Float[Array, " grid_lam"], counts: Real[Array, " task"], *, spare: int
) -> Float[Array, "statistics split grid_lam"]:
    """Predicted (test, train) risk along lam from all rows' covariance and (naive, unbiased) statistics.

    Args:
      data: all rows of every task.
      gamma, lams, counts: couplings and training samples predicted for.
      spare: rows of the smallest task beyond its dimension; the unbiased statistics need two, else their predictions are NaN.
    """
    T, X = data.features.shape[0], data.features
    covariance = jnp.einsum("tni,tnj->tij", X, X) / data.counts.astype(X.dtype)[:, None, None]

    def path(estimated):
        def at(lam):
            B = coupling(gamma * jnp.ones(T), lam)
            risk = plug_in_risk(B, counts, covariance, estimated, noise_floor=0.0)
            return jnp.stack([risk.test.mean(), risk.train.mean()])

        return jax.lax.map(at, lams).T

    naive = path(naive_statistics(data, spare=spare))
    unbiased = path(statistics_from_least_squares(data)) if spare > 1 else jnp.full_like(naive, jnp.nan)
    return jnp.stack([naive, unbiased])


def held_out_path(
    key: PRNGKey,
    features: Float[Array, "task sample dim"],
    targets: Float[Array, "task sample"],
    sizes: Int[Array, " task"],
    gamma: Scalar,
    lams: Float[Array, " grid_lam"],
    *,
    counts: tuple[int, ...],
) -> Float[Array, "grid_lam kind"]:
    """Held-out error, GCV and training error, means over tasks: train on random rows of every task, test on its other rows.

    Args:
      key: of the split.
      features, targets: rows of every task, padded beyond its size.
      sizes: rows that are samples.
      gamma, lams: couplings.
      counts: rows that train, fewer than sizes.
    """
    T, N, _ = features.shape
    keys = split_named(key, "rows")
    room = max(counts)

    def take(t):
        luck = jax.random.uniform(jax.random.fold_in(keys["rows"], t), (N,))
        rows = jnp.argsort(jnp.where(jnp.arange(N) < sizes[t], luck, 2.0))
        train = (jnp.arange(room) < counts[t]).astype(features.dtype)
        used = jnp.zeros(N).at[rows[: counts[t]]].set(1.0)
        return features[t][rows[:room]] * train[:, None], targets[t][rows[:room]] * train, used

    X, y, used = (jnp.stack(part) for part in zip(*(take(t) for t in range(T)), strict=True))
    path = prepare_path(TaskData(X, y[:, :, None], jnp.asarray(counts)), gamma=jnp.full(T, gamma, X.dtype))
    held_out = (jnp.arange(N) < sizes[:, None]) & (used == 0)

    def at(lam):
        fit = fit_at(path, lam)
        estimated = estimate_risk(fit)
        error = (fitted_values(fit.W, features)[:, :, 0] - targets) ** 2
        test = jnp.sum(jnp.where(held_out, error, 0), 1) / jnp.sum(held_out, 1).astype(error.dtype)
        return jnp.stack([test.mean(), estimated.gcv.mean(), estimated.train.mean()])

    return jax.lax.map(at, lams)
