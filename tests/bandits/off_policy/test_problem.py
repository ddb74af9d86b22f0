"""Draws of the hierarchy and of the log, cumulative statistics, worth of a policy, and what is refused."""

import functools

import jax
import numpy as np
import pytest

from mtrl.bandits import off_policy as op
from mtrl.numerics.errors import BadInput
from mtrl.numerics.moments import flat_moments
from tests.bandits.off_policy.worlds import DIM, HIER, NOISE, TASK_IDS, TASKS, covariance, data_of, prior_of, rows
from tests.helpers import assert_close, assert_mean, host


def test_tasks_have_the_laws_covariance(key):
    prior = prior_of("singular")
    drawn = jax.jit(jax.vmap(lambda k: op.sample_tasks(k, prior, tasks=2)))(jax.random.split(key, 4000))
    drawn, prior = host(drawn), host(prior)
    own, shared = drawn.theta - drawn.mu_star[:, None], drawn.mu_star - prior.mu_q
    assert_mean("Sigma_0", np.einsum("nd,ne->nde", own[:, 0], own[:, 0]), prior.cov_0)
    assert_mean("tasks independent", np.einsum("nd,ne->nde", own[:, 0], own[:, 1]), np.zeros((DIM, DIM)))
    assert_mean("Sigma_q", np.einsum("nd,ne->nde", shared, shared), prior.cov_q)


def test_log_follows_frequencies_policy_and_rewards(key):
    """Task and action frequencies within five standard errors; rewards are phi^T theta plus noise."""
    theta = np.array([[1.0, 0.0], [0.0, -1.0], [3.0, 3.0]])
    contexts = np.broadcast_to(np.array([[0.5, 0.0], [-1.0, 0.5], [0.0, 0.0]]), (6000, 3, 2))
    sample = jax.jit(functools.partial(op.sample_log, noise=0.1, greed=2.0, shy=1.0))
    log = host(sample(key, theta, contexts, frequency=np.array([1.0, 3.0, 0.0])))
    assert_mean("task frequency", log.task == 1, 0.75)
    assert not np.any(log.task == 2)
    weight = np.exp([1.0 - 0.25, -2.0 - 1.0, 0.0])  # greed r - shy r^2, r = phi^T theta_0 = (1/2, -1, 0)
    for action in range(3):
        assert_mean(f"action {action}", log.action[log.task == 0] == action, weight[action] / weight.sum())
    noise = log.reward - np.sum(log.features * theta[log.task], -1)
    assert_mean("noise", noise, 0.0)
    assert_mean("variance", noise**2, 0.01)
    np.testing.assert_array_equal(log.features, contexts[0][log.action])


def test_one_pass_gives_every_prefix(key):
    x, y = rows()
    log = op.Log(TASK_IDS, x, np.zeros(len(y), int), y)
    checkpoints = np.array([1, 4, 9, 11])
    found = host(jax.jit(functools.partial(op.cumulative_moments, tasks=TASKS))(log, checkpoints))
    flat = jax.jit(flat_moments, static_argnums=3)
    for i, n in enumerate(checkpoints):
        alone = flat(x[:n], y[:n], TASK_IDS[:n], TASKS)
        for ours, theirs in zip(found, alone, strict=True):
            assert_close(f"first {n}", ours[i], theirs, 1e-12)


