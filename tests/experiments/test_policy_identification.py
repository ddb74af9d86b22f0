"""Predictions of the recovered features against simulation; bad flags."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.policy_identification import ablation, accuracy, features, halves, planner, recovery, tasks
from mtrl.bandits import exploration as ex
from mtrl.harness import BadInput
from mtrl.numerics.designs.e_optimal import contextual_e_optimal
from tests.helpers import assert_close, assert_mean


@pytest.fixture(scope="module")
def instance():
    """A problem, its design, and U^-1."""
    problem = ex.sample_context_tasks(jax.random.key(0), 1.0, tasks=6, dim=5, rank=2, contexts=5, arms=5)
    policy = contextual_e_optimal(problem.features, problem.probabilities).weights
    moments = jnp.einsum("s,sa,sai,saj->ij", problem.probabilities, policy, *[problem.features] * 2)
    return problem, policy, jnp.linalg.inv(moments)


def test_noise_of_a_half_batch(instance):
    """Against the sample covariance of `U^-1 phi r`, drawn round by round with NumPy."""
    problem, policy, inverse = instance
    random, count = np.random.default_rng(0), 40_000
    pairs = random.choice(25, count, p=np.asarray(policy).reshape(-1) / 5)
    rewards = np.asarray(problem.means).reshape(6, 25)[0, pairs] + random.normal(size=count)
    seen = rewards[:, None] * np.asarray(problem.features).reshape(25, 5)[pairs] @ np.asarray(inverse)
    centred = seen - np.asarray(problem.linear.parameters)[0]
    draws = np.einsum("ni,nj->nij", centred, centred)
    assert_mean("covariance of one round", draws, recovery.noise_of(problem, policy, inverse)[0])


def test_first_order_error_and_floor(instance):
    """The mean error of 400 recoveries; and of the limit of many samples under an estimated D."""
    problem, policy, inverse = instance
    sampler, half, batches = ex.context_sampler(problem), 50, 200
    basis = problem.linear.basis

    @jax.jit
    @jax.vmap
    def errors(key):
        z = sampler.products(key, policy, inverse, half, batches)
        law = sampler.contexts(key, 4000.0) / 4000
        moments = jnp.einsum("s,sa,sai,saj->ij", law, policy, *[problem.features] * 2)
        moved = jnp.linalg.qr(jnp.linalg.solve(moments, jnp.linalg.inv(inverse) @ basis))[0]
        return ex.subspace_error(ex.leading(z, 2), basis), ex.subspace_error(moved, basis)

    found, left = errors(jax.random.split(jax.random.key(1), 400))
    noise = recovery.noise_of(problem, policy, inverse) / half
    assert_close("first order", found.mean(), recovery.first_order(noise, problem.linear) / (6 * batches), rtol=0.15)
    assert_close("floor", left.mean(), recovery.floor_of(problem, policy, inverse, 4000), rtol=0.15)


@pytest.mark.parametrize(
    ("figure", "changes", "message"),
    [
        (tasks.FIGURE, {"rank": 6}, "rank got 6, but must be at most dim=5"),
        (tasks.FIGURE, {"rank": 0}, "rank got 0"),
        (tasks.FIGURE, {"tasks": (1, 4)}, "tasks got 1, but must be a multiple of rank=2"),
        (tasks.FIGURE, {"delta": 1.0}, "delta got 1"),
        (tasks.FIGURE, {"delta": 0.0}, "delta got 0"),
        (tasks.FIGURE, {"noise": 0.0}, "noise got 0"),
        (tasks.FIGURE, {"accuracy": 0.0}, "accuracy got 0"),
        (tasks.FIGURE, {"tasks": (10, 10)}, "tasks got 10 more than once"),
        (tasks.FIGURE, {"contexts": 1, "arms": 4}, "dim got 5, but contexts x arms = 4 features span no more"),
        (tasks.FIGURE, {"constant": 0.0}, "constant got 0"),
        (tasks.FIGURE, {"methods": ("RAGE",)}, "methods got 'RAGE'"),
        (accuracy.FIGURE, {"accuracies": (0.2, -0.1)}, "accuracies got -0.1"),
        (accuracy.FIGURE, {"tasks": 1}, "tasks got 1"),
        (planner.FIGURE, {"rounds": (0,)}, "rounds got 0"),
        (halves.FIGURE, {"half": 0}, "half got 0"),
        (halves.FIGURE, {"shrink": 0.0}, "shrink got 0"),
        (features.FIGURE, {"halves": (0, 5)}, "halves got 0"),
        (features.FIGURE, {"observed": 0}, "observed got 0"),
        (features.FIGURE, {"budgets": (1_200_000, 20_000)}, "budgets got 20000 after 1200000"),
        (ablation.FIGURE, {"rank": 1, "tasks": 4}, "variants got 'k - 1', which is a rank of 0"),
        (ablation.FIGURE, {"tasks": 2}, "variants got 'k \\+ 1', which is a rank of 3"),
    ],
)
def test_bad_flags(figure, changes, message):
    with pytest.raises(BadInput, match=message):
        figure.configure("quick", changes)
