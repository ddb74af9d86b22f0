import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.linalg.subspaces import projector, sin_theta
from mtrl.numerics.moments import moments
from mtrl.representation import altmin_gd, fedrep, problem, theory
from tests.helpers import assert_close


@pytest.fixture(scope="module")
def drawn():
    params = problem.sample_unit_rows(jax.random.key(0), tasks=30, dim=8, rank=2, noise=0.0)
    x, y = problem.draw(jax.random.key(1), params, samples=20, scale=20**-0.5)
    data = moments(x, y)
    start = problem.random_basis(jax.random.key(2), 8, 2)
    return params, fedrep.Clients(data.gram, data.cross, start)


def run(clients, rounds, **hyper):
    state = fedrep.init(jax.random.key(0), clients)
    step = functools.partial(fedrep.step, **hyper)

    def one(state, key):
        state, info = step(key, state, clients)
        return state, info.basis

    return jax.lax.scan(one, state, jax.random.split(jax.random.key(9), rounds))


def test_full_participation_is_altmin_gd(drawn):
    _, clients = drawn
    state, _ = run(clients, 7, eta=0.8, active=30)
    reference = altmin_gd.altmin_gd(clients.gram, clients.cross, clients.start, samples=30.0, eta=0.8, iterations=7)
    assert_close("basis", projector(state.basis), projector(reference.basis), 1e-9)


def test_noiseless_distance_falls_geometrically_below_the_papers_rate(drawn):
    params, clients = drawn
    eta = altmin_gd.theoretical_step(params.heads)
    _, bases = run(clients, 60, eta=eta, active=30)
    sines = jax.vmap(lambda b: sin_theta(params.basis, b))(bases)
    smallest = np.linalg.svd(np.asarray(params.heads) / np.sqrt(30), compute_uv=False)[-1]
    start = float(sin_theta(params.basis, clients.start))
    bound = theory.fedrep_contraction(jnp.arange(1.0, 61.0), step=eta, smallest=smallest, start_sine=start)
    # Up to the constant of the theorem: half its rate at least.
    assert bool(jnp.all(sines <= start * jnp.sqrt(bound) + 1e-12))


def test_only_active_clients_change_their_heads(drawn):
    _, clients = drawn
    state = fedrep.init(jax.random.key(0), clients)
    new, _ = fedrep.step(jax.random.key(3), state, clients, eta=0.1, active=6)
    assert int(jnp.sum(jnp.any(new.heads != 0, axis=1))) == 6
    other, _ = fedrep.step(jax.random.key(4), state, clients, eta=0.1, active=6)
    assert bool(jnp.any((new.heads != 0) != (other.heads != 0)))


def test_many_head_steps_tend_to_the_exact_head(drawn):
    _, clients = drawn
    exact, _ = run(clients, 3, eta=0.5, active=30)
    near, _ = run(clients, 3, eta=0.5, active=30, head_updates=400, head_eta=0.3)
    assert_close("10GD-GD to FedRep", projector(near.basis), projector(exact.basis), 1e-5)
    one, _ = run(clients, 3, eta=0.5, active=30, head_updates=1, head_eta=0.3)
    assert float(jnp.max(jnp.abs(projector(one.basis) - projector(exact.basis)))) > 1e-3


def test_a_client_continues_from_its_own_head(drawn):
    # Literal loop over the clients that moved in a round: a_t <- a_t - head_eta (B^T G_t B a_t - B^T c_t) from its last a_t.
    _, clients = drawn
    state = fedrep.init(jax.random.key(0), clients)
    state = state._replace(heads=jax.random.normal(jax.random.key(1), state.heads.shape))
    for round in range(3):
        new, _ = fedrep.step(jax.random.key(round), state, clients, eta=0.5, active=12, head_updates=1, head_eta=0.3)
        moved = np.flatnonzero(np.any(np.asarray(new.heads != state.heads), axis=1))
        assert len(moved) == 12
        for t in moved:
            fitted = state.basis.T @ (clients.gram[t] @ (state.basis @ state.heads[t]) - clients.cross[t])
            assert_close("head", new.heads[t], state.heads[t] - 0.3 * fitted, 1e-10)
        state = new
