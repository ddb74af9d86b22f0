import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.numerics.linalg.subspaces import projector
from mtrl.numerics.moments import moments
from mtrl.representation import subspace as gd
from mtrl.representation.subspace import alternating_minimisation, problem
from mtrl.representation.subspace.method_of_moments import method_of_moments
from tests.helpers import assert_close


@pytest.fixture(scope="module")
def drawn():
    params = problem.sample(jax.random.key(0), tasks=60, dim=8, rank=2, noise=0.3)
    x, y = problem.draw(jax.random.key(1), params, samples=20)
    return params, moments(x, y), method_of_moments(x, y, rank=2), x, y


def run(data, start, eta, rounds):
    return gd.descend(gd.altmin_gd(eta=eta), gd.Clients(data, start), rounds=rounds)


def test_ends_where_alternating_minimisation_ends(drawn):
    _, data, start, _, _ = drawn
    ours, info = run(data, start, 1.0, 100)
    reference = alternating_minimisation(data, start, iterations=60)
    assert_close("basis", projector(ours.basis), projector(reference.basis), 1e-5)
    assert float(gd.stationarity(data, ours.basis, gd.fit_heads(data, ours.basis)[0])) < 1e-5
    assert bool(jnp.all(jnp.diff(info.objective) <= 1e-9 * jnp.abs(info.objective[1:])))


def test_gradient_is_that_of_the_objective(drawn):
    _, data, start, x, y = drawn
    heads = jax.random.normal(jax.random.key(4), (60, 2))
    loss = lambda b: jnp.sum((jnp.einsum("tnd,dr,tr->tn", x, b, heads) - y) ** 2) / 2  # noqa: E731
    assert_close("gradient", gd.basis_gradient(data, start, heads), jax.grad(loss)(start), 1e-10)
    constant = float(jnp.sum(data.square)) / 2
    assert_close("objective", gd.subspace_objective(data, start, heads) + constant, loss(start), 1e-10)


def test_a_step_above_the_stability_limit_is_reported_with_the_limit(drawn):
    params, data, start, _, _ = drawn
    limit = gd.stability_limit(data, params.heads, 1200.0)
    descend = jax.jit(lambda eta: run(data, start, eta, 40)[1].objective)
    flags = {c: bool(gd.unstable(descend(c * limit), c * limit, limit)) for c in (0.1, 0.5, 1.5, 3.0, 100.0, 1e4)}
    assert flags == {0.1: False, 0.5: False, 1.5: True, 3.0: True, 100.0: True, 1e4: True}
    assert gd.check_stable(flags[0.5], 0.5 * limit, limit) is None
    with pytest.raises(BadInput, match=r"eta=9 made the objective rise again and again; the stability limit is about"):
        gd.check_stable(flags[3.0], 9.0, limit)
    jumps = jnp.array([0.0, 1.0, 0.0, 1.0, 0.0, 1.0])
    assert bool(gd.unstable(jumps, 3.0, 2.0))
    assert not bool(gd.unstable(jumps, 1.0, 2.0))
    assert bool(gd.unstable(jnp.array([1.0, jnp.nan]), 1.0, 2.0))


def test_theoretical_step(drawn):
    heads = drawn[0].heads
    largest = np.linalg.svd(np.asarray(heads) / np.sqrt(60), compute_uv=False)[0]
    assert_close("1/(4 sigma_max^2)", gd.theoretical_step(heads), 1 / (4 * largest**2), 1e-12)


def test_with_one_design_the_stability_limit_is_that_of_the_quadratic_in_the_basis():
    # With G_t = G and fixed heads a step multiplies the error by I - (eta/N) (A^T A kron G): it grows beyond 2N/lambda_max.
    x, heads = jax.random.normal(jax.random.key(5), (9, 4)), jax.random.normal(jax.random.key(6), (7, 2))
    data = moments(jnp.broadcast_to(x, (7, 9, 4)), jnp.zeros((7, 9)))
    limit = float(gd.stability_limit(data, heads, 63.0))
    curvature = np.linalg.eigvalsh(np.kron(heads.T @ heads, x.T @ x))[-1] / 63
    assert_close("limit", limit, 2 / curvature, 1e-10)

    def grown(eta):
        error = start = jax.random.normal(jax.random.key(7), (4, 2))
        for _ in range(400):
            error = error - (eta / 63) * gd.basis_gradient(data, error, heads)
        return float(jnp.linalg.norm(error) / jnp.linalg.norm(start))

    assert grown(0.97 * limit) < 1 < grown(1.03 * limit)
