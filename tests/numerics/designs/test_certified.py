"""D-, G-, E- and XY-optimal designs against their certificates, closed forms, a conic solver, and each other."""

import functools

import cvxpy as cp
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.designs.certificate import check_spanning, whiten
from mtrl.numerics.designs.e_optimal import check_distribution, contextual_e_optimal, e_optimal
from mtrl.numerics.designs.g_optimal import g_optimal
from mtrl.numerics.designs.xy_optimal import spread, xy_optimal
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

LEFT, RIGHT = np.triu_indices(5, 1)
CANONICAL = jnp.eye(5)[LEFT] - jnp.eye(5)[RIGHT]
g = jax.jit(g_optimal, static_argnames=("method", "iterations"))
e = jax.jit(e_optimal, static_argnames="iterations")
context = jax.jit(contextual_e_optimal, static_argnames="iterations")
xy = jax.jit(xy_optimal, static_argnames=("method", "iterations"))


@pytest.fixture(scope="module")
def points():
    """40 anisotropic arms in R^4."""
    return jnp.asarray(np.random.default_rng(0).normal(size=(40, 4)) * [1, 0.7, 0.5, 0.3])


def information(x, weights):
    return np.asarray(x).T @ (np.asarray(weights)[:, None] * np.asarray(x))


def test_kiefer_wolfowitz(points):
    """The largest length equals d at the D-optimum, whose support has at most d (d + 1) / 2 points."""
    exchange, multiply = g(points), g(points, method="multiplicative")
    assert exchange.converged and exchange.value - exchange.bound < 1e-6
    assert (exchange.weights > 0).sum() <= 10 and exchange.rank == 4
    dets = [np.linalg.slogdet(information(points, d.weights))[1] for d in (exchange, multiply)]
    assert_close("log det, multiplicative against Fedorov-Wynn", dets[1], dets[0], rtol=1e-7)
    inverse = np.linalg.inv(information(points, exchange.weights))
    lengths = np.einsum("ni,ij,nj->n", points, inverse, points)
    assert_close("largest length", exchange.value, lengths.max(), rtol=1e-10)
    weights = cp.Variable(40, nonneg=True)
    problem = cp.Problem(cp.Maximize(cp.log_det(points.T @ cp.diag(weights) @ points)), [cp.sum(weights) == 1])
    problem.solve(solver=cp.CLARABEL)
    assert_close("log det by a conic solver", dets[0], problem.value, rtol=1e-6)


def test_multiplicative_never_lowers_log_det(points):
    dets = [
        np.linalg.slogdet(information(points, g(points, method="multiplicative", iterations=n).weights))[1]
        for n in (1, 2, 5, 20)
    ]
    assert np.all(np.diff(dets) > 0)


@pytest.mark.parametrize("design", [g, functools.partial(g, method="multiplicative"), e])
def test_canonical_arms_are_measured_equally(design):
    found = design(jnp.eye(5))
    assert_close("canonical weights", found.weights, np.full(5, 0.2), rtol=1e-9)
    assert_close("canonical value", found.value, 5.0)
    assert found.converged


def test_a_span_of_lower_dimension(points):
    """Three dimensions of four, one arm, and NaN."""
    flat = points.at[:, 3].set(points[:, 0] - points[:, 1])
    design = g(flat)
    assert design.rank == 3 and design.converged
    assert_close("design of the span", design.value, g(points[:, :3]).value, rtol=1e-6)
    assert g(jnp.ones((1, 1)))._replace(weights=None) == (None, 1, 1, 0, True, 1)
    assert not e(flat).converged  # E: the smallest eigenvalue is 0
    for design in (g, e):
        assert not design(points.at[0, 0].set(jnp.nan)).converged


def test_whitened_coordinates(points):
    rows, change, kept = whiten(jnp.concatenate([points, points[:, :1]], axis=1))
    assert_close("moments of whitened points", rows.T @ rows, np.diag([1.0, 1, 1, 1, 0]), atol=1e-10)
    assert kept.sum() == 4 and change.shape == (5, 5)


