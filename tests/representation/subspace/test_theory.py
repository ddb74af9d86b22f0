import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.linalg.subspaces import frobenius_distance, remove_span
from mtrl.numerics.moments import moments
from mtrl.representation.subspace import alternating_minimisation, problem, theory
from mtrl.representation.subspace.transfer import minimum_norm, transfer
from tests.helpers import assert_close, assert_mean


def test_least_squares_law_against_the_released_errors():
    # Plain least squares in 100 dimensions, sigma 1: released .202 at n2=2500, .34 at 1000, 1.22 at 50, 1.01 at 25.
    for samples, norm2, ours, released in (
        (2500, 1.0, 0.204, 0.202),
        (1000, 1.0, 0.334, 0.34),
        (50, 1.0, 1.233, 1.22),
        (25, 1.0, 1.043, 1.01),
    ):
        law = float(jnp.sqrt(theory.minimum_norm_risk(norm2, dim=100.0, samples=1.0 * samples, noise=1.0)))
        assert_close("law", law, ours, 5e-3)
        assert_close("released", law, released, 0.04)
    assert np.isinf(theory.minimum_norm_risk(1.0, dim=100.0, samples=100.0, noise=1.0))  # double descent


@pytest.mark.parametrize("samples", [6, 30])
def test_minimum_norm_law_matches_simulation(samples, key):
    theta = jnp.arange(12.0) / 10

    def error(k):
        x = jax.random.normal(k, (samples, 12))
        y = x @ theta + 0.5 * jax.random.normal(jax.random.fold_in(k, 1), (samples,))
        return jnp.sum((minimum_norm(x, y) - theta) ** 2)

    draws = jax.vmap(error)(jax.random.split(key, 5000))
    law = theory.minimum_norm_risk(jnp.sum(theta**2), dim=12, samples=samples, noise=0.5)
    assert_mean("minimum norm", draws, law)


def test_transfer_law_is_exact_given_the_basis(key):
    params = problem.sample(key, tasks=2, dim=8, rank=2, noise=0.7)
    learned = problem.random_basis(jax.random.key(3), 8, 2)
    theta = problem.target_weights(params)

    def error(k):
        x, y = problem.draw_target(k, params, samples=12)
        return jnp.sum((transfer(x, y, learned) - theta) ** 2)

    draws = jax.vmap(error)(jax.random.split(jax.random.key(4), 20000))
    law = theory.transfer_risk(jnp.sum(remove_span(learned, theta) ** 2), rank=2, samples=12, noise=0.7)
    assert_mean("transfer", draws, law)
    assert_close("within 2%", draws.mean(), law, 0.02)


def test_frobenius_law_matches_alternating_minimisation(key):
    params = problem.sample(key, tasks=50, dim=12, rank=2, noise=0.3)

    def distance(k):
        x, y = problem.draw(k, params, samples=10)
        data = moments(x, y)
        fit = alternating_minimisation(data, params.basis, iterations=12)
        return frobenius_distance(params.basis, fit.basis) ** 2

    draws = jax.lax.map(distance, jax.random.split(jax.random.key(5), 60), batch_size=60)
    law = theory.least_squares_frobenius(
        problem.diversity(params.heads), samples=10.0, total=500.0, dim=12.0, noise=0.3
    )
    assert_mean("first order", draws, law, bias=0.05 * float(law))  # second-order terms are about 2% here


def test_sines_are_consistent_with_each_other():
    heads = jax.random.normal(jax.random.key(0), (200, 3)) / np.sqrt(3)
    gamma = problem.diversity(heads)
    arguments = dict(total=1e8, dim=50.0, noise=0.5)
    ratio = theory.moments_sine(gamma, heads, **arguments) / theory.least_squares_sine(gamma, samples=20.0, **arguments)
    constant = theory.least_squares_constant_ratio(gamma, heads, samples=20.0, noise=0.5)
    assert_close("ratio of constants", ratio, constant, 1e-3)
    assert float(constant) > 2
    # Moments do not profit from less noise, least squares does.
    quiet = dict(total=1e8, dim=50.0, noise=1e-3)
    assert float(theory.moments_sine(gamma, heads, **quiet)) > 0.3 * float(
        theory.moments_sine(gamma, heads, **arguments)
    )
    assert float(theory.least_squares_sine(gamma, samples=20.0, **quiet)) < 1e-4


def test_rates_have_their_exponents():
    base = dict(nu=0.2, total=1e4, dim=50.0, rank=4.0)
    doubled = {**base, "total": 2e4}
    assert_close(
        "moments", theory.moments_rate(kappa=1.0, **base), 2 * theory.moments_rate(kappa=1.0, **doubled), 1e-12
    )
    local = [theory.local_search_rate(tasks=t, **base) for t in (10.0, 100.0)]
    assert_close("tasks beyond dim", local[1], 2 * local[0], 1e-12)
    assert_close("lower", theory.lower_rate(**base), 2 * theory.lower_rate(**doubled), 1e-12)
    alternating = theory.alternating_rate(noise=0.5, **base)
    assert_close("root rate", alternating, np.sqrt(2) * theory.alternating_rate(noise=0.5, **doubled), 1e-12)
    few = theory.few_shot_rate(total=1e9, dim=50.0, rank=4.0, target_samples=40.0, noise=0.5)
    assert_close("few shot", few, 0.25 * 0.1, 1e-3)


def test_fedreps_contraction_is_that_of_the_theorem():
    # dist_k <= (1 - c eta E_0 sigma_min^2)^{k/2} dist_0, E_0 = 1 - dist_0^2: the SQUARED distance loses the factor each round.
    arguments = dict(step=0.3, smallest=0.8, start_sine=0.6)
    bound = theory.fedrep_contraction(jnp.array([0.0, 1.0, 2.0, 4.0]), **arguments)
    factor = 1 - 0.3 * (1 - 0.36) * 0.64
    assert_close("rounds", bound, [1.0, np.sqrt(factor), factor, factor**2], 1e-12)
    assert float(theory.fedrep_contraction(jnp.ones(1), constant=0.0, **arguments)[0]) == 1.0


def test_least_squares_learns_nothing_from_tasks_it_interpolates():
    gamma = jnp.eye(3) / 3
    for samples in (1.0, 2.0, 3.0):
        sizes = dict(samples=samples, total=6000.0, dim=40.0, noise=0.5)
        assert float(theory.least_squares_sine(gamma, **sizes)) == 1.0
        assert np.isinf(theory.least_squares_frobenius(gamma, **sizes))
    assert float(theory.least_squares_sine(gamma, samples=4.0, total=6000.0, dim=40.0, noise=0.5)) < 0.3
