"""The estimators of the shared features: unbiased moments, the law of the sampler, and the error of the subspace against its prediction."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.bandits import exploration as ex
from mtrl.bandits.exploration.sampler import sum_rewards, sum_rewards_literally, wishart
from mtrl.bandits.problem import LinearParams
from tests.helpers import assert_close, assert_mean, host

SCALES = np.array([1, 1, 0.3, 2, 0.6])


@functools.partial(jax.jit, static_argnames=("tasks", "rank"))
def gaussian_tasks(key, arms, *, tasks, rank):
    """A problem with Gaussian heads and a random subspace on given arms."""
    first, second = jax.random.split(key)
    basis = jnp.linalg.qr(jax.random.normal(first, (arms.shape[1], rank)))[0]
    return ex.ArmTasks(arms, LinearParams(basis, jax.random.normal(second, (tasks, rank)), jnp.asarray(1.0)))


@jax.jit
def batch_of(problem, counts):
    """Of unit noise."""
    return ex.make_batch(problem.arms, counts, 1.0)


@jax.jit
def second_moment(problem):
    heads = problem.linear.heads
    return problem.linear.basis @ (heads.T @ heads / len(heads)) @ problem.linear.basis.T


def test_the_correction_removes_the_bias_of_an_anisotropic_batch():
    """Two pulls of each of five arms of unequal length, 12 tasks x 6000 batches: E Z = B Gamma B^T; without the correction another space leads."""
    problem = gaussian_tasks(jax.random.key(0), np.diag(SCALES), tasks=12, rank=2)
    batch = batch_of(problem, np.full(5, 2))
    assert_close("covariance of an estimate", batch.covariance, np.diag(1 / (2 * SCALES**2)), atol=1e-12)
    assert_close("s2", batch.spread, 1 / (2 * 0.09))
    scatter = jax.jit(ex.arm_sampler(problem).scatter)(jax.random.key(1), batch.covariance, batch.counts, 6000.0)

    @jax.jit
    def error(correction):
        moment = ex.feature_moment(scatter, 72000.0, batch.covariance, correction=correction)
        subspace = ex.subspace_error(ex.leading(moment, 2), problem.linear.basis)
        return jnp.abs(moment - second_moment(problem)).max(), subspace

    errors = {correction: host(error(float(correction))) for correction in (True, False)}
    assert errors[True][0] < 0.1 and errors[True][1] < 4e-3
    assert errors[False][0] > 5 and errors[False][1] > 0.3


def test_drawn_sums_have_the_law_of_pulls():
    """Mean and covariance of a batch's scatter and of the sums of rewards: drawn at once as pull by pull."""
    problem = gaussian_tasks(jax.random.key(2), np.diag(SCALES[:3]), tasks=2, rank=1)
    batch = batch_of(problem, np.array([2, 1, 3]))
    keys = jax.random.split(jax.random.key(3), 4000)
    draws = []
    for literal in (False, True):
        sampler = ex.arm_sampler(problem, literal=literal)
        draw = functools.partial(
            sampler.scatter, covariance=batch.covariance, counts=batch.counts, batches=jnp.asarray(3)
        )
        draws.append(np.asarray(jax.jit(jax.vmap(lambda key, draw=draw: draw(key) / 6))(keys)))
    expected = np.asarray(second_moment(problem)) + np.asarray(batch.covariance)
    for name, found in zip(("drawn", "literal"), draws, strict=True):
        assert_mean(f"{name} scatter", found, expected)
    spreads = [found.reshape(4000, -1).var(0) for found in draws]
    assert_close("variance of the scatter, literal against drawn", spreads[1], spreads[0], rtol=0.2)

    counts, means = jnp.array([[2, 0, 3], [1, 4, 0]]), jax.jit(lambda problem: problem.means)(problem)
    for pull in (sum_rewards, sum_rewards_literally):
        sums = np.asarray(jax.jit(jax.vmap(lambda key, pull=pull: pull(key, means, counts, 0.5)))(keys))
        assert_mean(f"{pull.__name__}", sums, np.asarray(counts) * np.asarray(means))
        assert_close(f"variance, {pull.__name__}", sums.var(0), 0.25 * np.asarray(counts), rtol=0.1)


WISHARTS = jax.jit(jax.vmap(wishart, (0, None, None)))


@pytest.mark.parametrize("degrees", [0.0, 2.0, 50.0])
def test_wishart_of_any_degrees(degrees):
    """E W = n Sigma and E tr(Sigma^-1 W)^2 = n d (n d + 2); rank min(n, d)."""
    factor = np.linalg.cholesky(np.array([[2.0, 0.5, 0], [0.5, 1, 0], [0, 0, 0.3]]))
    draws = np.asarray(WISHARTS(jax.random.split(jax.random.key(4), 4000), degrees, factor))
    assert_mean("Wishart mean", draws, degrees * factor @ factor.T)
    traces = np.einsum("ij,nji->n", np.linalg.inv(factor @ factor.T), draws)
    assert_mean("Wishart trace, squared", traces**2, 3 * degrees * (3 * degrees + 2))
    assert np.linalg.matrix_rank(draws[0]) == min(degrees, 3)