def test_e_optimal_closed_forms():
    norms = np.array([1, 0.7, 0.5, 0.3])
    design = e(jnp.diag(norms))
    assert_close("E, orthogonal arms", design.weights, norms**-2 / (norms**-2).sum(), atol=3e-4)
    assert_close("rho_E, orthogonal arms", design.value, (norms**-2.0).sum(), rtol=3e-4)
    pair = e(jnp.array([[1.0, 0], [0, 0.5]]))
    assert_close("E of {e1, e2 / 2}", pair.weights, [0.2, 0.8], atol=2e-4)
    assert_close("rho_E of {e1, e2 / 2}", pair.value, 5.0, rtol=2e-4)
    angles = 2 * np.pi * np.arange(5) / 5
    pentagon = e(jnp.stack([jnp.cos(angles), jnp.sin(angles)], axis=1))
    assert_close("smallest eigenvalue of the pentagon", 1 / pentagon.value, 0.5)


def test_e_optimal_by_a_semidefinite_program(points):
    design = e(points)
    smallest = np.linalg.eigvalsh(information(points, design.weights))[0]
    assert_close("value of the weights", design.value, 1 / smallest)
    assert design.converged and design.gap < 5e-3
    weights, t = cp.Variable(40, nonneg=True), cp.Variable()
    matrix = sum(weights[i] * np.outer(points[i], points[i]) for i in range(40)) - t * np.eye(4)
    problem = cp.Problem(cp.Maximize(t), [cp.sum(weights) == 1, matrix >> 0])
    problem.solve(solver=cp.CLARABEL)
    assert design.bound <= 1 / problem.value * (1 + 1e-6) and 1 / problem.value <= design.value * (1 + 1e-6)


def test_scale_does_not_matter(points):
    for scale in (1e-10, 1e10):
        assert_close("E of scaled arms", e(points * scale).value * scale**2, e(points).value, rtol=1e-9)
        assert_close("G of scaled arms", g(points * scale).value, 4.0, rtol=1e-6)


def test_contextual_design():
    """One context is the plain design; of several, the best policy is bracketed by a semidefinite program."""
    rng = np.random.default_rng(1)
    features = jnp.asarray(rng.normal(size=(5, 5, 4)))
    features = features / jnp.linalg.norm(features, axis=-1, keepdims=True)
    shares = jnp.array([0.1, 0.3, 0.2, 0.25, 0.15])
    design = context(features, shares)
    assert_close("rows of the policy", design.weights.sum(1), np.ones(5))
    assert design.converged
    policy, t = cp.Variable((5, 5), nonneg=True), cp.Variable()
    matrix = sum(
        float(shares[s]) * policy[s, a] * np.outer(features[s, a], features[s, a]) for s in range(5) for a in range(5)
    )
    problem = cp.Problem(cp.Maximize(t), [cp.sum(policy, axis=1) == 1, matrix - t * np.eye(4) >> 0])
    problem.solve(solver=cp.CLARABEL)
    assert design.bound <= 1 / problem.value * (1 + 1e-6) and 1 / problem.value <= design.value * (1 + 1e-6)
    alone = context(features[:1], jnp.ones(1))
    assert_close("one context", alone.value, e(features[0]).value, rtol=1e-9)


@pytest.mark.parametrize("method", ["multiplicative", "frank_wolfe"])
def test_xy_canonical(method):
    """2 d with all arms, 4 with two of them, on these two alone."""
    everything = xy(jnp.eye(5), CANONICAL, method=method)
    assert_close("XY of canonical arms", everything.value, 10.0, rtol=6e-3)
    pair = xy(jnp.eye(5), CANONICAL, jnp.asarray((LEFT == 0) & (RIGHT == 1)), method=method)
    assert_close("XY of one pair", pair.value, 4.0, rtol=6e-3)
    assert_close("XY weights of one pair", pair.weights, [0.5, 0.5, 0, 0, 0], atol=3e-3)
    for design in (everything, pair):
        assert design.bound <= design.value * (1 + 1e-12) and design.converged


