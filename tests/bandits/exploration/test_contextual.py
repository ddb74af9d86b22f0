"""C-DouExpDes: the product of two batches, the planner against its potential bound and round by round, policies within eps."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.bandits import exploration as ex
from mtrl.bandits.exploration.contextual import observe_contexts, plan_rounds
from mtrl.bandits.exploration.sizes import planner_rounds, width
from mtrl.numerics.designs.e_optimal import contextual_e_optimal
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close, assert_mean, host

SIZES = dict(dim=5, rank=2, contexts=5, arms=5)


@functools.partial(jax.jit, static_argnames="tasks")
def problem_of(key, tasks=20):
    return ex.sample_context_tasks(key, 1.0, tasks=tasks, **SIZES)


def play(key, *, who, tasks=20, accuracy=0.3, **hyper):
    problem = problem_of(jax.random.fold_in(key, 1), tasks)
    sampler = ex.context_sampler(problem)
    if who is ex.given_context_features:
        hyper["basis"] = problem.linear.basis
    elif who is ex.c_dou_exp_des:
        hyper |= {"rank": 2, "omega": 1.0}
    found = who(key, sampler, accuracy=accuracy, **hyper)
    return found, ex.policy_gaps(problem, found.policy), ex.subspace_error(found.basis, problem.linear.basis)


@pytest.fixture(scope="module")
def keys():
    return jax.random.split(jax.random.key(5), 4)


@pytest.fixture(scope="module")
def runs(keys):
    methods = (ex.c_dou_exp_des, ex.ind_rf_linucb, ex.given_context_features)
    return {who.__name__: host(jax.jit(jax.vmap(functools.partial(play, who=who)))(keys)) for who in methods}


def test_policies_are_within_accuracy(runs):
    for name, (found, gaps, error) in runs.items():
        assert found.certified.all() and gaps.max() <= 0.3, name
        assert np.all(found.width <= 0.3)
        np.testing.assert_array_equal(found.pulls, found.feature_pulls + found.planner_pulls.sum(1))
        assert error.max() < 0.1


def test_features_save_planner_rounds(runs):
    """The ratio of the predicted numbers of rounds per task is near (k/d)^2 up to logarithms; the true B is a lower envelope."""
    shared, alone, oracle = (found for found, _, _ in runs.values())
    ratio = float(shared.planner_pulls.mean() / alone.planner_pulls.mean())
    assert 0.1 < ratio < 0.4
    assert oracle.pulls.mean() < shared.pulls.mean() < alone.pulls.mean() * 1.5
    assert_close(
        "rounds in the recovered and in the true features",
        shared.planner_pulls.mean(),
        oracle.planner_pulls.mean(),
        rtol=0.1,
    )


def test_potential_bound_and_widths(runs):
    """`sum min(1, ||f||^2) <= 2 k log(1 + N L^2 / (gamma k))`, and a width below the theory's after the theory's rounds."""
    for name, rank in (("c_dou_exp_des", 2), ("ind_rf_linucb", 5)):
        found = runs[name][0]
        assert np.all(found.potential <= jax.jit(ex.theory.potential_bound)(found.planner_pulls.astype(float), rank))
        most = np.asarray(jax.jit(planner_rounds)(0.3, 0.005, tasks=20, rank=rank))
        assert np.all(np.asarray(found.planner_pulls) <= most)
        beta = np.asarray(jax.jit(width)(rank, most, 0.005, tasks=20, noise=1.0, norm=1.0, ridge=1.0))
        fixed = 8 * beta**2 * rank * np.log1p(most / rank) / 0.09
        assert_close("N solves its equation", most, fixed, rtol=1e-3)


def test_theory_rounds_run(keys):
    run = jax.jit(functools.partial(play, who=ex.ind_rf_linucb, tasks=2, sizes="theory", accuracy=1.0))
    found, gaps, _ = host(run(keys[0]))
    most = np.asarray(jax.jit(planner_rounds)(1.0, 0.005, tasks=2, rank=5))
    assert np.all(found.planner_pulls == most) and found.certified.all()
    assert gaps.max() < 0.3


def test_given_rounds_show_what_features_are_worth(keys):
    """The mean gap of the policies after 200 planner rounds a task: few dimensions need few rounds."""
    found = {
        who.__name__: host(jax.jit(jax.vmap(functools.partial(play, who=who, rounds=200.0)))(keys))
        for who in (ex.given_context_features, ex.ind_rf_linucb)
    }
    gaps = [float(gaps.mean()) for _, gaps, _ in found.values()]
    assert gaps[0] < gaps[1] / 2
    assert all(np.all(result.planner_pulls == 200) for result, _, _ in found.values())


def test_two_batches_are_unbiased_and_one_is_not():
    """20 tasks x 60 batches x 40 draws of p = 40: `E th^(1) th^(2)^T = B Gamma B^T`; the square of one batch carries its noise, the covariance of
    a reward's estimate `U^-1 phi r` over all the rounds of the batch."""
    problem = problem_of(jax.random.key(0))
    sampler = ex.context_sampler(problem)
    design = jax.jit(contextual_e_optimal)(problem.features, problem.probabilities)
    flat, basis = np.asarray(problem.features).reshape(-1, 5), np.asarray(problem.linear.basis)
    chances = (np.asarray(problem.probabilities)[:, None] * np.asarray(design.weights)).reshape(-1)
    inverse = jnp.asarray(np.linalg.inv((flat.T * chances) @ flat))
    expected = basis @ basis.T / 2
    draw = functools.partial(sampler.products, policy=design.weights, inverse=inverse, rounds=20, batches=60)
    keys = jax.random.split(jax.random.key(1), 40)
    moments = [np.asarray(jax.jit(jax.vmap(functools.partial(draw, squares=s)))(keys)) / 1200 for s in (False, True)]
    assert_mean("product of two batches", moments[0], expected)
    dual = flat @ np.asarray(inverse)
    means = np.einsum("sad,dk,mk->msa", problem.features, basis, problem.linear.heads)
    mean_squares = 1 + np.mean(means.reshape(20, -1) ** 2, axis=0)
    noise = ((dual.T * chances * mean_squares) @ dual - expected) / 40
    assert np.abs(noise).max() > 0.05
    assert_mean("square of one batch", moments[1], expected + noise)


