import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.mdp.lsvi_ucb import LSVI_UCB
from mtrl.mdp.mtlr_lsvi import MTLR_LSVI, Config, basis_step, low_rank_fit, solve_heads
from mtrl.mdp.problem import sample_linear
from tests.helpers import assert_close
from tests.mdp.worlds import episode, steps


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
    _, ours = steps(MTLR_LSVI, world, 5, config=Config(rank=3), beta=0.3, basis_bonus=0.0, ridge=0.5, fit_ridge=0.5)
    _, single = steps(LSVI_UCB, world, 5, beta=0.3, ridge=0.5)
    for a, b in zip(ours, single, strict=True):
        assert_close("regret with k = D", a.regret, b.regret, 1e-8, 1e-12)
        assert_close("optimism with k = D", a.optimism, b.optimism, 1e-8)


def test_steps_find_the_planted_subspace(planted):
    basis, _, gram, moment = planted
    start, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 2)))
    found = jax.jit(functools.partial(low_rank_fit, sweeps=25))(gram, moment, jnp.asarray(start), 1e-9)
    assert_close("projector", found.basis @ found.basis.T, basis @ basis.T, 1e-6)
    assert_close("orthonormal", found.basis.T @ found.basis, np.eye(2), 1e-10)


def test_a_weak_second_direction_under_a_large_mean_is_found():
    """Heads with second coordinates a tenth of the first and a task-dependent share of data: the case of values with a mean."""
    rng = np.random.default_rng(4)
    basis, _ = np.linalg.qr(rng.normal(size=(6, 2)))
    heads = np.stack([3 + 0.1 * rng.normal(size=8), 0.3 * rng.normal(size=8)], axis=1)
    x = rng.normal(size=(8, 12, 6)) * rng.uniform(0.1, 1.0, size=(8, 12, 1))
    gram = jnp.asarray(np.einsum("mcd,mce->mde", x, x))
    moment = jnp.einsum("mde,ek,mk->md", gram, basis, heads)
    start, _ = np.linalg.qr(rng.normal(size=(6, 2)))
    found = jax.jit(functools.partial(low_rank_fit, sweeps=25))(gram, moment, jnp.asarray(start), 1e-9)
    assert_close("projector", found.basis @ found.basis.T, basis @ basis.T, 1e-5)


def test_step_solves_the_linearised_problem_in_basis_and_heads_together(planted):
    """min over dB, dw of sum ||y - X (B w + dB w + B dw)||^2 + ridge sum ||w + dw||^2 + ridge mean(w^2) ||dB||^2, solved as one system."""
    _, _, gram, moment = planted
    start, _ = np.linalg.qr(np.random.default_rng(2).normal(size=(5, 2)))
    start = jnp.asarray(start)
    found = solve_heads(gram, moment, start, 0.3)

    def loss(flat):
        moved, more = flat[:10].reshape(5, 2), flat[10:].reshape(6, 2)
        theta = found.heads @ start.T + found.heads @ moved.T + more @ start.T
        fit = jnp.einsum("md,mde,me->", theta, gram, theta) - 2 * jnp.sum(theta * moment)
        damping = 0.3 * jnp.mean(found.heads**2) * jnp.sum(moved**2)
        return fit + 0.3 * jnp.sum((found.heads + more) ** 2) + damping

    zero = jnp.zeros(22)
    best = -np.linalg.solve(jax.hessian(loss)(zero), jax.grad(loss)(zero))
    assert_close("Gauss-Newton step", basis_step(gram, moment, found, 0.3), best[:10].reshape(5, 2), 1e-9)


def test_without_data_the_subspace_stays():
    start, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(5, 2)))
    found = low_rank_fit(jnp.zeros((2, 5, 5)), jnp.zeros((2, 5)), jnp.asarray(start), 0.1, 3)
    assert_close("projector", found.basis @ found.basis.T, start @ start.T, 1e-12)
    assert np.array_equal(found.heads, np.zeros((2, 2)))


def test_the_bonus_of_the_subspace_adds_optimism(world):
    promises = []
    for weight in (0.0, 1.0):
        states, infos = steps(MTLR_LSVI, world, 1, config=Config(rank=2), beta=0.3, basis_bonus=weight, ridge=0.5)
        promises.append(infos[0].optimism)
        assert states[1].basis.shape == (3, 3, 2)
    assert np.all(promises[1] > promises[0])


def test_index_is_heads_plus_the_error_of_head_and_subspace(world):
    """Step 2 with loops: a task's own k numbers are learned from its data, the subspace from the data of all tasks together."""
    settings = dict(beta=0.2, basis_bonus=0.7, ridge=0.5, fit_ridge=1e-3)
    states, infos = steps(MTLR_LSVI, world, 4, config=Config(rank=2), **settings)
    counts, basis = (np.asarray(states[-2].counts.transitions), states[-2].counts.rewards), np.asarray(states[-1].basis)
    x = np.asarray(world.known.inputs).reshape(8, 3)
    value = np.zeros((3, 4))
    for h in (2, 1, 0):
        visits = counts[0][:, h].sum(-1).reshape(3, 8)
        totals = (counts[1][:, h] + np.einsum("msan,mn->msa", counts[0][:, h], value)).reshape(3, 8)
        grams = [(x.T * n) @ x for n in visits]
        pooled, b = np.linalg.inv(sum(grams) + 0.5 * np.eye(3)), basis[h]
        q = np.zeros((3, 8))
        for i, gram in enumerate(grams):
            head = np.linalg.solve(b.T @ gram @ b + 1e-3 * np.eye(2), b.T @ x.T @ totals[i])
            inner = np.linalg.inv(b.T @ gram @ b + 0.5 * np.eye(2))
            for c, row in enumerate(x):
                z = b.T @ row
                q[i, c] = z @ head + 0.2 * np.sqrt(z @ inner @ z + 0.7 * row @ pooled @ row)
        value = np.clip(q, 0, 3 - h).reshape(3, 4, 2).max(-1)
    start = np.asarray(episode(3, world).start)
    promised = value[np.arange(3), start] - np.asarray(world.world.optimum)[np.arange(3), 0, start]
    assert_close("MTLR-LSVI's index", infos[-1].optimism, promised, 1e-9)
