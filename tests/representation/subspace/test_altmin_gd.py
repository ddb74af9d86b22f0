import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.numerics.moments import moments
from mtrl.representation import subspace as gd
from mtrl.representation.subspace import alternating_minimisation, problem
from mtrl.representation.subspace.method_of_moments import method_of_moments
from tests.helpers import assert_close, compiled, host


@pytest.fixture(scope="module")
def drawn():
    def one():
        params = problem.sample(jax.random.key(0), tasks=60, dim=8, rank=2, noise=0.3)
        x, y = problem.draw(jax.random.key(1), params, samples=20)
        return params, moments(x, y), method_of_moments(x, y, rank=2), x, y

    return host(jax.jit(one)())


@functools.partial(jax.jit, static_argnames="rounds")
def run(data, start, eta, rounds):
    return gd.descend(gd.altmin_gd(eta=eta), gd.Clients(data, start), rounds=rounds)


def test_ends_where_alternating_minimisation_ends(drawn):
    _, data, start, _, _ = drawn
    ours, info = host(run(data, start, 1.0, 100))
    reference = compiled(alternating_minimisation, "iterations")(data, start, iterations=60)
    assert_close("basis", ours.basis @ ours.basis.T, reference.basis @ reference.basis.T, 1e-5)
    left = compiled(lambda data, basis: gd.stationarity(data, basis, gd.fit_heads(data, basis)[0]))
    assert left(data, ours.basis) < 1e-5
    assert np.all(np.diff(info.objective) <= 1e-9 * np.abs(info.objective[1:]))


def test_gradient_is_that_of_the_objective(drawn):
    _, data, start, x, y = drawn
    heads = np.random.default_rng(4).normal(size=(60, 2))
    loss = lambda b: jnp.sum((jnp.einsum("tnd,dr,tr->tn", x, b, heads) - y) ** 2) / 2  # noqa: E731
    value, slope = compiled(jax.value_and_grad(loss))(start)
    assert_close("gradient", compiled(gd.basis_gradient)(data, start, heads), slope, 1e-10)
    constant = np.sum(data.square) / 2
    assert_close("objective", compiled(gd.subspace_objective)(data, start, heads) + constant, value, 1e-10)


def test_a_step_above_the_stability_limit_is_reported_with_the_limit(drawn):
    params, data, start, _, _ = drawn
    limit, unstable = float(compiled(gd.stability_limit)(data, params.heads, 1200.0)), compiled(gd.unstable)
    descend = compiled(lambda eta: run(data, start, eta, 40)[1].objective)
    flags = {c: bool(unstable(descend(c * limit), c * limit, limit)) for c in (0.1, 0.5, 1.5, 3.0, 100.0, 1e4)}
    assert flags == {0.1: False, 0.5: False, 1.5: True, 3.0: True, 100.0: True, 1e4: True}
    assert gd.check_stable(flags[0.5], 0.5 * limit, limit) is None
    with pytest.raises(BadInput, match=r"eta=9 made the objective rise again and again; the stability limit is about"):
        gd.check_stable(flags[3.0], 9.0, limit)
    jumps = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 1.0])
    assert unstable(jumps, 3.0, 2.0)
    assert not unstable(jumps, 1.0, 2.0)
    assert unstable(np.array([1.0, np.nan]), 1.0, 2.0)


def test_theoretical_step(drawn):
    heads = drawn[0].heads
    largest = np.linalg.svd(heads / np.sqrt(60), compute_uv=False)[0]
    assert_close("1/(4 sigma_max^2)", compiled(gd.theoretical_step)(heads), 1 / (4 * largest**2), 1e-12)


def test_with_one_design_the_stability_limit_is_that_of_the_quadratic_in_the_basis():
    # With G_t = G and fixed heads a step multiplies the error by I - (eta/N) (A^T A kron G): it grows beyond 2N/lambda_max.
    rng = np.random.default_rng(5)
    x, heads, start = rng.normal(size=(9, 4)), rng.normal(size=(7, 2)), rng.normal(size=(4, 2))
    data = compiled(moments)(np.broadcast_to(x, (7, 9, 4)), np.zeros((7, 9)))
    limit, slope = float(compiled(gd.stability_limit)(data, heads, 63.0)), compiled(gd.basis_gradient)
    curvature = np.linalg.eigvalsh(np.kron(heads.T @ heads, x.T @ x))[-1] / 63
    assert_close("limit", limit, 2 / curvature, 1e-10)

    def grown(eta):
        error = start
        for _ in range(400):
            error = error - (eta / 63) * slope(data, error, heads)
        return np.linalg.norm(error) / np.linalg.norm(start)

    assert grown(0.97 * limit) < 1 < grown(1.03 * limit)
