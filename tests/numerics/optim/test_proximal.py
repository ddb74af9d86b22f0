import cvxpy as cp
import hypothesis
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.optim import proximal
from tests.helpers import assert_close

PENALTIES = {
    "l1": (proximal.soft_threshold, lambda w: cp.sum(cp.abs(w))),
    "l2,1 rows": (lambda v, s: proximal.shrink_groups(v, s, axis=1), lambda w: cp.sum(cp.norm(w, 2, axis=1))),
    "l2,1 columns": (lambda v, s: proximal.shrink_groups(v, s, axis=0), lambda w: cp.sum(cp.norm(w, 2, axis=0))),
    "l1,inf": (proximal.prox_l1_inf, lambda w: cp.sum(cp.max(cp.abs(w), axis=1))),
    "trace": (proximal.shrink_singular_values, cp.normNuc),
}


@pytest.mark.parametrize("name", PENALTIES)
def test_prox_matches_cvxpy(name):
    prox, penalty = PENALTIES[name]
    point = np.asarray(jax.random.normal(jax.random.key(2), (4, 3)))
    variable = cp.Variable((4, 3))
    cp.Problem(cp.Minimize(cp.sum_squares(variable - point) / 2 + 0.7 * penalty(variable))).solve(
        solver=cp.CLARABEL, tol_gap_abs=1e-12, tol_gap_rel=1e-12, tol_feas=1e-12
    )
    assert_close(name, prox(jnp.asarray(point), 0.7), variable.value, rtol=1e-5)


@hypothesis.given(st.integers(0, 10**6), st.floats(0.0, 3.0), st.sampled_from(sorted(PENALTIES)))
def test_prox_is_firmly_nonexpansive_and_zero_at_zero(seed, threshold, name):
    prox = PENALTIES[name][0]
    a, b = jax.random.normal(jax.random.key(seed), (2, 4, 3))
    pa, pb = prox(a, threshold), prox(b, threshold)
    assert float(jnp.sum((pa - pb) * (a - b)) - jnp.sum((pa - pb) ** 2)) >= -1e-10
    assert float(jnp.max(jnp.abs(prox(jnp.zeros((4, 3)), threshold)))) == 0.0
    assert_close("threshold 0 changes nothing", prox(a, 0.0), a, 1e-12)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6)])
def test_trace_prox_at_small_thresholds(shape):
    """Against the decomposition itself, within the bound of the docstring."""
    left, _, right = np.linalg.svd(jax.random.normal(jax.random.key(5), shape), full_matrices=False)
    singular = np.array([1.0, 1e-3, 1e-6, 1e-9])
    for threshold in (0.5, 1e-4, 1e-7):
        exact = (left * np.maximum(singular - threshold, 0)) @ right
        error = np.abs(proximal.shrink_singular_values(jnp.asarray((left * singular) @ right), threshold) - exact)
        assert error.max() <= min(1e-15 / threshold, 2e-8)


@hypothesis.given(st.integers(0, 10**6), st.floats(0.0, 4.0))
def test_l1_ball_projection(seed, radius):
    point = jax.random.normal(jax.random.key(seed), (6,))
    inside = proximal.project_l1_ball(point, radius)
    assert float(jnp.sum(jnp.abs(inside))) <= radius + 1e-12
    # Variational inequality: <point - p, q - p> <= 0 for every vertex q of the ball.
    vertices = radius * jnp.concatenate([jnp.eye(6), -jnp.eye(6)])
    assert float(jnp.max((vertices - inside) @ (point - inside))) <= 1e-10


def test_norms_and_their_duals():
    matrix = jax.random.normal(jax.random.key(4), (5, 4))
    singular = np.linalg.svd(np.asarray(matrix), compute_uv=False)
    assert_close("trace", proximal.trace_norm(matrix), singular.sum(), 1e-12)
    assert_close("spectral", proximal.spectral_norm(matrix), singular[0], 1e-12)
    assert_close("l1,inf", proximal.l1_inf_norm(matrix), np.abs(matrix).max(1).sum(), 1e-12)
    assert_close("dual", proximal.l1_inf_dual_norm(matrix), np.abs(matrix).sum(1).max(), 1e-12)
    assert_close("rows", proximal.row_norms(matrix), np.linalg.norm(matrix, axis=1), 1e-12)
    assert_close("columns", proximal.column_norms(matrix), np.linalg.norm(matrix, axis=0), 1e-12)
