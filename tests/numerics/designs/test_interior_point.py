"""E- and XY-optimal designs to gaps of 1e-6: closed forms, a conic solver, and the certificate itself."""

import cvxpy as cp
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.designs import interior_point
from mtrl.numerics.designs.xy_optimal import spread
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

LEFT, RIGHT = np.triu_indices(5, 1)
CANONICAL = jnp.eye(5)[LEFT] - jnp.eye(5)[RIGHT]
GAP = 1e-6
e = jax.jit(interior_point.e_optimal)
context = jax.jit(interior_point.contextual_e_optimal)
xy = jax.jit(interior_point.xy_optimal)
TIGHT = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), 1e-10)


@pytest.fixture(scope="module")
def points():
    """40 anisotropic arms in R^4."""
    return jnp.asarray(np.random.default_rng(0).normal(size=(40, 4)) * [1, 0.7, 0.5, 0.3])


@pytest.fixture(scope="module")
def directions():
    """Six directions of which the last two span nothing new."""
    rows = np.random.default_rng(1).normal(size=(4, 4))
    return jnp.asarray(np.concatenate([rows, rows[:1] + rows[1:2], rows[2:3] - rows[3:]]))


def information(x, weights):
    return np.asarray(x).T @ (np.asarray(weights)[:, None] * np.asarray(x))


def solve(goal, weights, constraints=()):
    """Value of a convex program over the simplex."""
    problem = cp.Problem(goal, [cp.sum(weights) == 1, *constraints])
    return problem.solve(solver=cp.CLARABEL, **TIGHT)


def test_closed_forms():
    """Orthogonal arms of norms a: weights ~ 1/a^2; two canonical arms: a half each and value 4; all pairs of them: 2 d."""
    lengths = np.array([1, 0.5, 0.2, 0.1])
    design = e(jnp.diag(jnp.asarray(lengths)))
    assert_close("value, orthogonal arms", design.value, np.sum(lengths**-2), rtol=GAP)
    assert_close("their weights", design.weights, lengths**-2 / np.sum(lengths**-2), rtol=1e-5)
    one = xy(jnp.eye(5), CANONICAL, jnp.arange(10) == 0)
    assert_close("value, one pair", one.value, 4.0, rtol=GAP)
    assert_close("its weights", one.weights, [0.5, 0.5, 0, 0, 0], rtol=0, atol=1e-5)
    every = xy(jnp.eye(5), CANONICAL)
    assert_close("value, every pair", every.value, 10.0, rtol=GAP)
    assert design.converged and one.converged and every.converged


def test_the_value_and_bound_are_what_they_say(points, directions):
    """The value is that of the weights; no other design found is below the bound."""
    design = e(points)
    assert_close("1 / lambda_min", design.value, 1 / np.linalg.eigvalsh(information(points, design.weights))[0])
    other = xy(points, directions)
    assert_close("longest direction", other.value, spread(points, directions, other.weights), rtol=1e-7)
    assert_close("sums", [design.weights.sum(), other.weights.sum()], [1.0, 1.0])
    for found in (design, other):
        assert found.converged and 0 <= found.gap <= GAP and found.weights.min() >= 0 and found.rank == 4


def test_against_a_conic_solver(points, directions):
    """E: the smallest eigenvalue; XY: matrix fractions; the actions of contexts. The optimum lies between bound and value."""
    weights = cp.Variable(40, nonneg=True)
    A = points.T @ cp.diag(weights) @ points
    best = 1 / solve(cp.Maximize(cp.lambda_min(A)), weights)
    design = e(points)
    assert_close("E against a conic solver", design.value, best, rtol=2 * GAP)
    assert design.bound <= best * (1 + 1e-8) and best <= design.value * (1 + 1e-8)
    best = solve(cp.Minimize(cp.maximum(*[cp.matrix_frac(y, A) for y in np.asarray(directions)])), weights)
    design = xy(points, directions)
    assert_close("XY against a conic solver", design.value, best, rtol=2 * GAP)
    assert design.bound <= best * (1 + 1e-8) and best <= design.value * (1 + 1e-8)
    law = np.array([0.5, 0.3, 0.2, 0.0])
    sums = [cp.sum(weights[10 * s : 10 * s + 10]) == law[s] for s in range(4)]
    best = 1 / solve(cp.Maximize(cp.lambda_min(A)), weights, sums)
    design = context(points.reshape(4, 10, 4), jnp.asarray(law))
    assert_close("contexts against a conic solver", design.value, best, rtol=2 * GAP)
    assert_close("policies sum to one", design.weights.sum(1), np.ones(4))
    assert design.converged and design.bound <= best * (1 + 1e-8)


def test_every_random_design_is_certified_below_its_gap():
    """Thirty-two problems in one call, of lengths over three decades."""
    rng = np.random.default_rng(2)
    x = jnp.asarray(rng.normal(size=(32, 20, 5)) * np.geomspace(1, 1e-3, 5))
    y = jnp.asarray(rng.normal(size=(32, 5, 5)) * np.geomspace(1, 1e-3, 5))
    for found in (jax.vmap(interior_point.e_optimal)(x), jax.vmap(interior_point.xy_optimal)(x, y)):
        assert found.converged.all() and (found.gap <= GAP).all() and (found.gap > -1e-10).all()


def test_units_and_coordinates_do_not_matter(points, directions):
    """XY: the weights do not change under a linear map of points and directions; the value not either."""
    turn = jnp.asarray(np.random.default_rng(3).normal(size=(4, 4)))
    plain, turned = xy(points, directions), xy(1e6 * points @ turn, 1e6 * directions @ turn)
    assert_close("value in other coordinates", turned.value, plain.value, rtol=GAP)
    assert_close("E in another unit", e(1e6 * points).value, 1e-12 * e(points).value, rtol=GAP)


def test_what_points_do_not_span(points, directions):
    """XY: a part outside the span is never known; within it the design is that of the span. E has no finite value."""
    flat = points.at[:, 3].set(points[:, 0] - points[:, 1])
    inner = directions.at[:, 3].set(directions[:, 0] - directions[:, 1])
    assert jnp.isinf(xy(flat, directions).value) and not xy(flat, directions).converged
    assert jnp.isinf(xy(flat, inner.at[0].set(directions[0])).value), "one direction that is not seen is enough"
    design = xy(flat, inner)
    assert design.converged and design.rank == 3
    assert_close("value in the span", design.value, xy(points[:, :3], directions[:, :3]).value, rtol=GAP)
    assert not e(flat).converged
    bad = points.at[0, 0].set(jnp.nan)
    assert not e(bad).converged and not xy(bad, directions).converged


def test_more_steps_close_the_gap(points):
    few, design = interior_point.e_optimal(points, iterations=3), e(points)
    assert few.gap > 1e-2 and not few.converged and few.bound < design.bound and design.gap <= GAP


def test_bad_input(points, directions):
    with pytest.raises(BadInput, match="iterations got 0"):
        interior_point.e_optimal(points, iterations=0)
    with pytest.raises(BadInput, match="tolerance got -1, but must be at least 0"):
        interior_point.xy_optimal(points, directions, tolerance=-1.0)
    with pytest.raises(BadInput, match="float32 reaches no less than 1e-07; run with x64"):
        interior_point.e_optimal(points.astype(jnp.float32), tolerance=1e-9)
    with pytest.raises(BadInput, match="probabilities sum to 0.9, but must sum to 1"):
        interior_point.contextual_e_optimal(points.reshape(4, 10, 4), jnp.array([0.3, 0.2, 0.2, 0.2]))
