import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.numerics.linalg.subspaces import projector, sin_theta
from mtrl.numerics.moments import moments
from mtrl.representation.subspace import (
    Clients,
    altmin_gd,
    descend,
    fedrep,
    problem,
    theoretical_step,
    theory,
)
from tests.helpers import assert_close


@pytest.fixture(scope="module")
def drawn():
    params = problem.sample_unit_rows(jax.random.key(0), tasks=30, dim=8, rank=2, noise=0.0)
    x, y = problem.draw(jax.random.key(1), params, samples=20, scale=20**-0.5)
    data = moments(x, y)
    start = problem.random_basis(jax.random.key(2), 8, 2)
    return params, Clients(data, start)


def run(clients, rounds, **hyper):
    return descend(fedrep(**hyper), clients, rounds=rounds, key=jax.random.key(9))[0].basis


def test_full_participation_is_altmin_gd(drawn):
    _, clients = drawn
    # The average over clients is that over samples at a step n times as large.
    reference, _ = descend(altmin_gd(eta=0.8 * 20), clients, rounds=7)
    assert_close("basis", projector(run(clients, 7, eta=0.8)), projector(reference.basis), 1e-9)


def test_noiseless_distance_falls_geometrically_below_the_papers_rate(drawn):
    params, clients = drawn
    eta = theoretical_step(params.heads)
    learner = fedrep(eta=eta)

    def one(state, key):
        state, _ = learner.step(key, state, clients)
        return state, state.basis

    key = jax.random.key(0)
    bases = jax.lax.scan(one, learner.init(key, clients), jax.random.split(key, 60))[1]
    sines = jax.vmap(lambda b: sin_theta(params.basis, b))(bases)
    smallest = np.linalg.svd(np.asarray(params.heads) / np.sqrt(30), compute_uv=False)[-1]
    start = float(sin_theta(params.basis, clients.start))
    bound = theory.fedrep_contraction(jnp.arange(1.0, 61.0), step=eta, smallest=smallest, start_sine=start)
    # Up to the constant of the theorem: half its rate at least.
    assert bool(jnp.all(sines <= start * jnp.sqrt(bound) + 1e-12))


def test_only_active_clients_change_their_heads(drawn):
    _, clients = drawn
    learner = fedrep(eta=0.1, active=6)
    state = learner.init(jax.random.key(0), clients)
    new, _ = learner.step(jax.random.key(3), state, clients)
    assert int(jnp.sum(jnp.any(new.heads != 0, axis=1))) == 6
    other, _ = learner.step(jax.random.key(4), state, clients)
    assert bool(jnp.any((new.heads != 0) != (other.heads != 0)))
    with pytest.raises(BadInput, match="active got 31, but must be a whole number from 1 to 30"):
        fedrep(eta=0.1, active=31).step(jax.random.key(0), state, clients)


def test_many_head_steps_tend_to_the_exact_head(drawn):
    _, clients = drawn
    exact = run(clients, 3, eta=0.5)
    near = run(clients, 3, eta=0.5, head_updates=400, head_eta=0.3)
    assert_close("10GD-GD to FedRep", projector(near), projector(exact), 1e-5)
    one = run(clients, 3, eta=0.5, head_updates=1, head_eta=0.3)
    assert float(jnp.max(jnp.abs(projector(one) - projector(exact)))) > 1e-3


def test_a_client_continues_from_its_own_head(drawn):
    # Literal loop over the clients that moved in a round: a_t <- a_t - head_eta (B^T G_t B a_t - B^T c_t) from its last a_t.
    _, clients = drawn
    learner = fedrep(eta=0.5, active=12, head_updates=1, head_eta=0.3)
    state = learner.init(jax.random.key(0), clients)
    state = state._replace(heads=jax.random.normal(jax.random.key(1), state.heads.shape))
    for round in range(3):
        new, _ = learner.step(jax.random.key(round), state, clients)
        moved = np.flatnonzero(np.any(np.asarray(new.heads != state.heads), axis=1))
        assert len(moved) == 12
        for t in moved:
            fitted = state.basis.T @ (clients.data.gram[t] @ (state.basis @ state.heads[t]) - clients.data.cross[t])
            assert_close("head", new.heads[t], state.heads[t] - 0.3 * fitted, 1e-10)
        state = new
