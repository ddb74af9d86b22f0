import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.mdp.lsvi_ucb import LSVI_UCB
from mtrl.mdp.mtlr_lsvi import MTLR_LSVI, Config, alternate, solve_basis, solve_heads
from mtrl.mdp.problem import sample_linear
from tests.helpers import assert_close
from tests.mdp.worlds import steps


@pytest.fixture(scope="module")
def world():
    return sample_linear(jax.random.key(0), jnp.asarray(0.2), tasks=3, stages=3, states=4, actions=2, rank=2, dim=3)


@pytest.fixture(scope="module")
def planted():
    """Noiseless moments of six tasks in a two-dimensional subspace of R^5."""
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.normal(size=(5, 2)))
    heads, x = rng.normal(size=(6, 2)), rng.normal(size=(6, 8, 5))
    gram = np.einsum("mcd,mce->mde", x, x)
    return basis, heads, jnp.asarray(gram), jnp.asarray(np.einsum("mde,ek,mk->md", gram, basis, heads))


def test_a_full_subspace_is_lsvi_ucb_on_the_inputs(world):
    """k = D: an orthonormal B is a rotation, which ridge regression does not see."""
    _, ours = steps(MTLR_LSVI, world, 5, config=Config(rank=3), beta=0.3, basis_bonus=0.0, ridge=0.5)
    _, single = steps(LSVI_UCB, world, 5, beta=0.3, ridge=0.5)
    for a, b in zip(ours, single, strict=True):
        assert_close("regret with k = D", a.regret, b.regret, 1e-8, 1e-12)
        assert_close("optimism with k = D", a.optimism, b.optimism, 1e-8)


def test_alternation_finds_the_planted_subspace(planted):
    basis, _, gram, moment = planted
    start, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 2)))
    found = jax.jit(functools.partial(alternate, sweeps=300))(gram, moment, jnp.asarray(start), 1e-9)
    assert_close("projector", found.basis @ found.basis.T, basis @ basis.T, 1e-5)
    assert_close("orthonormal", found.basis.T @ found.basis, np.eye(2), 1e-10)


def test_each_half_step_solves_its_normal_equations(planted):
    _, _, gram, moment = planted
    start, _ = np.linalg.qr(np.random.default_rng(2).normal(size=(5, 2)))
    found = solve_heads(gram, moment, jnp.asarray(start), 0.3)

    def loss(basis, heads):
        theta = heads @ basis.T
        fit = jnp.einsum("md,mde,me->", theta, gram, theta) - 2 * jnp.sum(theta * moment)
        return fit + 0.3 * jnp.sum(heads**2), fit + 0.3 * jnp.mean(found.heads**2) * jnp.sum((basis - start) ** 2)

    gradient = jax.grad(lambda w: loss(jnp.asarray(start), w)[0])(found.heads)
    assert np.max(np.abs(gradient)) < 1e-9 * np.max(np.abs(moment))
    # The basis before QR has a zero gradient, so that its column space is that of the minimiser.
    system = jax.hessian(lambda b: loss(b, found.heads)[1])(jnp.zeros((5, 2))).reshape(10, 10)
    slope = jax.grad(lambda b: loss(b, found.heads)[1])(jnp.zeros((5, 2))).reshape(10)
    best, _ = np.linalg.qr(-np.linalg.solve(system, slope).reshape(5, 2))
    ours = solve_basis(gram, moment, found, 0.3)
    assert_close("column space of the minimiser", ours @ ours.T, best @ best.T, 1e-9)


def test_without_data_the_subspace_stays():
    start, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(5, 2)))
    found = alternate(jnp.zeros((2, 5, 5)), jnp.zeros((2, 5)), jnp.asarray(start), 0.1, 3)
    assert_close("projector", found.basis @ found.basis.T, start @ start.T, 1e-12)
    assert np.array_equal(found.heads, np.zeros((2, 2)))


def test_the_bonus_of_the_subspace_adds_optimism(world):
    promises = []
    for weight in (0.0, 1.0):
        states, infos = steps(MTLR_LSVI, world, 1, config=Config(rank=2), beta=0.3, basis_bonus=weight, ridge=0.5)
        promises.append(infos[0].optimism)
        assert states[1].basis.shape == (3, 3, 2)
    assert np.all(promises[1] > promises[0])
