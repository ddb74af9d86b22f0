import functools

import jax
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.numerics.linalg.subspaces import sin_theta
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
from tests.helpers import assert_close, compiled, host


@pytest.fixture(scope="module")
def drawn():
    def one():
        params = problem.sample_unit_rows(jax.random.key(0), tasks=30, dim=8, rank=2, noise=0.0)
        x, y = problem.draw(jax.random.key(1), params, samples=20, scale=20**-0.5)
        return params, Clients(moments(x, y), problem.random_basis(jax.random.key(2), 8, 2))

    return jax.jit(one)()


def run(clients, rounds, **hyper):
    """Projector on the last basis."""
    last = compiled(lambda clients: descend(fedrep(**hyper), clients, rounds=rounds, key=jax.random.key(9))[0].basis)
    basis = last(clients)
    return basis @ basis.T


def test_full_participation_is_altmin_gd(drawn):
    _, clients = drawn
    # The average over clients is that over samples at a step n times as large.
    reference = compiled(lambda clients: descend(altmin_gd(eta=0.8 * 20), clients, rounds=7)[0].basis)(clients)
    assert_close("basis", run(clients, 7, eta=0.8), reference @ reference.T, 1e-9)


def test_noiseless_distance_falls_geometrically_below_the_papers_rate(drawn):
    params, clients = drawn
    eta = theoretical_step(params.heads)
    learner = fedrep(eta=eta)

    def one(state, key):
        state, _ = learner.step(key, state, clients)
        return state, state.basis

    @compiled
    def sines_of(key):
        bases = jax.lax.scan(one, learner.init(key, clients), jax.random.split(key, 60))[1]
        return jax.vmap(lambda b: sin_theta(params.basis, b))(bases)

    sines = sines_of(jax.random.key(0))
    smallest = np.linalg.svd(np.asarray(params.heads) / np.sqrt(30), compute_uv=False)[-1]
    start = float(compiled(sin_theta)(params.basis, clients.start))
    bound_of = functools.partial(theory.fedrep_contraction, step=eta, smallest=smallest, start_sine=start)
    bound = compiled(bound_of)(np.arange(1.0, 61.0))
    # Up to the constant of the theorem: half its rate at least.
    assert np.all(sines <= start * np.sqrt(bound) + 1e-12)


def test_only_active_clients_change_their_heads(drawn):
    _, clients = drawn
    learner = fedrep(eta=0.1, active=6)
    state = learner.init(jax.random.key(0), clients)
    step = compiled(learner.step)
    new, _ = step(jax.random.key(3), state, clients)
    assert np.sum(np.any(new.heads != 0, axis=1)) == 6
    other, _ = step(jax.random.key(4), state, clients)
    assert np.any((new.heads != 0) != (other.heads != 0))
    with pytest.raises(BadInput, match="active got 31, but must be a whole number from 1 to 30"):
        fedrep(eta=0.1, active=31).step(jax.random.key(0), state, clients)


def test_many_head_steps_tend_to_the_exact_head(drawn):
    _, clients = drawn
    exact = run(clients, 3, eta=0.5)
    near = run(clients, 3, eta=0.5, head_updates=400, head_eta=0.3)
    assert_close("10GD-GD to FedRep", near, exact, 1e-5)
    one = run(clients, 3, eta=0.5, head_updates=1, head_eta=0.3)
    assert np.max(np.abs(one - exact)) > 1e-3


def test_a_client_continues_from_its_own_head(drawn):
    # Literal loop over the clients that moved in a round: a_t <- a_t - head_eta (B^T G_t B a_t - B^T c_t) from its last a_t.
    _, clients = drawn
    learner = fedrep(eta=0.5, active=12, head_updates=1, head_eta=0.3)
    state, step = host(learner.init(jax.random.key(0), clients)), compiled(learner.step)
    state, clients = state._replace(heads=np.random.default_rng(1).normal(size=state.heads.shape)), host(clients)
    for round in range(3):
        new, _ = step(jax.random.key(round), state, clients)
        moved = np.flatnonzero(np.any(new.heads != state.heads, axis=1))
        assert len(moved) == 12
        for t in moved:
            fitted = state.basis.T @ (clients.data.gram[t] @ (state.basis @ state.heads[t]) - clients.data.cross[t])
            assert_close("head", new.heads[t], state.heads[t] - 0.3 * fitted, 1e-10)
        state = new
