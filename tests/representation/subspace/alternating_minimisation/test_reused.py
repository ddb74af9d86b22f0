import jax
import numpy as np
import pytest

from mtrl.numerics.linalg.subspaces import sin_theta
from mtrl.numerics.moments import moments
from mtrl.representation.subspace import alternating_minimisation, fit_basis, fit_heads, problem, ridge_start, theory
from mtrl.representation.subspace.method_of_moments import method_of_moments
from tests.helpers import assert_close, compiled, host

alternate, start_of = compiled(alternating_minimisation, "iterations"), compiled(method_of_moments, "rank")
moments_of, sine, ridge_of = compiled(moments), compiled(sin_theta), compiled(ridge_start, "rank")
basis_of = compiled(fit_basis, "dense_up_to")


@pytest.fixture(scope="module")
def drawn():
    def one():
        params = problem.sample(jax.random.key(0), tasks=60, dim=10, rank=3, noise=0.3)
        x, y = problem.draw(jax.random.key(1), params, samples=15)
        return params, x, y, moments(x, y)

    return host(jax.jit(one)())


@pytest.fixture(scope="module")
def fit(drawn):
    _, x, y, data = drawn
    return alternate(data, start_of(x, y, rank=3), iterations=40)


def test_stationary_and_heads_are_least_squares(drawn, fit):
    _, x, y, _ = drawn
    assert float(fit.residual) < 1e-8
    for t in (0, 17):
        reference = np.linalg.lstsq(x[t] @ fit.basis, y[t])[0]
        assert_close("head", fit.heads[t], reference, 1e-9)
    assert float(fit.head_rank.min()) == 3


def test_basis_step_solves_the_stacked_least_squares(drawn, fit):
    _, x, y, data = drawn
    heads = fit.heads
    # vec(B) stacked by columns: the row of sample i of task t is kron(a_t, x_i).
    rows = np.einsum("tr,tnd->tnrd", heads, x).reshape(-1, 30)
    reference = np.linalg.lstsq(rows, np.asarray(y).reshape(-1))[0].reshape(3, 10).T
    far = np.ones_like(fit.basis)  # the answer does not depend on where the search starts
    assert_close("dense", basis_of(data, heads, far), reference, 1e-9)
    assert_close("conjugate gradients", basis_of(data, heads, far, dense_up_to=10), reference, 1e-6)


def test_error_follows_the_first_order_law(drawn, fit):
    params = drawn[0]
    sizes = dict(samples=15.0, total=900.0, dim=10.0, noise=0.3)
    law = compiled(theory.least_squares_sine)(compiled(problem.diversity)(params.heads), **sizes)
    assert_close("law", float(sine(params.basis, fit.basis)), float(law), 0.4)


def test_starts_agree(drawn, fit):
    _, _, _, data = drawn
    start = ridge_of(data, rank=3, ridge=1.0)
    other = alternate(data, start, iterations=40)
    assert_close("same fixed point", other.basis @ other.basis.T, fit.basis @ fit.basis.T, 1e-6)


def test_underdetermined_heads_are_reported(drawn):
    params, x, y, _ = drawn
    few = moments_of(x[:, :2], y[:, :2])
    heads, rank = compiled(fit_heads)(few, params.basis)
    assert float(rank.max()) == 2  # two samples cannot identify three coordinates
    assert_close("interpolated", np.einsum("tnd,td->tn", x[:, :2], heads @ params.basis.T), y[:, :2], 1e-6)


def test_a_task_counts_by_its_samples():
    # One long and many short tasks: repeating the rows of a task is the same as weighting its moments.
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(5, 8, 4)), rng.normal(size=(5, 8))
    data = moments_of(x, y)
    weights = np.array([3.0, 1.0, 1.0, 1.0, 1.0])
    longer = data._replace(gram=weights[:, None, None] * data.gram, cross=weights[:, None] * data.cross)
    flat = (np.concatenate([x, x[:1], x[:1]]), np.concatenate([y, y[:1], y[:1]]))
    repeated = moments_of(*flat)
    heads = rng.normal(size=(5, 2))
    start = np.eye(4)[:, :2]
    ours = basis_of(longer, heads, start)
    reference = basis_of(repeated, np.concatenate([heads, heads[:1], heads[:1]]), start)
    assert_close("weighted", ours, reference, 1e-9)


def test_the_ridge_start_weighs_a_task_by_its_samples(drawn):
    # Top eigenvectors of sum_t n_t w_t w_t^T: a task with many samples pulls more.
    _, x, y, _ = drawn
    counts = np.where(np.arange(60) < 30, 15, 4)
    data = moments_of(x, y, np.arange(15) < counts[:, None])
    ridges = [np.linalg.solve(g + 2 * np.eye(10), c) for g, c in zip(data.gram, data.cross, strict=True)]
    scatter = sum(n * np.outer(w, w) for n, w in zip(counts, ridges, strict=True))
    top = np.linalg.eigh(scatter)[1][:, -3:]
    found = ridge_of(data, rank=3, ridge=2.0)
    assert_close("span", found @ found.T, top @ top.T, 1e-9)
