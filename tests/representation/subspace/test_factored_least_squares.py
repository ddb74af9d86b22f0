import functools

import jax
import numpy as np
import scipy.optimize

from mtrl.numerics.linalg.subspaces import sin_theta
from mtrl.numerics.moments import moments, rows_from_moments
from mtrl.representation.subspace import alternating_minimisation, problem, theory
from mtrl.representation.subspace.factored_least_squares import factored_least_squares, factored_objective
from mtrl.representation.subspace.method_of_moments import method_of_moments
from tests.helpers import assert_close, compiled

alternate, start_of = compiled(alternating_minimisation, "iterations"), compiled(method_of_moments, "rank")
sine, moments_of, rows_of = compiled(sin_theta), compiled(moments), compiled(rows_from_moments)
SEARCH = compiled(factored_least_squares, "rank", "iterations")


def drawn(key, tasks, samples, dim, rank, noise=1.0):
    params = problem.sample(key, tasks=tasks, dim=dim, rank=rank, noise=noise)
    return params, *problem.draw(jax.random.key(11), params, samples=samples)


draw = compiled(drawn, "tasks", "samples", "dim", "rank")


def test_agrees_with_alternating_minimisation_and_with_compressed_rows(key):
    params, x, y = draw(key, 40, 20, 8, 2, noise=0.3)
    search = functools.partial(SEARCH, samples=800.0, rank=2, gradient_tolerance=1e-9)
    found = search(key, x, y)
    data = moments_of(x, y)
    fit = alternate(data, start_of(x, y, rank=2), iterations=60)
    assert_close("same subspace", found.basis @ found.basis.T, fit.basis @ fit.basis.T, 1e-3)
    assert_close("same weights", found.heads @ found.basis.T, fit.heads @ fit.basis.T, 1e-3)
    compressed = search(key, *rows_of(data))
    assert_close("compressed rows", compressed.basis @ compressed.basis.T, found.basis @ found.basis.T, 1e-3)
    assert bool(found.converged)


def test_objective_and_gradients_match_their_closed_form(key):
    _, x, y = draw(key, 5, 4, 6, 2)
    u, v = (np.random.default_rng(2).normal(size=(rows, 2)) for rows in (5, 6))
    residual = np.stack([x[t] @ v @ u[t] - y[t] for t in range(5)])
    imbalance = v.T @ v - u.T @ u
    expected = (residual**2).sum() / 40 + (imbalance**2).sum() / 8
    value, (du, dv) = compiled(jax.value_and_grad(factored_objective))((u, v), x, y, 20)
    assert_close("value", value, expected, 1e-12)
    slope = np.stack([x[t].T @ residual[t] for t in range(5)]) / 20  # G (T, d)
    assert_close("dV", dv, slope.T @ u + 0.5 * v @ imbalance, 1e-12)
    assert_close("dU", du, slope @ v - 0.5 * u @ imbalance, 1e-12)


def test_matches_scipy_from_the_same_start(key):
    _, x, y = draw(key, 10, 12, 4, 1, noise=0.1)
    start = np.random.default_rng(0).normal(size=14)

    def factors(w):
        return w[:10].reshape(10, 1), w[10:].reshape(4, 1)

    found = SEARCH(key, x, y, start=factors(start), rank=1, gradient_tolerance=1e-8, value_tolerance=0.0)
    gradient = compiled(jax.value_and_grad(lambda w, x, y: factored_objective(factors(w), x, y, 120)))
    reference = scipy.optimize.minimize(lambda w: gradient(w, x, y), start, jac=True, tol=1e-14)
    assert_close("minimum", found.value, reference.fun, 1e-6)


def test_error_at_the_released_sizes(key):
    # d=100, r=5. n=300, T=100: released .166; n=25, T=400: released .353. Standard deviations of a run up to .03.
    for tasks, samples, released in ((100, 300, 0.166), (400, 25, 0.353)):
        params, x, y = draw(key, tasks, samples, 100, 5)
        rows = rows_of(moments_of(x, y)) if samples > 100 else (x, y)
        found = SEARCH(key, *rows, rows[1].size * 1.0, rank=5)
        ours = float(sine(params.basis, found.basis))
        assert abs(ours - released) < 0.09
        sizes = dict(samples=1.0 * samples, total=1.0 * samples * tasks, dim=100.0, noise=1.0)
        law = compiled(theory.least_squares_sine)(compiled(problem.diversity)(params.heads), **sizes)
        assert_close("first-order law", ours, float(law), 0.25)


def test_tasks_are_interpolated_when_samples_do_not_exceed_the_rank(key):
    _, x, y = draw(key, 60, 2, 12, 2, noise=0.5)
    found = SEARCH(key, x, y, rank=2)
    fitted = np.einsum("tnd,dr,tr->tn", x, found.basis, found.heads)
    assert np.sum((fitted - y) ** 2) < 1e-2 * np.sum(y**2)
