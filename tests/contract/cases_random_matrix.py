"""Contract rows of the multitask ridge and its predicted risks."""

import jax
import jax.numpy as jnp

from mtrl.random_matrix import TaskData, coupling
from mtrl.random_matrix.equivalents import equivalent_general, equivalent_isotropic
from mtrl.random_matrix.regression import (
    ModelStatistics,
    estimate_risk,
    fit_at,
    fit_conjugate_gradients,
    fit_dual,
    fit_primal,
    fit_shared_centre,
    fit_shared_features,
    independent_ridge,
    least_squares,
    mean_regularised,
    plug_in_risk,
    pooled_ridge,
    prepare_path,
    quadratic_loss,
    risk_commuting,
    risk_exchangeable,
    risk_general,
    risk_isotropic,
    risk_leading_order,
    risk_shared_centre,
    statistics_from_fit,
    statistics_from_least_squares,
    statistics_from_moments,
    tune,
)
from tests.contract.table import Case

T, N, D = 3, 12, 5
COUNTS = (12, 12, 12)


def gammas(x):
    return jnp.asarray([0.5, 1.0, 2.0], x.dtype)


def regression(key, dtype):
    """Features (T, N, D) and targets (T, N, 1)."""
    a, b = jax.random.split(key)
    return jax.random.normal(a, (T, N, D), dtype), jax.random.normal(b, (T, N, 1), dtype)


def data(X, y):
    return TaskData(X, y, jnp.asarray(COUNTS))


def targets_scaled(arrays, s):
    return arrays[0], arrays[1] * s


def permuted(arrays, perm):
    return tuple(a[perm] for a in arrays)


def back(output, perm):
    return jax.tree.map(lambda a: jnp.zeros_like(a).at[perm].set(a), output)


WHY = "targets are scaled; features of any scale meet the same coupling, so gamma times their square has to stay representable"


def solver(name, call, *, gamma_follows=True, differs=(), **options):
    """A row for an estimator; permutation only where one gamma serves all tasks."""
    return Case(
        f"rmt_{name}", call, regression, scale=targets_scaled, why=WHY, differs_from=differs,
        permute=None if gamma_follows else permuted, unpermute=None if gamma_follows else back, tasks=T, **options,
    )  # fmt: skip


def model(key, dtype):
    """Statistics of a model: hyperplanes (T, D), covariance (T, D, D), noise (T,)."""
    a, b, c = jax.random.split(key, 3)
    root = jax.random.normal(b, (T, D, D), dtype) / jnp.sqrt(jnp.asarray(D, dtype))
    return (
        jax.random.normal(a, (T, D), dtype),
        root @ root.mT + jnp.eye(D, dtype=dtype),
        jnp.exp(jax.random.normal(c, (T,), dtype)),
    )


def signal_scaled(arrays, s):
    """Hyperplanes by s, noise variances by s^2."""
    return arrays[0] * s, arrays[1], arrays[2] * s * s


def gram_of(W):
    return W @ W.T / (T * D)


COUPLED = 0.7
n = jnp.asarray([7.0, 9.0, 15.0])
same = jnp.asarray([9.0, 9.0, 9.0])


def with_one_gamma(call):
    """Every task gamma = 1 and n_t = 9, so that tasks may be permuted."""
    return lambda key, W, S, v: call(jnp.ones(T, W.dtype), same.astype(W.dtype), W, S, v)


def predicted(name, call, differs=()):
    return Case(
        f"rmt_{name}", with_one_gamma(call), model, scale=signal_scaled, scales=(1e-10, 1e10), why="scaled in the unit of the targets",
        permute=permuted, unpermute=back, tasks=T, differs_from=differs,
        compare=lambda risk: risk[:6],  # not the residual of the fixed point, which is rounding
    )  # fmt: skip


def identities(dtype):
    """Covariance I for every task."""
    return jnp.broadcast_to(jnp.eye(D, dtype=dtype), (T, D, D))


def statistics(estimated):
    """What the predictions need of the estimated moments."""
    return estimated.gram, estimated.second, estimated.noise


def from_one_fit(key, X, y):
    B = coupling(jnp.ones(T, X.dtype), COUPLED)
    fit = fit_dual(data(X, y), B=B)
    equivalent = equivalent_isotropic(B, jnp.asarray(COUNTS), D)
    return statistics_from_fit(fit.W[:, :, 0], equivalent, estimate_risk(fit).gcv)


def plugged_in(g, m, W, S, v):
    exact = ModelStatistics(W, jnp.einsum("ti,tj->tij", W, W) + jnp.eye(D, dtype=W.dtype) * v[:, None, None], v)
    return plug_in_risk(coupling(g, COUPLED), m, S, exact, noise_floor=0.0)


