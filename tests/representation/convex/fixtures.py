"""Shared small problems: 5 tasks, 12 samples each, 6 dimensions, so that compiled programs are shared too."""

import functools

import cvxpy as cp
import jax
import jax.numpy as jnp
import numpy as np

from mtrl.numerics.moments import moments
from mtrl.representation.convex.quadratic import DataTerm, data_term

TASKS, SAMPLES, DIM = 5, 12, 6
EXACT = 1e-13  # relative duality gap for comparisons at 1e-6 and better


@functools.cache
def data(shared: bool = False):
    """x (T, n, d), y (T, n); one design for all tasks if `shared`."""
    x = jax.random.normal(jax.random.key(0), (TASKS, SAMPLES, DIM))
    x = jnp.broadcast_to(x[:1], x.shape) if shared else x
    basis = jax.random.normal(jax.random.key(1), (DIM, 2))
    weights = basis @ jax.random.normal(jax.random.key(2), (2, TASKS))
    noise = jax.random.normal(jax.random.key(3), (TASKS, SAMPLES))
    return x, jnp.einsum("tnd,dt->tn", x, weights) + 0.5 * noise


@functools.cache
def term(shared: bool = False) -> DataTerm:
    """The data term of `data`."""
    return data_term(moments(*data(shared)))


@functools.cache
def solve(fit, shared: bool = False, **static):
    """A jitted fit of (loss, *weights), compiled once per static options."""
    run = jax.jit(lambda data, *weights: fit(data, *weights, **static))
    return lambda *weights: run(term(shared), *weights)


def reference(penalty, blocks: int = 1):
    """Minimiser and minimum of l(sum of blocks) + penalty(*blocks) by cvxpy (Clarabel)."""
    x, y = (np.asarray(v) for v in data())
    parts = [cp.Variable((DIM, TASKS)) for _ in range(blocks)]
    weights = sum(parts)
    fit = sum(cp.sum_squares(x[t] @ weights[:, t] - y[t]) for t in range(TASKS)) / (2 * SAMPLES)
    problem = cp.Problem(cp.Minimize(fit + penalty(*parts)))
    problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11)
    return weights.value, problem.value
