"""Least squares with a shared subspace: exact recovery without noise, stationarity with it, both descents to one optimum."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics import low_rank
from mtrl.numerics.moments import moments
from tests.helpers import assert_close


def planted(key, noise, tasks=6, dim=4, rank=2, samples=12):
    keys = jax.random.split(key, 4)
    theta = jax.random.normal(keys[0], (tasks, rank)) @ jax.random.normal(keys[1], (rank, dim))
    x = jax.random.normal(keys[2], (tasks, samples, dim))
    y = jnp.einsum("mnd,md->mn", x, theta) + noise * jax.random.normal(keys[3], (tasks, samples))
    return theta, x, y


@pytest.mark.parametrize(
    ("descend", "rounds"), [(low_rank.alternate, {"sweeps": 60}), (low_rank.project_variables, {"steps": 20})]
)
def test_recovery_and_stationarity(key, descend, rounds):
    """Without noise the truth; with noise a point where the literal loss over all rows has no slope in basis or heads."""
    theta, x, y = planted(key, 0.0)
    data = moments(x, y)
    found = descend(data, low_rank.spectral_start(data, 2, 1e-9), ridge=1e-9, **rounds)
    assert_close("noiseless fit", found.heads @ found.basis.T, theta, rtol=1e-6)
    assert_close("orthonormal basis", found.basis.T @ found.basis, np.eye(2), rtol=1e-12, atol=1e-12)
    _, x, y = planted(key, 0.5)
    data = moments(x, y)
    found = descend(data, low_rank.spectral_start(data, 2, 1e-9), ridge=1e-9, **{k: 4 * v for k, v in rounds.items()})

    def loss(basis, heads):
        return jnp.sum((y - jnp.einsum("mnd,dk,mk->mn", x, basis, heads)) ** 2)

    slopes = jax.grad(loss, argnums=(0, 1))(found.basis, found.heads)
    assert max(float(jnp.max(jnp.abs(s))) for s in slopes) < 1e-5 * float(jnp.max(jnp.abs(data.cross)))


def test_heads_and_basis_are_ridge_regressions_on_the_rows(key):
    """Each half step against the normal equations written out over all rows."""
    _, x, y = planted(key, 0.3)
    data, ridge = moments(x, y), 0.7
    basis = jnp.linalg.qr(jax.random.normal(key, (4, 2)))[0]
    heads = low_rank.best_heads(data, basis, ridge).heads
    for t in range(6):
        z = np.asarray(x[t] @ basis)
        assert_close(
            "heads", heads[t], np.linalg.solve(z.T @ z + ridge * np.eye(2), z.T @ np.asarray(y[t])), rtol=1e-10
        )
    rows = np.einsum("mnd,mk->mndk", np.asarray(x), np.asarray(heads)).reshape(-1, 8)
    literal = np.linalg.solve(rows.T @ rows + ridge * np.eye(8), rows.T @ np.asarray(y).reshape(-1)).reshape(4, 2)
    assert_close("basis", low_rank.best_basis(data, heads, ridge), literal, rtol=1e-9)


def test_without_data_the_subspace_stays(key):
    data = jax.tree.map(jnp.zeros_like, moments(*planted(key, 0.0)[1:]))
    start = jnp.linalg.qr(jax.random.normal(key, (4, 2)))[0]
    found = low_rank.project_variables(data, start, ridge=1e-3)
    assert_close("projector", found.basis @ found.basis.T, start @ start.T, rtol=1e-12)
    assert not found.heads.any()


def test_a_weak_second_direction_under_a_large_mean_is_found():
    """Heads with second coordinates a tenth of the first and a task-dependent share of data: the case of values with a mean."""
    rng = np.random.default_rng(4)
    basis, _ = np.linalg.qr(rng.normal(size=(6, 2)))
    heads = np.stack([3 + 0.1 * rng.normal(size=8), 0.3 * rng.normal(size=8)], axis=1)
    x = rng.normal(size=(8, 12, 6)) * rng.uniform(0.1, 1.0, size=(8, 12, 1))
    data = moments(jnp.asarray(x), jnp.einsum("mnd,dk,mk->mn", x, basis, heads))
    start, _ = np.linalg.qr(rng.normal(size=(6, 2)))
    found = jax.jit(low_rank.project_variables, static_argnames="steps")(data, jnp.asarray(start), ridge=1e-9, steps=25)
    assert_close("projector", found.basis @ found.basis.T, basis @ basis.T, 1e-5)


def test_step_solves_the_linearised_problem_in_basis_and_heads_together(key):
    """min over dB, dw of sum ||y - X (B w + dB w + B dw)||^2 + ridge sum ||w + dw||^2 + ridge mean(w^2) ||dB||^2, solved as one system."""
    _, x, y = planted(key, 0.3)
    data, start = moments(x, y), jnp.linalg.qr(jax.random.normal(key, (4, 2)))[0]
    found = low_rank.best_heads(data, start, 0.3)

    def loss(flat):
        moved, more = flat[:8].reshape(4, 2), flat[8:].reshape(6, 2)
        theta = found.heads @ start.T + found.heads @ moved.T + more @ start.T
        damping = 0.3 * jnp.mean(found.heads**2) * jnp.sum(moved**2)
        return (
            jnp.sum((y - jnp.einsum("mnd,md->mn", x, theta)) ** 2) + 0.3 * jnp.sum((found.heads + more) ** 2) + damping
        )

    zero = jnp.zeros(20)
    best = -np.linalg.solve(jax.hessian(loss)(zero), jax.grad(loss)(zero))
    assert_close("Gauss-Newton step", low_rank.basis_step(data, found, 0.3), best[:8].reshape(4, 2), 1e-9)


def test_a_ridge_lost_in_rounding_leaves_no_zero_pivot():
    """One observation and heads of 1e10: rank one in floating point, where elimination divides by zero; the observation is fitted all the same."""
    data = moments(jnp.array([[[1.0, 0.0]]]), jnp.array([[3e10]]))
    heads = jnp.array([[1e10, 1e10]])
    basis = low_rank.best_basis(data, heads, 1.0)
    assert_close("fit", (basis @ heads.T)[:, 0], [3e10, 0.0], rtol=1e-9)