def own_error(g, m, W, S, v):
    """Quadratic loss with N = identity, per hyperplane."""
    B, weights = coupling(g, COUPLED), jnp.eye(T * D, dtype=W.dtype).reshape(T, D, T, D)
    test = risk_general(B, m, S, W, v).test
    return quadratic_loss(equivalent_general(B, m, S), B, S, W, weights, test)


CASES = [
    solver("fit_shared_features", lambda key, X, y: fit_shared_features(X[0], y[:, :, 0], B=coupling(jnp.ones(T, X.dtype), COUPLED))),
    solver("statistics_from_moments", lambda key, X, y: statistics(statistics_from_moments(data(X, y), identities(X.dtype)))),
    solver("statistics_from_least_squares", lambda key, X, y: statistics(statistics_from_least_squares(data(X, y))), differs=("rmt_statistics_from_moments",)),
    solver("statistics_from_fit", from_one_fit),
    predicted("plug_in_risk", plugged_in, differs=("rmt_risk_general",)),
    Case("rmt_quadratic_loss", with_one_gamma(own_error), model, scale=signal_scaled, scales=(1e-10, 1e10),
         why="scaled in the unit of the targets"),
    solver("fit_shared_centre", lambda key, X, y: fit_shared_centre(data(X, y), gamma=gammas(X), lam=COUPLED)),
    solver("fit_dual", lambda key, X, y: fit_dual(data(X, y), B=coupling(jnp.ones(T, X.dtype), COUPLED)), gamma_follows=False),
    solver("fit_primal", lambda key, X, y: fit_primal(data(X, y), B=coupling(jnp.ones(T, X.dtype), COUPLED)), gamma_follows=False),
    solver("fit_path", lambda key, X, y: fit_at(prepare_path(data(X, y), gamma=gammas(X)), COUPLED)),
    solver("fit_conjugate_gradients",
           lambda key, X, y: fit_conjugate_gradients(data(X, y), B=coupling(jnp.ones(T, X.dtype), COUPLED), iterations=40).W,
           gamma_follows=False),
    solver("independent", lambda key, X, y: independent_ridge(data(X, y), gamma=jnp.ones(T, X.dtype)), gamma_follows=False,
           differs=("rmt_fit_dual",)),
    solver("pooled", lambda key, X, y: pooled_ridge(data(X, y), lam=COUPLED), gamma_follows=False, differs=("rmt_independent",)),
    solver("mean_regularised", lambda key, X, y: mean_regularised(data(X, y), gamma=jnp.ones(T, X.dtype)), gamma_follows=False,
           differs=("rmt_pooled", "rmt_fit_dual")),
    solver("least_squares", lambda key, X, y: least_squares(data(X, y)), gamma_follows=False, differs=("rmt_independent",)),
    solver("leave_one_out", lambda key, X, y: estimate_risk(fit_shared_centre(data(X, y), gamma=jnp.ones(T, X.dtype), lam=COUPLED)),
           gamma_follows=False),
    solver("tuned", lambda key, X, y: tune(data(X, y), gammas=jnp.outer(jnp.asarray([0.5, 2.0], X.dtype), jnp.ones(T, X.dtype)),
                                           lams=jnp.asarray([0.0, 1.0], X.dtype))),
    predicted("risk_general", lambda g, m, W, S, v: risk_general(coupling(g, COUPLED), m, S, W, v)),
    predicted("risk_shared_centre", lambda g, m, W, S, v: risk_shared_centre(g, COUPLED, m, S, W, v)),
    predicted("risk_commuting", lambda g, m, W, S, v: risk_commuting(coupling(g, COUPLED), m, jnp.diagonal(S, axis1=1, axis2=2), W, v),
              differs=("rmt_risk_general",)),
    predicted("risk_isotropic", lambda g, m, W, S, v: risk_isotropic(coupling(g, COUPLED), m, D, gram_of(W), v),
              differs=("rmt_risk_general", "rmt_risk_commuting")),
    Case("rmt_risk_leading_order", lambda key, W, S, v: risk_leading_order(coupling(gammas(W), COUPLED), n.astype(W.dtype), D, gram_of(W), v),
         model, scale=signal_scaled, why="scaled in the unit of the targets"),
    Case("rmt_risk_exchangeable",
         lambda key, S: risk_exchangeable(S, gamma=1.0, lam=COUPLED, noise=jnp.mean(S), ratio=0.7),
         lambda key, dtype: (jnp.exp(jax.random.normal(key, (T,), dtype)),)),
]  # fmt: skip
