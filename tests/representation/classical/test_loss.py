import jax
import numpy as np

from mtrl.numerics.moments import moments
from mtrl.numerics.optim.proximal import row_norms
from mtrl.representation.classical import loss as L
from mtrl.representation.classical.feature_selection import feature_selection, relative_gap
from mtrl.representation.classical.mean_regularised import mean_regularised, pooled_ridge
from mtrl.representation.classical.mtfl import mtfl
from mtrl.representation.classical.single_task import ridge
from tests.helpers import assert_close
from tests.representation.classical.fixtures import LONG, data, loss, solve


def test_value_gradient_and_errors_match_the_rows():
    x, y = data()
    weights = jax.random.normal(jax.random.key(9), (6, 5))
    residual = np.einsum("tnd,dt->tn", x, weights) - y
    assert_close("value", L.value(loss(), weights), (residual**2).sum() / 24, 1e-10)
    assert_close("gradient", L.gradient(loss(), weights), np.einsum("tnd,tn->dt", x, residual) / 12, 1e-10)
    assert_close("errors", L.task_errors(loss(), weights), (residual**2).mean(1), 1e-10)
    assert_close("zero", L.zero_gradient(loss()), L.gradient(loss(), 0 * weights), 1e-12)
    largest = max(np.linalg.eigvalsh(np.asarray(x[t].T @ x[t]))[-1] / 12 for t in range(5))
    assert_close("Lipschitz", loss().lipschitz, largest, 1e-10)
    assert_close("curvature", L.curvature(loss()), np.mean(np.asarray(x) ** 2), 1e-10)


def test_unequal_tasks_are_means_over_their_own_samples():
    x, y = data()
    mask = np.arange(12)[None] < np.array([12, 3, 7, 9, 5])[:, None]
    ours = L.loss_from_moments(moments(x, y, jax.numpy.asarray(mask)))
    errors = L.task_errors(ours, np.zeros((6, 5)) + 0.0 * x[0, 0, 0])
    assert_close("means", errors, [np.mean(np.asarray(y[t])[mask[t]] ** 2) for t in range(5)], 1e-12)


def test_one_design_needs_one_hessian():
    """Every use of the compact form equals that of the stacked one."""
    x, y = data(shared=True)
    stacked, compact = loss(shared=True), L.loss_shared_design(x[0], y)
    assert compact.hessian.shape == (1, 6, 6)
    weights = jax.random.normal(jax.random.key(9), (6, 5))
    for use in (L.value, L.gradient, L.task_errors):
        assert_close(use.__name__, use(compact, weights), use(stacked, weights), 1e-12)
    for use in (L.hessians, L.curvature):
        assert_close(use.__name__, use(compact), use(stacked), 1e-12)
    fits = {
        "ridge": lambda term: ridge(term, 0.1),
        "mean-regularised": lambda term: mean_regularised(term, 0.3, mu=0.1),
        "l2,1": lambda term: feature_selection(term, 0.1),
        "MTFL": lambda term: mtfl(term, 0.1, iterations=20),
    }
    for name, fit in fits.items():
        assert_close(name, fit(compact).weights, fit(stacked).weights, 1e-9)
    assert_close("pooled", pooled_ridge(compact, 0.1), pooled_ridge(stacked, 0.1), 1e-10)


def test_duality_gap_bounds_the_suboptimality():
    lam = 0.3
    exact = solve(feature_selection, iterations=LONG)(lam).weights

    def objective(w):
        return float(L.value(loss(), w) + lam * row_norms(w).sum())

    def gap(w):
        dual = row_norms(L.gradient(loss(), w)).max() / lam
        return float(L.duality_gap(loss(), w, lam * row_norms(w).sum(), dual))

    assert abs(gap(exact)) < 1e-9
    # A dual point by hand: the residuals, shrunk until no row of their gradient is longer than lam.
    x, y = data()
    for weights in (0.0 * exact, 0.5 * exact, 0.1 * jax.random.normal(jax.random.key(9), (6, 5))):
        residual = np.asarray(y) - np.einsum("tnd,dt->tn", x, weights)
        slope = np.einsum("tnd,tn->dt", x, residual) / 12
        dual = residual * min(1, lam / np.linalg.norm(slope, axis=1).max())
        bound = objective(weights) - (np.sum(y * dual) - np.sum(dual**2) / 2) / 12
        assert_close("gap", gap(weights), bound, 1e-9)
        assert_close("relative gap", relative_gap(loss(), weights, lam), bound / (np.sum(y**2) / 24), 1e-9)
    for scale in (0.0, 0.5, 1.1):
        suboptimality = objective(scale * exact) - objective(exact)
        assert suboptimality <= gap(scale * exact)
        assert suboptimality > 1e-3