ERROR_OF = jax.jit(ex.theory.subspace_error_of)
DAVIS_KAHAN = jax.jit(ex.theory.davis_kahan)


@pytest.mark.parametrize("times", [1, 10])
def test_subspace_error_is_the_predicted_one(times):
    """First order in the noise, isotropic and anisotropic, within 5 % and the Monte Carlo error of 400 repeats; Davis-Kahan holds in each."""
    for scales in (np.ones(5), SCALES + 0.5):
        problem = gaussian_tasks(jax.random.key(5), np.diag(scales), tasks=20, rank=2)
        sampler, batches = ex.arm_sampler(problem), 4000 / times
        batch = batch_of(problem, np.full(5, times))
        heads = np.asarray(problem.linear.heads)
        gamma = heads.T @ heads / 20

        def one(key, sampler=sampler, batch=batch, problem=problem, batches=batches):
            basis, scatter = ex.recover_features(key, sampler, batch, batches, rank=2)
            noise = ex.feature_moment(scatter, 20 * batches, batch.covariance) - second_moment(problem)
            return ex.subspace_error(basis, problem.linear.basis), jnp.linalg.norm(noise, ord=2)

        errors, noise = host(jax.jit(jax.vmap(one))(jax.random.split(jax.random.key(6), 400)))
        sizes = dict(tasks=20, batches=batches)
        expected = ERROR_OF(batch.covariance, problem.linear.basis, gamma, **sizes)
        assert_mean(f"subspace error, {times} pulls", errors, expected, bias=0.05 * float(expected))
        if scales.std() == 0:
            spectrum = jnp.asarray(np.linalg.eigvalsh(gamma))
            isotropic = ex.theory.subspace_error(spectrum, 1 / times, dim=5, **sizes)
            assert_close("isotropic and general prediction", isotropic, expected, rtol=1e-9)
            budget = 20 * batches * 5 * times
            at_budget = ex.theory.subspace_error_at_budget(spectrum, budget, rho=5, rounds=5 * times, dim=5)
            assert_close("prediction at a budget", at_budget, expected, rtol=1e-9)
        bound = DAVIS_KAHAN(noise, np.linalg.eigvalsh(gamma)[0], 2)
        assert np.all(np.sqrt(errors) <= bound)


def test_the_general_prediction_is_isserlis():
    """`E ||P (g w^T + (g g^T - S) B) Gamma^-1||_F^2 / (M T)` for g ~ N(0, S), with the fourth moments of a Gaussian written out."""
    rng = np.random.default_rng(0)
    basis, heads, root = np.linalg.qr(rng.normal(size=(4, 2)))[0], rng.normal(size=(3, 2)), rng.normal(size=(4, 4))
    s, gamma, outside = root @ root.T, heads.T @ heads / 3, np.eye(4) - basis @ basis.T
    right = basis @ np.linalg.inv(gamma)
    fluctuation = np.einsum("ac,bd->abcd", s, s) + np.einsum("ad,bc->abcd", s, s)  # E g_a g_b g_c g_d - S_ab S_cd
    squares = np.einsum("ia,bj,ic,dj,abcd->", outside, right, outside, right, fluctuation)
    linear = np.trace(outside @ s) * np.mean(np.sum((heads @ np.linalg.inv(gamma)) ** 2, axis=1))
    found = ERROR_OF(s, basis, gamma, tasks=3, batches=7)
    assert_close("first-order error of the subspace", found, (linear + squares) / 21, rtol=1e-12)


def test_longer_batches_never_hurt_at_a_budget():
    spectrum = jnp.array([0.3, 1.0])
    found = [ex.theory.subspace_error_at_budget(spectrum, 1e5, rho=5, rounds=p, dim=5) for p in (5, 20, 100)]
    assert found[0] > found[1] > found[2]


def test_designs_of_the_batch():
    """The E design has the smallest ||A^-1||, and every alternative its own."""
    design = jax.jit(ex.feature_design, static_argnames="kind")
    arms = np.diag([1, 0.7, 0.5, 0.3])
    values = {kind: float(design(arms, kind=kind).value) for kind in ("E", "G", "uniform")}
    assert_close("rho_E", values["E"], (1 / np.array([1, 0.7, 0.5, 0.3]) ** 2).sum(), rtol=1e-3)
    assert values["E"] < values["G"] and np.isclose(values["G"], 4 / 0.09) and np.isclose(values["uniform"], 4 / 0.09)
