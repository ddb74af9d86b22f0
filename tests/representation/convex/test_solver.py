import cvxpy as cp
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.representation.convex import penalties
from mtrl.representation.convex.clustered import _squared_norm, clustered
from mtrl.representation.convex.dirty import dirty
from mtrl.representation.convex.feature_selection import feature_selection
from mtrl.representation.convex.mtfl import mtfl
from mtrl.representation.convex.quadratic import value
from mtrl.representation.convex.robust import robust
from mtrl.representation.convex.robust_features import robust_features
from mtrl.representation.convex.solver import relative_gap
from mtrl.representation.convex.sparse_low_rank import sparse_low_rank
from mtrl.representation.convex.task_relationship import task_relationship
from mtrl.representation.convex.trace_norm import trace_norm
from tests.helpers import assert_close
from tests.representation.convex.fixtures import DIM, EXACT, TASKS, data, reference, solve, term

NORMS = {
    "rows": lambda w: cp.sum(cp.norm(w, 2, axis=1)),
    "columns": lambda w: cp.sum(cp.norm(w, 2, axis=0)),
    "l1": lambda w: cp.sum(cp.abs(w)),
    "l1,inf": lambda w: cp.sum(cp.max(cp.abs(w), axis=1)),
    "trace": cp.normNuc,
}


@pytest.mark.parametrize(
    ("fit", "second", "shared", "own", "weights"),
    [
        (dirty, "lam_s", "l1,inf", "l1", (0.5, 0.25)),
        (robust, "lam_s", "trace", "columns", (0.4, 0.3)),
        (robust_features, "lam_2", "rows", "columns", (0.4, 0.35)),
        (sparse_low_rank, "lam_s", "trace", "l1", (0.5, 0.3)),
    ],
)
def test_sum_of_two_structures_matches_cvxpy(fit, second, shared, own, weights):
    expected, _ = reference(lambda p, q: weights[0] * NORMS[shared](p) + weights[1] * NORMS[own](q), blocks=2)
    found = solve(fit, gap=EXACT, **{second: weights[1]})(weights[0])
    assert_close("P + Q", found.weights, expected, 1e-5)
    assert_close("sum", found.weights, found.shared + found.own, 1e-12)
    assert bool(found.converged)


PENALTIES = {
    "entries": penalties.entries(0.2),
    "rows": penalties.rows(0.3),
    "columns": penalties.columns(0.4),
    "row maxima": penalties.row_maxima(0.5),
    "singular values": penalties.singular_values(0.4),
    "squared trace norm": penalties.squared_trace_norm(0.02),
    "clusters": _squared_norm(0.1, 0.3, 2),
}


@pytest.mark.parametrize("name", PENALTIES)
def test_prox_dual_norm_and_conjugate_belong_to_the_penalty(name):
    """The prox is optimal among perturbations, and Fenchel's inequality holds, with equality at the prox."""
    penalty, step = PENALTIES[name], 0.7
    point = 2 * jax.random.normal(jax.random.key(1), (DIM, TASKS))
    (found,) = penalty.prox((point,), step)
    objective = lambda w: float(jnp.sum((w - point) ** 2) / 2 + step * penalty.value(w))  # noqa: E731
    best = objective(found)
    for k in range(20):
        other = found + 10.0 ** -(k % 4) * jax.random.normal(jax.random.key(k), point.shape)
        assert objective(other) >= best - 1e-10
    slope = (point - found) / step  # a subgradient of the penalty there
    assert float(penalty.dual_norm(slope)) <= 1 + 1e-9
    assert_close("Fenchel", penalty.value(found) + penalty.conjugate(slope), jnp.sum(found * slope), 1e-8)
    for k in range(20):
        pair = jax.random.normal(jax.random.key(k), (2, DIM, TASKS))
        dual = pair[1] / max(1.0, float(penalty.dual_norm(pair[1])))
        assert float(penalty.value(pair[0]) + penalty.conjugate(dual)) >= float(jnp.sum(pair[0] * dual)) - 1e-10


def test_gap_is_that_of_the_best_multiple_of_the_residuals():
    x, y = data()
    lam = 0.3
    exact = solve(feature_selection, gap=EXACT)(lam).weights

    def objective(w):
        return float(value(term(), w) + lam * jnp.sum(jnp.linalg.norm(w, axis=1)))

    for weights in (0.0 * exact, 0.5 * exact, 1.1 * exact, 0.1 * jax.random.normal(jax.random.key(9), (DIM, TASKS))):
        residual = np.asarray(y) - np.einsum("tnd,dt->tn", x, weights)
        slope = np.einsum("tnd,tn->dt", x, residual) / 12
        # A dual point by hand: no row of its gradient may be longer than lam.
        dual = residual * min(np.sum(y * residual) / np.sum(residual**2), lam / np.linalg.norm(slope, axis=1).max())
        bound = objective(weights) - (np.sum(y * dual) - np.sum(dual**2) / 2) / 12
        ours = float(relative_gap(term(), penalties.rows(lam), weights)) * np.sum(np.asarray(y) ** 2) / 24
        assert_close("gap", ours, bound, 1e-9)
        assert objective(weights) - objective(exact) <= ours + 1e-12
    assert abs(float(relative_gap(term(), penalties.rows(lam), exact))) < 1e-12


def test_stops_at_the_gap_asked_for():
    gaps = [float(solve(trace_norm, gap=goal)(0.4).gap) for goal in (1e-2, 1e-6)]
    assert gaps[1] <= 1e-6 < gaps[0] <= 1e-2
    short = solve(trace_norm, iterations=10)(0.4)
    assert not bool(short.converged)
    assert float(short.gap) > 1e-8


@pytest.mark.parametrize(
    ("fit", "more"),
    [
        (feature_selection, {}),
        (robust, {"lam_s": 0.3}),
        (mtfl, {}),
        (task_relationship, {"lam1": 0.1}),
        (clustered, {"eta": 0.1, "clusters": 2}),
    ],
)
def test_default_accuracy_and_numbers_that_are_none(fit, more):
    """Weights at the default gap are good to 1e-3; a NaN label gives NaN and never 'converged'."""
    run = solve(fit, **more)
    found = run(0.1)
    assert bool(found.converged)
    assert_close("default", found.weights, solve(fit, gap=EXACT, **more)(0.1).weights, 1e-3)
    means = term().means
    broken = term()._replace(means=means._replace(cross=means.cross.at[1, 2].set(jnp.nan)))
    lost = fit(broken, 0.1, **more)
    assert not bool(lost.converged)
    assert bool(jnp.any(jnp.isnan(lost.weights)))
    assert bool(jnp.isnan(lost.gap))