def test_worth_of_policies_by_loops():
    rng = np.random.default_rng(0)
    contexts, theta = rng.normal(size=(2, 5, 3, DIM)), rng.normal(size=(2, DIM))
    actions = rng.integers(0, 3, (2, 5))
    loss, average, gram = np.zeros(2), np.zeros(2), np.zeros((2, DIM, DIM))
    for t in range(2):
        for c in range(5):
            rewards = contexts[t, c] @ theta[t]
            loss[t] += (rewards.max() - rewards[actions[t, c]]) / 5
            average[t] += (rewards.max() - rewards.mean()) / 5
            best = contexts[t, c, rewards.argmax()]
            gram[t] += np.outer(best, best) / 5
    logging = jax.jit(op.logging_suboptimality)
    assert_close("suboptimality", jax.jit(op.suboptimality)(contexts, theta, actions), loss, 1e-12)
    assert_close("uniform logging", logging(contexts, theta), average, 1e-12)
    assert_close("optimal gram", jax.jit(op.optimal_gram)(contexts, theta), gram, 1e-12)
    greedier = [np.asarray(logging(contexts, theta, greed=g)) for g in (-1.0, 0.0, 1.0, 50.0)]
    assert np.all(np.diff(greedier, axis=0) < 0)
    worth = np.einsum("tckd,td->tck", contexts, theta)
    least = np.take_along_axis(worth, np.abs(worth).argmin(-1)[..., None], -1)[..., 0]
    assert_close("shy", logging(contexts, theta, shy=1e9), (worth.max(-1) - least).mean(-1), 1e-9)
    assert_close("zipf", op.zipf(3, 1.0), [1.0, 1 / 2, 1 / 3], 1e-12)


MU, EYE = np.zeros(DIM), np.eye(DIM)
BAD = np.diag([1.0, 1.0, -1.0])
SKEW = EYE + np.triu(np.ones((DIM, DIM)), 1)


@pytest.mark.parametrize(
    "given, message",
    [
        ((MU, EYE, BAD, 1.0), "Sigma_0 has the negative eigenvalue -1.*Sigma_0 must be positive definite"),
        ((MU, EYE, 0 * EYE, 1.0), "Sigma_0 is singular.*Sigma_0 must be positive definite.*pooled_opo"),
        ((MU, EYE, SKEW, 1.0), "Sigma_0 is not symmetric"),
        ((MU, BAD, EYE, 1.0), "Sigma_q has the negative eigenvalue -1.*Sigma_q must be positive semi-definite"),
        ((MU, SKEW, EYE, 1.0), "Sigma_q is not symmetric"),
        ((MU, EYE[:2], EYE, 1.0), r"Sigma_q has shape \(2, 3\), but must have \(3, 3\)"),
        ((MU, EYE, EYE, 0.0), "sigma got 0, but must be a finite number above 0; the algorithms divide"),
        ((MU * np.nan, EYE, EYE, 1.0), "mu_q holds nan"),
    ],
)
def test_bad_hierarchies_are_refused(given, message):
    with pytest.raises(BadInput, match=message):
        op.hierarchy(*given[:3], noise=given[3])


@pytest.mark.parametrize(
    "changes, message",
    [
        (dict(task=[0, 5]), r"task got 5, but must be a whole number from 0 to 1; number the tasks from 0"),
        (dict(task=[0, -1]), "task got -1"),
        (dict(task=[0]), r"task has shape \(1,\), but must have \(2\).*one task number per row"),
        (dict(reward=[1.0, np.nan]), r"reward holds nan at \(1,\), but must be finite; cut the rows"),
        (dict(features=[1.0, 2.0]), r"features has shape \(2,\)"),
        (dict(tasks=0), "tasks got 0"),
    ],
)
def test_bad_logs_are_refused(changes, message):
    good = dict(task=[0, 1], features=[[1.0], [2.0]], reward=[1.0, 2.0], tasks=2)
    with pytest.raises(BadInput, match=message):
        op.statistics(**{**good, **changes})


def test_features_of_another_width_are_refused():
    data = data_of(*rows())
    for learner in (op.hier_opo, op.flat_opo, op.pooled_opo, op.empirical_bayes):
        with pytest.raises(BadInput, match=r"must have \(any, 2, 2\); the hierarchy has d = 2 features"):
            learner(data, op.hierarchy([0.0, 0.0], 1.0, 1.0, noise=NOISE))


def test_empty_tasks_are_legal_and_said_once():
    with pytest.warns(
        UserWarning, match="1 of 5 tasks have no data .the first is 2.; they get the hyper-posterior"
    ) as said:
        data = op.statistics(TASK_IDS, *rows(), tasks=TASKS)
    assert (
        len(said) == 1
        and np.isfinite(HIER(data, op.hierarchy(MU, covariance(np.random.default_rng(1)), EYE, noise=1.0)).cov).all()
    )