def test_xy_in_the_true_features():
    """Arms outside the features' span measure nothing and cost nothing."""
    features = jnp.eye(5)[:, :2]
    design = xy(features, features[LEFT] - features[RIGHT])
    assert_close("XY in k = 2 dimensions", design.value, 4.0, rtol=1e-6)
    assert design.rank == 2
    nothing = xy(features, features[LEFT] - features[RIGHT], jnp.zeros(10, bool))
    assert nothing.value == 0 and np.isfinite(nothing.weights).all()


def test_xy_is_certified_and_below_kiefer_wolfowitz(points):
    left, right = np.triu_indices(12, 1)
    x = points[:12]
    y = x[left] - x[right]
    for method in ("multiplicative", "frank_wolfe"):
        design = xy(x, y, method=method, iterations=400)
        v = np.einsum("ni,ij,nj->n", y, np.linalg.inv(information(x, design.weights)), y)
        assert_close(f"XY value, {method}", design.value, v.max(), rtol=1e-8)
        assert design.bound <= design.value <= 16 * (1 + 1e-9)
        assert method == "frank_wolfe" or design.gap < 0.02
    shares = cp.Variable(12, nonneg=True)
    matrix = x.T @ cp.diag(shares) @ x
    problem = cp.Problem(cp.Minimize(cp.maximum(*[cp.matrix_frac(row, matrix) for row in y])), [cp.sum(shares) == 1])
    problem.solve(solver=cp.CLARABEL)
    design = xy(x, y)
    assert design.bound <= problem.value * (1 + 1e-6) and problem.value <= design.value * (1 + 1e-6)


def test_a_direction_that_is_not_seen_is_infinitely_uncertain():
    assert np.isinf(spread(jnp.eye(3), jnp.eye(3), jnp.array([0.5, 0.5, 0.0])))


def test_many_problems_at_once(points):
    """vmap gives what one problem at a time does."""
    many = jnp.stack([points[:20], points[20:]])
    y = many[:, :6] - many[:, 6:12]
    for design in (g_optimal, e_optimal):
        together = jax.jit(jax.vmap(functools.partial(design, iterations=50)))(many)
        alone = jax.jit(functools.partial(design, iterations=50))(many[1])
        assert_close("vmapped design", together.weights[1], alone.weights, atol=1e-9)
    together = jax.jit(jax.vmap(functools.partial(xy_optimal, iterations=50)))(many, y)
    assert_close("vmapped XY", together.value[1], xy(many[1], y[1], iterations=50).value, rtol=1e-9)


def test_bad_input(points):
    with pytest.raises(BadInput, match="method got 'newton', but takes one of fedorov_wynn, multiplicative"):
        g_optimal(points, method="newton")
    with pytest.raises(BadInput, match="tolerance got 1e-09, but float32 reaches no less than 1e-07; run with x64"):
        g_optimal(points.astype(jnp.float32), tolerance=1e-9)
    with pytest.raises(BadInput, match="tolerance got -1"):
        e_optimal(points, tolerance=-1.0)
    with pytest.raises(BadInput, match="arms span only 3 of 4 dimensions"):
        check_spanning("arms", points.at[:, 3].set(0))
    with pytest.raises(BadInput, match=r"probabilities sum to 0.9, but must sum to 1"):
        contextual_e_optimal(points[None], jnp.array([0.9]))
    with pytest.raises(BadInput, match="pi got -0.5"):
        check_distribution("pi", jnp.array([[1.5, -0.5]]))
    with pytest.raises(BadInput, match="iterations got 0"):
        xy_optimal(points, points, iterations=0)