def test_contexts_and_planner_round_by_round(keys):
    """Shares of the contexts; blocks of one round are the literal planner, and longer ones lose little."""
    problem = problem_of(jax.random.key(2), tasks=3)
    sampler = ex.context_sampler(problem)
    draws = jax.random.split(jax.random.key(3), 500)
    shares = np.asarray(jax.jit(jax.vmap(lambda key: observe_contexts(key, sampler, 50)))(draws))
    assert_mean("shares of the contexts", shares, problem.probabilities)
    assert_close("they are shares", shares.sum(1), np.ones(500))
    features = jnp.asarray(np.asarray(problem.features) @ np.asarray(problem.linear.basis))
    sizes = dict(accuracy=0.1, delta=0.01, most=300.0)
    plan_by = jax.jit(
        lambda key, growth: plan_rounds(key, sampler, features, problem.probabilities, growth=growth, **sizes)
    )
    plans = [host(plan_by(keys[0], growth)) for growth in (0.0, 0.1)]
    for plan in plans:
        assert np.all(plan.rounds == 300) and np.all(plan.counts.sum((1, 2)) == 300)
        f = np.asarray(features).reshape(-1, 2)
        exact = np.eye(2) + np.einsum("mn,ni,nj->mij", np.asarray(plan.counts).reshape(3, -1), f, f)
        assert_close("information", plan.information, exact)
        longest = np.sqrt(np.einsum("sai,mij,saj->msa", features, np.linalg.inv(exact), features).max(-1))
        beta = float(width(2, 300.0, 0.01, tasks=3, noise=1.0, norm=1.0, ridge=1.0))
        assert_close("width", plan.width, 2 * beta * longest @ np.asarray(problem.probabilities))
    # Round by round, lengths of at most one: log(1 + x) <= x <= 2 log(1 + x), and the logarithms sum to that of the determinant.
    growth = np.linalg.slogdet(np.asarray(plans[0].information))[1]
    assert np.all(growth <= plans[0].potential) and np.all(plans[0].potential <= 2 * growth)
    assert_close("width with blocks", plans[1].width, plans[0].width, rtol=0.1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rank": 6}, "rank got 6, but must lie between 1 and the smaller of the dimension and the number of tasks, 5"),
        ({"omega": -1.0}, "omega got -1"),
        ({"accuracy": 0.0}, "accuracy got 0, but must be a finite number above 0"),
        ({"delta": 2.0}, "delta got 2"),
        ({"sizes": "tiny"}, "sizes got 'tiny'"),
        ({"observed": 0}, "observed got 0"),
        ({"growth": -0.1}, "growth got -0.1"),
    ],
)
def test_refuses(change, message):
    sampler = ex.context_sampler(problem_of(jax.random.key(0)))
    with pytest.raises(BadInput, match=message):
        ex.c_dou_exp_des(jax.random.key(0), sampler, **{"rank": 2, "omega": 1.0, "accuracy": 0.2, **change})
